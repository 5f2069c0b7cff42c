// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Merkle

/// A log as a tree of plain files, as c2sp.org/tlog-tiles names them, for any web server to serve.
///
///     DIR/checkpoint  DIR/tile/<L>/<N>[.p/<W>]  DIR/tile/entries/<N>[.p/<W>]  DIR/.evident/
///
/// A file is written as a draft beside the tree, flushed, and renamed to its place; the checkpoint
/// comes after the tiles that it needs are durable. So whatever stops the writer, at any point, and
/// a full volume too, the tree is the one of the checkpoint that lies there. A tile that is there is
/// never replaced by another one.
///
/// One process has the folder, and one thread at a time writes.
package final class TileFolder: Sendable {
    package let path: String
    private let lock: Int32

    private var own: String { "\(path)/.evident" }
    private var drafts: String { "\(own)/drafts" }
    private var checkpointPath: String { "\(path)/checkpoint" }

    /// Bytes of the largest checkpoint, and of the largest tile: 256 entries of 65,535 bytes.
    private static let checkpointLimit = 1 << 20
    private static let tileLimit = 256 * 65_537

    /// Opens the folder, or makes it, and takes it for this process.
    ///
    /// Drafts of a writer that was killed go.
    package static func open(_ path: String) throws(TileFolderError) -> TileFolder {
        do throws(FileError) {
            try makeFolders(path)
            try PrivateFile.makeFolder("\(path)/.evident")
            try PrivateFile.makeFolder("\(path)/.evident/drafts")
        } catch {
            throw .file(error)
        }
        let folder = try TileFolder(path)
        try folder.removeDrafts()
        return folder
    }

    private init(_ path: String) throws(TileFolderError) {
        self.path = path
        let name = "\(path)/.evident/lock"
        lock = Glibc.open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw .file(PrivateFile.failure("open it", name)) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw .held(path) }
    }

    deinit { if lock >= 0 { close(lock) } }

    /// A place beside the tree for what its writer keeps: evidence, states.
    package func ownFile(_ name: String) -> String { "\(own)/\(name)" }

    // MARK: Reading

    /// The checkpoint that lies there; nil in a folder that has none yet.
    package func checkpoint() throws(TileFolderError) -> [UInt8]? {
        do throws(FileError) {
            return try PrivateFile.read(checkpointPath, limit: Self.checkpointLimit)
        } catch {
            throw .file(error)
        }
    }

    /// The bytes of exactly this tile; nil if it is not there.
    package func bytes(of tile: Tile) throws(TileFolderError) -> [UInt8]? {
        do throws(FileError) {
            return try PrivateFile.read("\(path)/\(tile.path)", limit: Self.tileLimit)
        } catch {
            throw .file(error)
        }
    }

    // MARK: Writing

    /// Writes tiles, which are durable when this returns.
    ///
    /// One that is there already stays as it is. Throws `.differs` if it is another one: nothing of
    /// this call is then in the tree.
    package func write(_ tiles: [(tile: Tile, bytes: [UInt8])]) throws(TileFolderError) {
        var new: [(path: String, bytes: [UInt8])] = []
        for (tile, bytes) in tiles {
            let there = try self.bytes(of: tile)
            guard there == nil || there == bytes else { throw .differs(tile) }
            if there == nil { new.append(("\(path)/\(tile.path)", bytes)) }
        }
        do throws(FileError) {
            try place(new)
        } catch {
            try? removeDrafts()
            throw .file(error)
        }
    }

    /// Puts a checkpoint over the tree, whose tiles were written before.
    ///
    /// Durable when this returns; a reader sees the one before or this one.
    package func publish(checkpoint note: [UInt8]) throws(TileFolderError) {
        do throws(FileError) {
            try place([(checkpointPath, note)])
        } catch {
            try? removeDrafts()
            throw .file(error)
        }
    }

    /// Removes the partial forms of tiles that filled up while the tree grew, and of those just
    /// before, which a writer that was killed may have left.
    ///
    /// A reader that is about to ask for one takes the full one instead.
    package func removePartials(
        from oldSize: UInt64, to newSize: UInt64
    ) throws(TileFolderError) {
        for level in UInt8(0)..<8 {
            let open = oldSize >> (8 * (UInt64(level) + 1))
            for index in (open == 0 ? 0 : open - 1)...open
            where Tile.width(of: level, index: index, treeSize: newSize) == Tile.maxWidth {
                try removePartials(of: Tile(.hashes(level), index: index))
                if level == 0 { try removePartials(of: Tile(.entries, index: index)) }
            }
        }
    }

    private func removePartials(of tile: Tile) throws(TileFolderError) {
        let full = "\(path)/\(tile.path)"
        guard access("\(full).p", F_OK) == 0, access(full, F_OK) == 0 else { return }
        for width in 1..<Tile.maxWidth { unlink("\(full).p/\(width)") }
        if rmdir("\(full).p") != 0, errno != ENOENT, errno != ENOTEMPTY {
            throw .file(PrivateFile.failure("remove it", "\(full).p"))
        }
    }

    /// Writes files as drafts, all of them, flushes them, and only then names them.
    private func place(_ files: [(path: String, bytes: [UInt8])]) throws(FileError) {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        for (number, file) in files.enumerated() {
            let draft = "\(drafts)/\(number)"
            let descriptor = Glibc.open(
                draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else { throw PrivateFile.failure("create it", draft) }
            opened.append(descriptor)
            try Self.write(file.bytes, descriptor, draft)
        }
        for (number, descriptor) in opened.enumerated() where fsync(descriptor) != 0 {
            throw PrivateFile.failure("flush it", "\(drafts)/\(number)")
        }
        var folders: Set<String> = []
        for (number, file) in files.enumerated() {
            guard let parent = PrivateFile.parent(of: file.path) else { continue }
            if folders.insert(parent).inserted { try Self.makeFolders(parent) }
            guard rename("\(drafts)/\(number)", file.path) == 0 else {
                throw PrivateFile.failure("name it", file.path)
            }
        }
        for folder in folders { try PrivateFile.flushFolder(folder) }
    }

    private static func write(
        _ bytes: [UInt8], _ descriptor: Int32, _ path: String
    ) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw PrivateFile.failure("write it", path) }
            written += count
        }
    }

    /// Makes a folder and what is missing above it, for everyone to read; each name durable.
    private static func makeFolders(_ path: String) throws(FileError) {
        if access(path, F_OK) == 0 { return }
        let parent = PrivateFile.parent(of: path)
        if let parent { try makeFolders(parent) }
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw PrivateFile.failure("make the folder", path)
        }
        try PrivateFile.flushFolder(of: path)
    }

    private func removeDrafts() throws(TileFolderError) {
        guard let folder = opendir(drafts) else {
            throw .file(PrivateFile.failure("read the folder", drafts))
        }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink("\(drafts)/\(name)") }
        }
    }
}

/// Why a folder of tiles could not be used.
package enum TileFolderError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file of it could not be read or written.
    case file(FileError)
    /// A tile that is there is not the one that was to be written: it stays.
    case differs(Tile)
    /// Another process writes there.
    case held(String)

    package var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .differs(let tile): "\(tile) is there, and is another one; it was left as it is"
        case .held(let path): "\(path): another process writes there"
        }
    }
}
