// SPDX-License-Identifier: Apache-2.0

import CZlib

/// gzip (RFC 1952), in one piece.
package enum Gzip {
    /// One member; nil if zlib fails.
    ///
    /// Cost: about 0.5 ms for a full entry bundle.
    package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        let compressed = [UInt8](
            unsafeUninitializedCapacity: czlib_gzip_bound(bytes.count)
        ) { memory, count in
            count = czlib_gzip(bytes, bytes.count, memory.baseAddress, memory.count)
        }
        return compressed.isEmpty ? nil : compressed
    }
}

/// Why gzip data could not be read or made.
package enum GzipError: Error, Hashable, Sendable {
    /// It is no gzip data, or its check sums are not right.
    case damaged
    /// zlib has no memory.
    case failed
}

/// Makes one member of gzip data of bytes that come in pieces.
///
/// One thread uses it. The same bytes give the same data: there is no name and no time in it.
package final class GzipWriter {
    private let stream: OpaquePointer

    package init() throws(GzipError) {
        guard let stream = czlib_deflater() else { throw .failed }
        self.stream = stream
    }

    deinit { czlib_free(stream) }

    /// Takes more bytes, and returns the data that is ready; all of it after the last ones.
    package func take(_ bytes: [UInt8], isLast: Bool = false) throws(GzipError) -> [UInt8] {
        var (left, data, status) = (bytes.count, [UInt8](), CInt(czlib_goes_on))
        repeat {
            data += step(
                stream, bytes, &left, capacity: left + (64 << 10), isLast: isLast, &status)
            guard status != czlib_failed else { throw .failed }
        } while left > 0 || (isLast && status != czlib_member_ended)
        return data
    }
}

/// Reads gzip data, of one member or several, that comes in pieces.
///
/// One thread uses it. It never holds more than one piece, whatever the data would grow to.
package final class GzipReader {
    private let stream: OpaquePointer
    private var input: [UInt8] = []
    private var left = 0
    private var hasRoom = true

    /// Whether all that came so far is whole members, one at least.
    package private(set) var isWhole = false

    package init() throws(GzipError) {
        guard let stream = czlib_inflater() else { throw .failed }
        self.stream = stream
    }

    deinit { czlib_free(stream) }

    /// Takes the next piece of data; ``next()`` must have given all of the one before.
    package func feed(_ data: [UInt8]) {
        precondition(left == 0, "a piece is read before the next one comes")
        (input, left) = (data, data.count)
    }

    /// Up to 256 KiB of what the data holds; nil if more data is needed.
    package func next() throws(GzipError) -> [UInt8]? {
        let capacity = 256 << 10
        while left > 0 || !hasRoom {
            let taken = input.count - left
            var status = CInt(czlib_goes_on)
            let part = step(
                stream, input, &left, capacity: capacity, isLast: false, &status)
            guard status != czlib_failed else { throw .damaged }
            // A full piece may not be all that the data taken so far holds.
            hasRoom = part.count < capacity || status == czlib_member_ended
            if status == czlib_member_ended {
                isWhole = true
            } else if input.count - left > taken || !part.isEmpty {
                isWhole = false
            }
            if !part.isEmpty { return part }
        }
        return nil
    }
}

/// One step of a stream, in either direction: what `capacity` bytes have room for of what becomes of
/// the last `left` bytes of the input, which are fewer afterwards.
private func step(
    _ stream: OpaquePointer, _ input: [UInt8], _ left: inout Int, capacity: Int, isLast: Bool,
    _ status: inout CInt
) -> [UInt8] {
    let taken = input.count - left
    return [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
        var room = capacity
        status = input.withUnsafeBytes {
            czlib_step(
                stream, $0.baseAddress.map { $0 + taken }, &left, memory.baseAddress, &room, isLast)
        }
        count = capacity - room
    }
}
