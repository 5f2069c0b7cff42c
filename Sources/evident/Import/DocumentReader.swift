// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogStorage

/// Gives out the elements of one JSON text: of an array, of the array under a name, or the one
/// object that the text is.
///
/// The text is held in memory; a larger one comes as lines.
struct DocumentReader: EventReader, ~Copyable {
    /// Bytes of the longest text.
    static let limit = 64 << 20

    private let text: [UInt8]
    private let elements: [Range<Int>]
    private var following = 0
    let size: UInt64
    private(set) var position: UInt64 = 0

    /// - Parameter name: the member of an object whose elements are meant.
    init(_ text: [UInt8], elementsOf name: String?) throws(CommandFailure) {
        self.text = text
        size = UInt64(text.count)
        var scanner = DocumentScanner(text)
        guard let array = scanner.array(named: name) else {
            elements = [0..<text.count]
            return
        }
        elements = try Self.split(text, array)
    }

    /// Where the elements lie; they are parsed one by one, so that a bad one hides no other.
    private static func split(
        _ text: [UInt8], _ array: Range<Int>
    ) throws(CommandFailure) -> [Range<Int>] {
        if text[array].dropFirst().first(where: { !DocumentScanner.isSpace($0) })
            == UInt8(ascii: "]")
        {
            return []
        }
        guard let origin = try? Origin("localhost/import") else {
            preconditionFailure("this is an origin")
        }
        let splitter = RecordPreparer(
            origin: origin, limits: RecordLimits(itemCount: .max, batchByteCount: limit))
        do throws(RecordError) {
            return try text.withUnsafeBufferPointer { (bytes) throws(RecordError) in
                let bytes = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[array]))
                return try splitter.split(bytes, as: .array)
            }.map { $0.lowerBound + array.lowerBound..<$0.upperBound + array.lowerBound }
        } catch {
            throw CommandFailure(.unverifiable, "the file is not one array of events: \(error)")
        }
    }

    mutating func next() throws(FileError) -> LineReader.Line? {
        guard following < elements.count else { return nil }
        let range = elements[following]
        following += 1
        position = UInt64(range.upperBound)
        return range.count > LineReader.limit ? .tooLong : .text(Array(text[range]))
    }
}

/// Looks for an array in a JSON text without parsing what is in it.
struct DocumentScanner {
    private let text: [UInt8]
    private var at = 0

    init(_ text: [UInt8]) { self.text = text }

    static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// The array that the text is, or that its outermost object has under a name.
    mutating func array(named name: String?) -> Range<Int>? {
        skipSpace()
        if next == UInt8(ascii: "[") { return at..<end(of: at) }
        guard let name, next == UInt8(ascii: "{") else { return nil }
        let wanted = Array("\"\(name)\"".utf8)
        at += 1
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { return nil }
            let start = at
            at = end(of: at)
            let found = text[start..<at].elementsEqual(wanted)
            skipSpace()
            guard next == UInt8(ascii: ":") else { return nil }
            at += 1
            skipSpace()
            guard at < text.count else { return nil }
            if found { return next == UInt8(ascii: "[") ? at..<end(of: at) : nil }
            at = end(of: at)
            skipSpace()
            guard next == UInt8(ascii: ",") else { return nil }
            at += 1
        }
    }

    private var next: UInt8? { at < text.count ? text[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, Self.isSpace(byte) { at += 1 }
    }

    /// The place after the value that begins at `start`.
    private func end(of start: Int) -> Int {
        guard [UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "[")].contains(text[start])
        else {
            let stops = Array(",]} \t\r\n".utf8)
            return text[start...].firstIndex { stops.contains($0) } ?? text.count
        }
        var (place, depth) = (start, 0)
        repeat {
            switch text[place] {
            case UInt8(ascii: "\""): place = endOfString(place) - 1
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            place += 1
        } while depth > 0 && place < text.count
        return place
    }

    private func endOfString(_ start: Int) -> Int {
        var place = start + 1
        while place < text.count, text[place] != UInt8(ascii: "\"") {
            place += text[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(place + 1, text.count)
    }
}
