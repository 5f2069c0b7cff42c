// SPDX-License-Identifier: Apache-2.0

import Glibc

extension PrivateFile {
    /// Makes `path` with mode 0700, and durably; what is missing above it gets the usual mode.
    ///
    /// A folder that is there already must belong to this user and be closed to others, or
    /// `.exposed` is thrown.
    package static func makeFolder(_ path: String) throws(FileError) {
        if mkdir(path, 0o700) == 0 { return try flushFolder(of: path) }
        if errno == ENOENT, let parent = parent(of: path) {
            try makeParents(parent)
            if mkdir(path, 0o700) == 0 { return try flushFolder(of: path) }
        }
        guard errno == EEXIST else { throw failure("make the folder", path) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw failure("inspect it", path) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw FileError(.malformed, path, "is not a folder")
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw FileError(
                .exposed, path,
                "must belong to this user and be closed to others: chmod 700 \(path)")
        }
    }

    /// Makes durable what was created, renamed or removed in a folder.
    package static func flushFolder(_ folder: String) throws(FileError) {
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open the folder", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("flush the folder", folder) }
    }

    /// Makes the name of `path` durable.
    package static func flushFolder(of path: String) throws(FileError) {
        try flushFolder(parent(of: path) ?? (path.hasPrefix("/") ? "/" : "."))
    }

    /// The folder that holds `path`; nil where that is the current one or the root.
    package static func parent(of path: String) -> String? {
        var name = path[...]
        while name.count > 1, name.last == "/" { name.removeLast() }
        guard let slash = name.lastIndex(of: "/"), slash != name.startIndex else { return nil }
        return String(name[..<slash])
    }

    private static func makeParents(_ path: String) throws(FileError) {
        if mkdir(path, 0o777) == 0 { return try flushFolder(of: path) }
        if errno == EEXIST { return }
        guard errno == ENOENT, let parent = parent(of: path) else {
            throw failure("make the folder", path)
        }
        try makeParents(parent)
        guard mkdir(path, 0o777) == 0 else {
            if errno == EEXIST { return }
            throw failure("make the folder", path)
        }
        try flushFolder(of: path)
    }
}
