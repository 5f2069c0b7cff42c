// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage

/// One open file of the look-up folder; closed when its last reference goes.
///
/// All calls of the operating system that the look-ups make are in this file and
/// `LookupThread.swift`.
final class LookupFile: Sendable {
    let path: String
    private let descriptor: Int32

    private init(path: String, flags: Int32) throws(StoreError) {
        self.path = path
        descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
        if descriptor < 0 { throw StoreError.system("open", path) }
    }

    deinit { Glibc.close(descriptor) }

    /// Opens a file for reading.
    static func open(_ path: String) throws(StoreError) -> LookupFile {
        try LookupFile(path: path, flags: O_RDONLY)
    }

    /// Makes an empty file for writing, in place of one of that name.
    static func create(_ path: String) throws(StoreError) -> LookupFile {
        try LookupFile(path: path, flags: O_RDWR | O_CREAT | O_TRUNC)
    }

    func byteCount() throws(StoreError) -> UInt64 {
        let end = lseek(descriptor, 0, SEEK_END)
        if end < 0 { throw StoreError.system("seek", path) }
        return UInt64(end)
    }

    /// Reads exactly `count` bytes from `offset`; a file that ends before them is `.corrupt`.
    func read(at offset: UInt64, count: Int) throws(StoreError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, let base = buffer.baseAddress {
                let got = pread(
                    descriptor, base + filled, count - filled, off_t(offset) + off_t(filled))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                filled += got
            }
        }
        if failure != 0 { throw StoreError.system("read", path, failure) }
        guard bytes.count == count else {
            throw StoreError(.corrupt, "a look-up file ends too early", detail: path)
        }
        return bytes
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws(StoreError) {
        let failure = bytes.withUnsafeBytes { buffer -> Int32 in
            var done = 0
            while done < buffer.count, let base = buffer.baseAddress {
                let put = pwrite(
                    descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
                if put < 0 && errno == EINTR { continue }
                if put < 0 { return errno }
                done += put
            }
            return 0
        }
        if failure != 0 { throw StoreError.system("write", path, failure) }
    }

    /// Returns when what was written is on stable storage.
    func synchronize() throws(StoreError) {
        if fdatasync(descriptor) != 0 { throw StoreError.system("sync", path) }
    }
}

/// The folder that holds the runs, and nothing else.
struct LookupFolder: Sendable {
    let path: String

    /// Makes the folder if it is missing; its parent must exist.
    init(creating path: String) throws(StoreError) {
        self.path = path
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw StoreError.system("mkdir", path) }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The names in the folder, in no order.
    func names() throws(StoreError) -> [String] {
        guard let listing = opendir(path) else { throw StoreError.system("list", path) }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    func rename(_ old: String, to new: String) throws(StoreError) {
        if Glibc.rename(file(old), file(new)) != 0 { throw StoreError.system("rename", file(old)) }
        try synchronize()
    }

    /// Removes a file; one that stays behind is removed by the next opening.
    func remove(_ name: String) { _ = unlink(file(name)) }

    private func synchronize() throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw StoreError.system("open", path) }
        defer { Glibc.close(descriptor) }
        if fsync(descriptor) != 0 { throw StoreError.system("sync", path) }
    }
}

extension StoreError {
    /// A failed call of the operating system.
    fileprivate static func system(
        _ call: String, _ path: String, _ number: Int32 = errno
    ) -> StoreError {
        let reason = String(cString: strerror(number))
        let full = number == ENOSPC || number == EDQUOT
        return StoreError(
            full ? .full : .inputOutput,
            full
                ? "no room for the look-up files; free some space on the volume"
                : "a look-up file could not be used; check the data folder and its volume",
            detail: "\(call) \(path): \(reason)")
    }
}
