// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LogCrypto

/// Files and folders of one owner: keys, tokens, states.
///
/// What is written has mode 0600 and is on stable storage when the call returns, and a crash leaves
/// the old file or the new one. What is read as private must be a plain file that belongs to this
/// process's user and that nobody else may open. No link is ever followed unless asked for.
package enum PrivateFile {
    /// Bytes of the largest file that is read where the caller names no limit.
    package static let limit = 16 << 20

    // MARK: Reading

    /// The bytes of a file that must be private; nil if there is none.
    ///
    /// Throws `.exposed` if it is not private, `.malformed` if it has more than `limit` bytes.
    package static func readPrivate(
        _ path: String, limit: Int = limit
    ) throws(FileError) -> [UInt8]? {
        guard let descriptor = try open(path, privately) else { return nil }
        defer { close(descriptor) }
        _ = try privateSize(descriptor, path)
        return try readAll(descriptor, path, limit)
    }

    /// A secret of exactly `count` bytes, of which no other copy stays in memory.
    ///
    /// Throws `.missing`, `.exposed`, or `.malformed` if its size is another one.
    package static func readSecret(
        _ path: String, count: Int
    ) throws(FileError) -> SecretBytes {
        guard let descriptor = try open(path, privately) else {
            throw FileError(.missing, path, "there is no such file")
        }
        defer { close(descriptor) }
        guard try privateSize(descriptor, path) == count else {
            throw FileError(.malformed, path, "must hold \(count) bytes")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        defer {
            if let start = buffer.baseAddress { explicit_bzero(start, count) }
            buffer.deallocate()
        }
        guard try fill(buffer, descriptor, path) == count else {
            throw FileError(.malformed, path, "must hold \(count) bytes")
        }
        return SecretBytes(copying: buffer)
    }

    /// The bytes of any file, whoever owns it; nil if there is none.
    package static func read(
        _ path: String, limit: Int = limit, followingLinks: Bool = false
    ) throws(FileError) -> [UInt8]? {
        guard let descriptor = try open(path, followingLinks ? 0 : O_NOFOLLOW) else { return nil }
        defer { close(descriptor) }
        return try readAll(descriptor, path, limit)
    }

    // MARK: Writing

    /// Writes a new file; there must be none at `path`.
    ///
    /// Durable with its folder's next ``flushFolder(_:)``.
    package static func create(
        _ path: String, _ bytes: UnsafeRawBufferPointer
    ) throws(FileError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else { throw failure("create it", path) }
        do throws(FileError) {
            try write(bytes, descriptor, path)
            guard fsync(descriptor) == 0 else { throw failure("flush it", path) }
        } catch {
            close(descriptor)
            unlink(path)
            throw error
        }
        guard close(descriptor) == 0 else { throw failure("close it", path) }
    }

    /// Puts `bytes` in place of what is at `path`, or in a new file.
    ///
    /// Without `durable` a crash of the process still leaves one of the two whole, but a power cut
    /// may leave either, or an empty one, until the volume is flushed.
    package static func replace(
        _ path: String, with bytes: [UInt8], durable: Bool = true
    ) throws(FileError) {
        // Two processes that replace one file do not meet in a draft.
        let draft = "\(path).\(getpid()).new"
        unlink(draft)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let descriptor = Glibc.open(draft, flags, 0o600)
        guard descriptor >= 0 else { throw failure("create it", draft) }
        var isOpen = true
        do throws(FileError) {
            try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
                try write(UnsafeRawBufferPointer(bytes), descriptor, draft)
            }
            if durable, fsync(descriptor) != 0 { throw failure("flush it", draft) }
            isOpen = false
            guard close(descriptor) == 0 else { throw failure("close it", draft) }
            guard rename(draft, path) == 0 else { throw failure("replace it", path) }
        } catch {
            if isOpen { close(descriptor) }
            unlink(draft)
            throw error
        }
        if durable { try flushFolder(of: path) }
    }

    private static func write(
        _ bytes: UnsafeRawBufferPointer, _ descriptor: Int32, _ path: String
    ) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(descriptor, part.baseAddress, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw failure("write it", path) }
            rest = rest.dropFirst(count)
        }
    }

    // MARK: Reading a descriptor

    /// Neither follows a link nor waits for a pipe's writer.
    private static let privately = O_NOFOLLOW | O_NONBLOCK

    private static func open(_ path: String, _ flags: Int32) throws(FileError) -> Int32? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | flags)
        if descriptor >= 0 { return descriptor }
        if errno == ENOENT { return nil }
        throw failure("open it", path)
    }

    /// The size of an open file, if it is private.
    private static func privateSize(
        _ descriptor: Int32, _ path: String
    ) throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("inspect it", path) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0
        else {
            throw FileError(
                .exposed, path, "must be a plain file of this user with mode 0600: chmod 600")
        }
        return Int(status.st_size)
    }

    private static func readAll(
        _ descriptor: Int32, _ path: String, _ limit: Int
    ) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try chunk.withUnsafeMutableBufferPointer { (chunk) throws(FileError) in
                try fill(UnsafeMutableRawBufferPointer(chunk), descriptor, path)
            }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw FileError(.malformed, path, "is larger than \(limit) bytes")
            }
            if count < chunk.count { return bytes }
        }
    }

    /// Reads until the buffer is full or the file ends; returns how much that was.
    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer, _ descriptor: Int32, _ path: String
    ) throws(FileError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = Glibc.read(descriptor, rest.baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("read it", path) }
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    static func failure(_ operation: String, _ path: String) -> FileError {
        FileError(path, cannot: operation, errno: errno)
    }
}
