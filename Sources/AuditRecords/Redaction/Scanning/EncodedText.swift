// SPDX-License-Identifier: Apache-2.0

/// Base64 of text, of either alphabet, in the middle of other text.
enum EncodedText {
    /// Characters of the shortest run that is looked at.
    static let shortest = 20

    /// Matches where such a run may begin: its first nine bytes are printable ASCII.
    static let trigger: String = {
        let first = "[CDI-Za-f]"
        let second = "[AQgwC-HS-Xi-ny-z0-3]"
        let third = "[ABEFIJMNQRUVYZcdghklopstwx014589]"
        let any = "[A-Za-z0-9+/_-]"
        return "(?:^|[^A-Za-z0-9+/_-])(?:\(first)\(second)\(third)\(any)){3}\(any){8}"
    }()

    /// The runs of a text that decode to text, and what they decode to.
    static func segments(
        of text: UnsafeRawBufferPointer
    ) -> [(range: Range<Int>, decoded: [UInt8])] {
        var found: [(Range<Int>, [UInt8])] = []
        var at = 0
        while at < text.count {
            guard value(of: text[at]) != nil else {
                at += 1
                continue
            }
            let run = text[at...].prefix { value(of: $0) != nil }
            var end = run.endIndex
            if run.count >= shortest, let decoded = decodedText(run) {
                while end < text.count, end < run.endIndex + 2, text[end] == UInt8(ascii: "=") {
                    end += 1
                }
                found.append((at..<end, decoded))
            }
            at = end
        }
        return found
    }

    /// The bytes of a run, nil if they are not printable UTF-8.
    private static func decodedText(_ run: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
        var (bytes, held, bits) = ([UInt8](), UInt32(0), 0)
        bytes.reserveCapacity(run.count * 3 / 4)
        for character in run {
            held = held << 6 | (value(of: character) ?? 0)
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            let byte = UInt8(truncatingIfNeeded: held >> UInt32(bits))
            let isText = byte >= 0x20 && byte != 0x7F || 0x09...0x0A ~= byte || byte == 0x0D
            guard isText else { return nil }
            bytes.append(byte)
        }
        return String(validating: bytes, as: UTF8.self) == nil ? nil : bytes
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
