// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage

/// Puts sealed segments into their compressed form, one after another.
///
/// A draft is flushed and read back before it gets its name, and the plain file goes once that name is
/// durable. So whatever stops it, a whole form of each segment is there, and the next run does the rest.
///
/// One thread uses it, and no other process: the folder is taken.
final class SinkCompressor {
    /// A segment that stays as it is, until its files change.
    enum Refusal: Error {
        /// Its lines are not what its trailer says.
        case notSealed
        /// A file of its compressed form's name is another one's.
        case otherCompressed
    }

    private let folder: String
    private let draft: String
    private var refused: [SinkName: [FileMark?]] = [:]

    init(folder: String) {
        self.folder = folder
        draft = "\(folder)/.evident-sink-draft.gz"
    }

    /// Compresses what was sealed before a time, all of it.
    ///
    /// - Parameters:
    ///   - isOpen: whether the file of that inode is written to.
    ///   - mayGoOn: asked again and again; once it is false, `CancellationError` is thrown.
    ///   - report: sees what was compressed or refused.
    /// - Throws: the first thing that failed, after the other segments had their turn.
    func run(
        sealedBefore limitMS: UInt64, isOpen: (UInt64) -> Bool, mayGoOn: () -> Bool,
        report: (SinkName, Refusal?) -> Void
    ) throws {
        unlink(draft)
        defer { unlink(draft) }
        let files = Set(try SinkFiles.names(in: folder))
        var failure: (any Error)?
        for name in files.compactMap({ SinkName($0) }).sorted() {
            let hasBoth = files.contains(name.compressed)
            let marks = [FileMark(path(name)), hasBoth ? FileMark(compressed(name)) : nil]
            guard let plain = marks[0], plain.modifiedMS <= limitMS, refused[name] != marks,
                !isOpen(plain.inode), try endsInTrailer(path(name))
            else { continue }
            do {
                hasBoth
                    ? try finish(name, mayGoOn: mayGoOn)
                    : try compress(name, modified: plain.modified, mayGoOn: mayGoOn)
                report(name, nil)
            } catch let refusal as Refusal {
                unlink(draft)
                refused[name] = marks
                report(name, refusal)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                unlink(draft)
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func path(_ name: SinkName) -> String { "\(folder)/\(name)" }
    private func compressed(_ name: SinkName) -> String { "\(folder)/\(name.compressed)" }

    // MARK: One segment

    private func compress(_ name: SinkName, modified: timespec, mayGoOn: () -> Bool) throws {
        let seal = try writeDraft(of: path(name), modified, mayGoOn)
        // What a reader will make of it, from the volume where the system lets go of its copy.
        guard try self.seal(of: draft, mayGoOn) == seal else {
            throw FileError(.malformed, draft, "is not what was written; check the volume")
        }
        guard rename(draft, compressed(name)) == 0 else {
            throw FileError(compressed(name), cannot: "name it", errno: errno)
        }
        try removePlain(name)
    }

    /// Both forms are there: a run was stopped, or somebody else has compressed it.
    private func finish(_ name: SinkName, mayGoOn: () -> Bool) throws {
        guard let seal = try seal(of: path(name), mayGoOn) else { throw Refusal.notSealed }
        guard try self.seal(of: compressed(name), mayGoOn) == seal else {
            throw Refusal.otherCompressed
        }
        let descriptor = try open(compressed(name), O_RDONLY)
        defer { close(descriptor) }
        try flush(descriptor, compressed(name))
        try removePlain(name)
    }

    private func removePlain(_ name: SinkName) throws(FileError) {
        try PrivateFile.flushFolder(folder)
        guard unlink(path(name)) == 0 || errno == ENOENT else {
            throw FileError(path(name), cannot: "remove it", errno: errno)
        }
    }

    /// Writes the compressed form as a draft, durably, and returns the trailer of the plain one.
    private func writeDraft(
        of plain: String, _ modified: timespec, _ mayGoOn: () -> Bool
    ) throws -> SinkTrailer {
        let source = try SinkBytes(plain)
        let descriptor = try open(draft, O_WRONLY | O_CREAT | O_EXCL)
        defer { close(descriptor) }
        let gzip = try GzipWriter()
        var lines = SinkLines()
        var isSegment = true
        while isSegment, let piece = try source.next() {
            guard mayGoOn() else { throw CancellationError() }
            isSegment = try lines.take(piece)
            try write(gzip.take(piece), descriptor)
        }
        try write(gzip.take([], isLast: true), descriptor)
        guard let seal = lines.ended().seal else { throw Refusal.notSealed }
        // The time of the plain file, by which old ones are found.
        _ = futimens(descriptor, [modified, modified])
        try flush(descriptor, draft)
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        return seal
    }

    /// The trailer of a segment that is sealed and whole; nil for any other file.
    private func seal(of path: String, _ mayGoOn: () -> Bool) throws -> SinkTrailer? {
        try SinkFiles.scan(path) { _ in
            guard mayGoOn() else { throw CancellationError() }
        }.seal
    }

    /// Whether the last line is a trailer; the lines before it are not looked at.
    private func endsInTrailer(_ path: String) throws -> Bool {
        let descriptor = try open(path, O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let size = lseek(descriptor, 0, SEEK_END)
        let count = pread(descriptor, &bytes, bytes.count, max(0, size - off_t(bytes.count)))
        guard count > 1, bytes[count - 1] == UInt8(ascii: "\n") else { return false }
        let line = bytes[..<(count - 1)].split(separator: UInt8(ascii: "\n")).last ?? []
        return SinkTrailer(Array(line)) != nil
    }

    // MARK: Calls

    private func open(_ path: String, _ flags: Int32) throws(FileError) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(path, cannot: "open it", errno: errno) }
        return descriptor
    }

    private func write(_ bytes: [UInt8], _ descriptor: Int32) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw FileError(draft, cannot: "write it", errno: errno) }
            written += count
        }
    }

    private func flush(_ descriptor: Int32, _ path: String) throws(FileError) {
        guard fsync(descriptor) == 0 else {
            throw FileError(path, cannot: "flush it", errno: errno)
        }
    }
}

/// By what a file is known to be the same, and not written to since.
private struct FileMark: Equatable {
    let inode: UInt64
    let size: Int64
    let modified: timespec

    /// nil for what is no plain file.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = status.st_mtim
    }

    var modifiedMS: UInt64 {
        UInt64(max(0, modified.tv_sec)) * 1_000 + UInt64(modified.tv_nsec) / 1_000_000
    }

    static func == (left: FileMark, right: FileMark) -> Bool {
        (left.inode, left.size, left.modified.tv_sec, left.modified.tv_nsec)
            == (right.inode, right.size, right.modified.tv_sec, right.modified.tv_nsec)
    }
}
