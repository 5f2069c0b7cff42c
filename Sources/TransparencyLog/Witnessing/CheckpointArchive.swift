// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogCrypto
package import LogStorage
import Synchronization

/// The checkpoints that met the witness policy, kept for good, oldest first.
///
/// Files of at most 4,096 checkpoints, each named by the size of its first one. A checkpoint is
///
///     u32 length of the note ‖ u64 tree size ‖ note ‖ SHA-256 of all that precedes
///
/// What a crash left unfinished at the end of the last file is cut off. The order of sizes never
/// falls; of several checkpoints of one size the last one counts. One process writes it.
package final class CheckpointArchive: Sendable {
    package struct Item: Hashable, Sendable {
        package let size: UInt64
        package let note: String
    }

    private struct State {
        /// The sizes that files begin with, rising.
        var files: [UInt64]
        /// Checkpoints and bytes in the last file.
        var lastCount = 0
        var lastBytes = 0
        var newest: Item?
    }

    static let itemsPerFile = 4_096
    static let noteLimit = 65_536
    private static let overhead = 12 + Digest.byteCount

    private let folder: String
    private let state: Mutex<State>

    /// Opens the archive in a folder, which is made if it is not there.
    package static func open(folder: String) throws(FileError) -> CheckpointArchive {
        try PrivateFile.makeFolder(folder)
        var state = State(files: try names(in: folder))
        if let last = state.files.last {
            let path = path(folder, last)
            let bytes = try PrivateFile.readPrivate(path, limit: 1 << 30) ?? []
            let (items, whole) = parse(bytes)
            if whole < bytes.count {
                guard truncate(path, off_t(whole)) == 0 else {
                    throw FileError(path, cannot: "cut off what was left unfinished", errno: errno)
                }
            }
            state.lastCount = items.count
            state.lastBytes = whole
            state.newest = items.last
            if items.isEmpty, state.files.count > 1 {
                let before = Self.path(folder, state.files[state.files.count - 2])
                state.newest =
                    parse(try PrivateFile.readPrivate(before, limit: 1 << 30) ?? []).items.last
            }
        }
        return CheckpointArchive(folder: folder, state: state)
    }

    private init(folder: String, state: State) {
        self.folder = folder
        self.state = Mutex(state)
    }

    /// The newest one in a folder that another process may be writing; nil if there is none.
    package static func newest(in folder: String) throws(FileError) -> Item? {
        guard access(folder, F_OK) == 0 else { return nil }
        for name in try names(in: folder).suffix(2).reversed() {
            // Whose file it is says nothing in a copy: signatures decide.
            let bytes = try PrivateFile.read(path(folder, name), limit: 1 << 30) ?? []
            if let newest = parse(bytes).items.last { return newest }
        }
        return nil
    }

    /// The newest one.
    package var newest: Item? { state.withLock { $0.newest } }

    /// Appends a checkpoint, and returns when it is on stable storage.
    ///
    /// One of a smaller size than the newest is left out.
    package func append(_ item: Item) throws(FileError) {
        try state.withLock { (state) throws(FileError) in
            guard item.size >= state.newest?.size ?? 0 else { return }
            let bytes = Self.encode(item)
            if state.files.isEmpty
                || state.lastCount >= Self.itemsPerFile && item.size > state.newest?.size ?? 0
            {
                let path = Self.path(folder, item.size)
                try bytes.withUnsafeBufferPointer { (bytes) throws(FileError) in
                    try PrivateFile.create(path, UnsafeRawBufferPointer(bytes))
                }
                try PrivateFile.flushFolder(folder)
                state.files.append(item.size)
                state.lastCount = 0
                state.lastBytes = 0
            } else if let last = state.files.last {
                try Self.write(bytes, at: state.lastBytes, to: Self.path(folder, last))
            }
            state.lastCount += 1
            state.lastBytes += bytes.count
            state.newest = item
        }
    }

    /// The first checkpoints of a larger size than `size`, at most `limit`, oldest first.
    package func items(after size: UInt64, limit: Int) throws(FileError) -> [Item] {
        let files = state.withLock { $0.files }
        // The file that may hold the first of them is the last that begins no later.
        let start = max((files.firstIndex { $0 > size } ?? files.count) - 1, 0)
        var found: [Item] = []
        for name in files[min(start, files.count)...] {
            let bytes = try PrivateFile.readPrivate(Self.path(folder, name), limit: 1 << 30) ?? []
            for item in Self.parse(bytes).items where item.size > size {
                if found.last?.size == item.size { found.removeLast() }
                guard found.count < limit else { return found }
                found.append(item)
            }
        }
        return found
    }

    // MARK: Bytes

    private static func encode(_ item: Item) -> [UInt8] {
        let note = Array(item.note.utf8)
        precondition(note.count <= noteLimit, "a checkpoint of \(note.count) bytes")
        var bytes: [UInt8] = []
        bytes.appendBigEndian(UInt32(note.count))
        bytes.appendBigEndian(item.size)
        bytes += note
        bytes.append(SHA256.hash(bytes))
        return bytes
    }

    /// The whole checkpoints at the beginning of a file, and where they end.
    static func parse(_ bytes: [UInt8]) -> (items: [Item], end: Int) {
        var items: [Item] = []
        var place = 0
        while bytes.count - place >= overhead {
            let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = place + overhead + length
            guard length <= noteLimit, end <= bytes.count else { break }
            let body = Array(bytes[place..<end - Digest.byteCount])
            guard SHA256.hash(body).bytes.elementsEqual(bytes[(end - Digest.byteCount)..<end]),
                let note = String(validating: body[12...], as: UTF8.self)
            else { break }
            let size = body[4..<12].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            items.append(Item(size: size, note: note))
            place = end
        }
        return (items, place)
    }

    // MARK: Files

    private static func path(_ folder: String, _ size: UInt64) -> String {
        let digits = String(size)
        return "\(folder)/" + String(repeating: "0", count: 20 - digits.count) + digits
    }

    /// The sizes that the folder's files are named by, rising.
    private static func names(in folder: String) throws(FileError) -> [UInt64] {
        guard let directory = opendir(folder) else {
            throw FileError(folder, cannot: "list it", errno: errno)
        }
        defer { closedir(directory) }
        var names: [UInt64] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.utf8.count == 20, let size = UInt64(name) { names.append(size) }
        }
        return names.sorted()
    }

    private static func write(
        _ bytes: [UInt8], at offset: Int, to path: String
    ) throws(FileError) {
        let descriptor = Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileError(path, cannot: "open it", errno: errno) }
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count,
            fdatasync(descriptor) == 0
        else { throw FileError(path, cannot: "write it", errno: errno) }
    }
}
