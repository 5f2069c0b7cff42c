// SPDX-License-Identifier: Apache-2.0

/// Finds the ends of HTTP/1.1 answers in what a connection receives, at the least cost: a load
/// generator that works hard measures itself.
///
/// It knows answers with a Content-Length, reads nothing of a body, and keeps one only when asked.
struct AnswerReader {
    /// What ends here.
    struct Answer: Equatable {
        /// 0 for what is no answer of the kind that is understood; nothing after it is read.
        let status: Int
        /// Empty unless bodies are kept.
        let body: [UInt8]
    }

    /// Whether bodies are kept from here on.
    var keepsBody = false
    /// The part of a head that has arrived, when it came in pieces.
    private var head: [UInt8] = []
    private var status = 0
    /// Bytes of the body that have yet to come; nil while a head is read.
    private var missing: Int?
    private var body: [UInt8] = []

    /// Takes bytes from the front of `bytes` to the end of an answer; nil if it does not end there.
    mutating func next(_ bytes: inout UnsafeRawBufferPointer) -> Answer? {
        if missing == nil { readHead(&bytes) }
        guard let count = missing else { return nil }
        let taken = min(count, bytes.count)
        if keepsBody { body.append(contentsOf: bytes.prefix(taken)) }
        bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(taken))
        missing = count - taken
        guard taken == count else { return nil }
        defer { (missing, body) = (nil, []) }
        return Answer(status: status, body: body)
    }

    private mutating func readHead(_ bytes: inout UnsafeRawBufferPointer) {
        if head.isEmpty, let end = Self.end(of: bytes) {
            parse(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
            bytes = UnsafeRawBufferPointer(rebasing: bytes[end...])
            return
        }
        let old = head.count
        head.append(contentsOf: bytes)
        guard let end = head.withUnsafeBytes({ Self.end(of: $0) }) else {
            bytes = UnsafeRawBufferPointer(rebasing: bytes[bytes.count...])
            return
        }
        head.withUnsafeBytes { parse(UnsafeRawBufferPointer(rebasing: $0[..<end])) }
        bytes = UnsafeRawBufferPointer(rebasing: bytes[(end - old)...])
        head = []
    }

    private mutating func parse(_ head: UnsafeRawBufferPointer) {
        let digits = head.count > 12 ? head[9..<12].map { Int($0) - 48 } : [0, 0, 0]
        let length = Self.length(in: head)
        status = length == nil ? 0 : digits[0] * 100 + digits[1] * 10 + digits[2]
        missing = length ?? 0
    }

    /// The place behind the empty line that ends a head.
    private static func end(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.count > 3 else { return nil }
        for end in 3..<bytes.count where bytes[end] == 0x0A {
            if bytes[end - 2] == 0x0A && bytes[end - 1] == 0x0D { return end + 1 }
        }
        return nil
    }

    private static func length(in head: UnsafeRawBufferPointer) -> Int? {
        let name: StaticString = "\ncontent-length:"
        let count = name.utf8CodeUnitCount
        guard head.count > count else { return nil }
        for start in 0..<head.count - count where head[start] == 0x0A {
            let isSame = (1..<count).allSatisfy {
                head[start + $0] | 0x20 == name.utf8Start[$0] | 0x20
            }
            guard isSame else { continue }
            let digits = head[(start + count)...].drop { $0 == 0x20 }.prefix { $0 != 0x0D }
            guard 1...12 ~= digits.count, digits.allSatisfy({ 48...57 ~= $0 }) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1) - 48 }
        }
        return nil
    }
}
