// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Finds the ends of HTTP/1.1 answers in what a connection receives, at the least cost: a load
/// generator that works hard measures itself.
///
/// It knows answers with a length and chunked ones, and trusts the server to be ours.
struct ResponseParser {
    /// One whole answer.
    struct Answer {
        let status: Int
        let body: ByteBufferView
    }

    private var pending = ByteBuffer()

    /// Adds what has arrived.
    mutating func receive(_ buffer: ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = buffer
        } else {
            pending.writeImmutableBuffer(buffer)
        }
    }

    /// The next whole answer, if there is one.
    mutating func next() -> Answer? {
        guard let head = Self.head(of: pending.readableBytesView) else { return nil }
        let start = pending.readerIndex + head.byteCount
        switch head.framing {
        case .length(let count):
            guard pending.readableBytes >= head.byteCount + count,
                let body = pending.viewBytes(at: start, length: count)
            else { return nil }
            pending.moveReaderIndex(forwardBy: head.byteCount + count)
            return Answer(status: head.status, body: body)
        case .chunked:
            guard let end = chunkedEnd(from: start) else { return nil }
            let body = pending.viewBytes(at: start, length: end - start)
            pending.moveReaderIndex(to: end)
            return body.map { Answer(status: head.status, body: $0) }
        }
    }

    private enum Framing { case length(Int), chunked }

    private struct Head {
        let status: Int
        let byteCount: Int
        let framing: Framing
    }

    /// Status, length and framing, once the whole head has arrived.
    private static func head(of view: ByteBufferView) -> Head? {
        view.withUnsafeBytes { bytes -> Head? in
            guard bytes.count > 16, let count = emptyLine(in: bytes) else { return nil }
            let digits = bytes[9..<12].map { Int($0) - 48 }
            let framing = framing(in: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return Head(
                status: digits[0] * 100 + digits[1] * 10 + digits[2], byteCount: count + 4,
                framing: framing)
        }
    }

    /// The place of the line feeds and carriage returns that end a head.
    private static func emptyLine(in bytes: UnsafeRawBufferPointer) -> Int? {
        for end in 3..<bytes.count where bytes[end] == 0x0A {
            if bytes[end - 2] == 0x0A && bytes[end - 1] == 0x0D && bytes[end - 3] == 0x0D {
                return end - 3
            }
        }
        return nil
    }

    private static func framing(in head: UnsafeRawBufferPointer) -> Framing {
        if let value = value(of: "\ncontent-length:", in: head) {
            let digits = value.drop { $0 == 0x20 }.prefix { $0 != 0x0D }
            return .length(digits.reduce(0) { $0 * 10 + Int($1) - 48 })
        }
        let isChunked = value(of: "\ntransfer-encoding:", in: head) != nil
        return isChunked ? .chunked : .length(0)
    }

    /// What follows a field's name, which is given in lower case.
    private static func value(
        of name: StaticString, in head: UnsafeRawBufferPointer
    ) -> Slice<UnsafeRawBufferPointer>? {
        let count = name.utf8CodeUnitCount
        guard head.count >= count else { return nil }
        for start in 0...head.count - count where head[start] == 0x0A {
            let isSame = (1..<count).allSatisfy {
                head[start + $0] | 0x20 == name.utf8Start[$0] | 0x20
            }
            if isSame { return head[(start + count)...] }
        }
        return nil
    }

    /// The place after the last chunk, once it has arrived.
    private func chunkedEnd(from start: Int) -> Int? {
        var at = start
        while true {
            var size = 0
            while let byte: UInt8 = pending.getInteger(at: at), byte != 0x0D {
                guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
                size = size * 16 + digit
                at += 1
            }
            at += 2 + size + 2
            guard at <= pending.writerIndex else { return nil }
            if size == 0 { return at }
        }
    }
}
