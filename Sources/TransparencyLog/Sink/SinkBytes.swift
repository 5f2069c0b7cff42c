// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage

/// Reads a segment's file from its beginning, piece by piece: one whose name ends in `.gz` as what it
/// was before it was compressed.
///
/// One thread uses it.
final class SinkBytes {
    private let path: String
    private let descriptor: Int32
    private let gzip: GzipReader?
    private static let pieceBytes = 1 << 20

    /// Opens the file; throws a `FileError` of ``FileError/Code/missing`` if there is none.
    init(_ path: String) throws {
        self.path = path
        gzip = path.hasSuffix(".gz") ? try GzipReader() : nil
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw FileError(.missing, path, "there is no such file") }
            throw FileError(path, cannot: "open it", errno: errno)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The next bytes; nil at the end.
    ///
    /// Throws ``GzipError/damaged`` where compressed data is none, or ends too early.
    func next() throws -> [UInt8]? {
        guard let gzip else { return try piece() }
        while true {
            if let part = try gzip.next() { return part }
            guard let data = try piece() else {
                guard gzip.isWhole else { throw GzipError.damaged }
                return nil
            }
            gzip.feed(data)
        }
    }

    private func piece() throws(FileError) -> [UInt8]? {
        while true {
            var number: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { memory, count in
                let found = read(descriptor, memory.baseAddress, memory.count)
                number = found < 0 ? errno : 0
                count = max(0, found)
            }
            if number == EINTR { continue }
            guard number == 0 else { throw FileError(path, cannot: "read it", errno: number) }
            return bytes.isEmpty ? nil : bytes
        }
    }
}
