// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage

/// Where the files of a store are in its folder.
///
/// The database file is never opened but by SQLite: closing any descriptor of it would drop the
/// locks that this process holds on it (fcntl(2), "advisory record locking").
struct StoreFolder {
    let path: String

    var database: String { "\(path)/log.sqlite" }
    var log: String { "\(path)/log.sqlite-wal" }
    var lock: String { "\(path)/log.sqlite.lock" }
    var lookups: String { "\(path)/lookup" }

    func exists(_ file: String) -> Bool { access(file, F_OK) == 0 }

    /// Makes the database file, empty and for its owner alone, or leaves the one that is there.
    func makeDatabaseFile() throws(StoreError) {
        let descriptor = Glibc.open(
            database, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw Self.failure("the database could not be made; check the data folder")
        }
    }

    /// Throws `.full` if less is free on the volume than `reserve`, or than a part of it: by default
    /// a twentieth.
    func checkFree(reserve: UInt64, part: UInt64 = 20) throws(StoreError) {
        var volume = statvfs()
        guard statvfs(path, &volume) == 0 else {
            throw Self.failure("the free space of the data folder could not be read")
        }
        let unit = UInt64(volume.f_frsize)
        guard UInt64(volume.f_bavail) * unit >= min(reserve, UInt64(volume.f_blocks) * unit / part)
        else {
            throw StoreError(.full, "the volume of the data folder is nearly full; make room")
        }
    }

    /// Makes the names of new files durable.
    func sync() throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Self.failure("the data folder could not be opened")
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw Self.failure("the data folder could not be made durable")
        }
    }

    static func failure(_ message: String) -> StoreError {
        StoreError(.inputOutput, message, detail: String(cString: strerror(errno)))
    }
}

/// Keeps a store for one process, as long as it is held.
///
/// The lock is `flock` on a file of its own, which the kernel drops when the process ends, however
/// it ends. The file is never deleted: a second process would lock another one of that name.
final class StoreLock: Sendable {
    private let descriptor: Int32

    /// Throws `.locked` if another opening of this store, in any process, holds it.
    init(_ folder: StoreFolder) throws(StoreError) {
        let descriptor = Glibc.open(
            folder.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw StoreFolder.failure("the store could not be locked; check the data folder")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let error = StoreFolder.failure("the store could not be locked")
            close(descriptor)
            if isHeld { throw StoreError(.locked, "another process writes to this store") }
            throw error
        }
        var (held, named) = (stat(), stat())
        guard fstat(descriptor, &held) == 0, stat(folder.lock, &named) == 0,
            held.st_ino == named.st_ino, held.st_dev == named.st_dev
        else {
            close(descriptor)
            throw StoreError(.locked, "the store's lock file was replaced; try again")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Lets the next opening in; the file stays.
    func release() {
        flock(descriptor, LOCK_UN)
    }
}
