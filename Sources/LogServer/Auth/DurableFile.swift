// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Small private files that are replaced whole: after a crash there is the old or the new one.
enum DurableFile {
    private static let limit = 16 << 20

    /// The file's bytes; nil if there is none.
    ///
    /// Throws `.exposed` unless it is a plain file of this user that nobody else may read or
    /// change.
    static func read(path: String) throws(TokenError) -> [UInt8]? {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("open \(path)")
        }
        defer { Glibc.close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("inspect \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0
        else {
            throw TokenError(.exposed, "\(path) must be a plain file of this user with mode 0600")
        }
        guard status.st_size <= limit else { throw TokenError(.malformed, "\(path) is too large") }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let more = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress.map { $0 + count }, $0.count - count)
            }
            guard more > 0 else { throw failure("read \(path)") }
            count += more
        }
        return bytes
    }

    /// Puts `bytes` in place of what is at `path`, or in a new file, durably, mode 0600.
    static func replace(path: String, with bytes: [UInt8]) throws(TokenError) {
        let draft = path + ".draft"
        unlink(draft)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
        let file = Glibc.open(draft, flags, 0o600)
        guard file >= 0 else { throw failure("create \(draft)") }
        let isWritten = Glibc.write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
        guard Glibc.close(file) == 0, isWritten else { throw failure("write \(draft)") }
        guard rename(draft, path) == 0 else { throw failure("replace \(path)") }
        try synchroniseFolder(of: path)
    }

    private static func synchroniseFolder(of path: String) throws(TokenError) {
        let parent = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let folder = Glibc.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("open \(parent)") }
        defer { Glibc.close(folder) }
        guard fsync(folder) == 0 else { throw failure("synchronise \(parent)") }
    }

    private static func failure(_ what: String) -> TokenError {
        TokenError(.inputOutput, "cannot \(what): \(String(cString: strerror(errno)))")
    }
}
