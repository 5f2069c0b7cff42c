// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage

/// What an anchor's slots are written to, held by one process.
protocol AnchorFile: Sendable {
    /// Overwrites bytes, and returns when they are on stable storage.
    func write(_ bytes: [UInt8], at offset: Int) throws(AnchorError)

    /// Lets another process use it.
    func release()
}

/// Keeps nothing.
struct VolatileAnchorFile: AnchorFile {
    func write(_ bytes: [UInt8], at offset: Int) {}
    func release() {}
}

/// A file that its owner alone can read, locked as long as it is open.
final class AnchorFileOnDisk: AnchorFile {
    private let descriptor: Int32

    /// Opens the file, or makes an empty one.
    init(path: String) throws(AnchorError) {
        descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Self.failure("open the anchor") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw AnchorError(code: .locked, message: "another process uses this anchor")
        }
        do {
            try PrivateFile.flushFolder(of: path)
        } catch {
            throw AnchorError(code: .inputOutput, message: "\(error)")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// The first bytes: of two slots, and one more if there are more.
    func read() throws(AnchorError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 2 * AnchorSlot.byteCount + 1)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw Self.failure("read the anchor") }
        return Array(bytes[..<count])
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(AnchorError) {
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count,
            fdatasync(descriptor) == 0
        else { throw Self.failure("write the anchor") }
    }

    func release() {
        flock(descriptor, LOCK_UN)
    }

    private static func failure(_ what: String) -> AnchorError {
        AnchorError(
            code: .inputOutput, message: "cannot \(what): \(String(cString: strerror(errno)))")
    }
}
