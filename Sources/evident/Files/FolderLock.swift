// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage
import Synchronization

/// Holds a data folder for one process until it is released.
///
/// The lock is `flock` on `DIR/LOCK`, which the kernel drops when the process ends, however it
/// ends. The file is never deleted: a second process would lock another file of the same name.
/// It is a courtesy between servers of one machine; what keeps two of them from forking the log is
/// the head row that each commit checks.
final class FolderLock: Sendable {
    private let descriptor: Mutex<Int32?>

    private init(_ descriptor: Int32) {
        self.descriptor = Mutex(descriptor)
    }

    /// Takes the lock of `folder`; nil if another process holds it.
    static func take(_ folder: String) throws(FileError) -> FolderLock? {
        let path = "\(folder)/LOCK"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let error = FileError.system("lock", path)
            close(descriptor)
            if isHeld { return nil }
            throw error
        }
        let line = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = line.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        return FolderLock(descriptor)
    }

    /// Takes the lock of `folder`, or says who has it.
    static func need(_ folder: String) throws -> FolderLock {
        if let lock = try take(folder) { return lock }
        let process = holder(of: folder).map { " (process \($0))" } ?? ""
        throw CommandFailure(
            .inputOutput, "another server\(process) holds \(folder)",
            advice: "One log has one server. Stop that one first, or name another --data folder.")
    }

    /// Lets the folder go.
    ///
    /// Further calls do nothing.
    func release() {
        descriptor.withLock { descriptor in
            if let descriptor { close(descriptor) }
            descriptor = nil
        }
    }

    /// The process that took the lock of `folder` last, as it wrote itself down; for messages.
    private static func holder(of folder: String) -> String? {
        guard let bytes = try? PrivateFile.read("\(folder)/LOCK") else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
        return text.map(String.init)
    }
}
