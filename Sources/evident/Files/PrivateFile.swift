// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Files that only their owner may read, and that are replaced whole or not at all.
enum PrivateFile {
    /// Makes `path` and what is missing above it; the last folder gets mode 0700.
    ///
    /// A folder that is there already must belong to this user and be closed to others.
    static func makeFolder(_ path: String) throws(FileError) {
        if mkdir(path, 0o700) == 0 { return }
        if errno == ENOENT, let parent = parent(of: path) {
            try makeParents(parent)
            if mkdir(path, 0o700) == 0 { return }
        }
        guard errno == EEXIST else { throw .system("make the folder", path) }
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let found = try? FileManager.default.attributesOfItem(atPath: target),
            found[.type] as? FileAttributeType == .typeDirectory
        else { throw FileError(path: path, message: "is not a folder") }
        let mode = (found[.posixPermissions] as? NSNumber)?.intValue ?? 0o777
        let owner = (found[.ownerAccountID] as? NSNumber)?.uint32Value
        guard owner == geteuid(), mode & 0o077 == 0 else {
            throw FileError(
                path: path,
                message: "must belong to this user and be closed to others: chmod 700 \(path)")
        }
    }

    /// The bytes of a file; nil if there is none.
    ///
    /// A symbolic link is refused unless asked for.
    static func read(
        _ path: String, limit: Int = 16 << 20, followingLinks: Bool = false
    ) throws(FileError) -> [UInt8]? {
        let flags = O_RDONLY | O_CLOEXEC | (followingLinks ? 0 : O_NOFOLLOW)
        let descriptor = open(path, flags)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw .system("open", path)
        }
        defer { close(descriptor) }
        return try readAll(descriptor, path: path, limit: limit)
    }

    /// All that a descriptor gives, up to `limit` bytes.
    static func readAll(
        _ descriptor: Int32, path: String, limit: Int
    ) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Foundation.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count < 0 { throw .system("read", path) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw FileError(path: path, message: "is larger than \(limit) bytes")
            }
        }
    }

    /// Replaces `path` by a file of mode 0600 with these bytes.
    ///
    /// A crash leaves the old file or the new one. With `durable`, the new one also survives a
    /// power cut once this returns.
    static func replace(
        _ path: String, with bytes: [UInt8], durable: Bool = true
    ) throws(FileError) {
        let fresh = "\(path).\(getpid()).new"
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("create", fresh) }
        do throws(FileError) {
            try write(bytes, to: descriptor, path: fresh)
            if durable, fsync(descriptor) != 0 { throw .system("flush", fresh) }
        } catch {
            close(descriptor)
            unlink(fresh)
            throw error
        }
        close(descriptor)
        guard rename(fresh, path) == 0 else { throw .system("rename to", path) }
        if durable { try flushFolder(of: path) }
    }

    /// The folder that holds `path`; nil where that is the current one or the root.
    static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }

    private static func makeParents(_ path: String) throws(FileError) {
        if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let parent = parent(of: path) else {
            throw .system("make the folder", path)
        }
        try makeParents(parent)
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw .system("make the folder", path)
        }
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, path: String
    ) throws(FileError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path) }
            rest = rest.dropFirst(count)
        }
    }

    private static func flushFolder(of path: String) throws(FileError) {
        let folder = parent(of: path) ?? (path.hasPrefix("/") ? "/" : ".")
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open the folder", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("flush the folder", folder) }
    }
}
