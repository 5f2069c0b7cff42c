// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogCrypto
import LogStorage

/// Reads files from their beginning to their end, once, and hashes what was read.
enum HashedCopy {
    private static let portion = 1 << 20

    /// Copies a plain file into a new one, for its owner alone, durable but for its name.
    ///
    /// Returns the size and the hash of what was copied. `progress` is told the bytes of each part.
    static func copy(
        _ source: String, to target: String, followingLinks: Bool = false,
        progress: (Int) -> Void = { _ in }
    ) throws(FileError) -> (bytes: UInt64, sha256: Digest) {
        let output = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard output >= 0 else { throw .system("create it", target) }
        defer { close(output) }
        let result = try read(source, followingLinks ? 0 : O_NOFOLLOW) { (part) throws(FileError) in
            var rest = part[...]
            while !rest.isEmpty {
                let bytes = UnsafeRawBufferPointer(rebasing: rest)
                let count = write(output, bytes.baseAddress, bytes.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw .system("write it", target) }
                rest = rest.dropFirst(count)
            }
            progress(part.count)
        }
        guard fsync(output) == 0 else { throw .system("flush it", target) }
        return result
    }

    /// The size and the hash of a plain file.
    static func hash(
        _ path: String, progress: (Int) -> Void = { _ in }
    ) throws(FileError) -> (bytes: UInt64, sha256: Digest) {
        try read(path, O_NOFOLLOW) { (part) throws(FileError) in progress(part.count) }
    }

    private static func read(
        _ path: String, _ flags: Int32,
        _ take: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) -> (bytes: UInt64, sha256: Digest) {
        let input = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)
        guard input >= 0 else {
            if errno == ENOENT { throw FileError(.missing, path, "there is no such file") }
            throw .system("open it", path)
        }
        defer { close(input) }
        var found = stat()
        guard fstat(input, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
            throw FileError(.malformed, path, "is not a plain file")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: portion, alignment: 16)
        defer { buffer.deallocate() }
        var stream = SHA256Stream()
        var size: UInt64 = 0
        var count = try next(buffer, input, path)
        while count > 0 {
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            stream.update(part)
            size += UInt64(count)
            try take(part)
            count = try next(buffer, input, path)
        }
        return (size, stream.finalize())
    }

    private static func next(
        _ buffer: UnsafeMutableRawBufferPointer, _ input: Int32, _ path: String
    ) throws(FileError) -> Int {
        var count = -1
        repeat {
            count = Glibc.read(input, buffer.baseAddress, buffer.count)
        } while count < 0 && errno == EINTR
        guard count >= 0 else { throw .system("read it", path) }
        return count
    }
}
