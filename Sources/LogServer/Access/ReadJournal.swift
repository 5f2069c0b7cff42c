// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage
import Synchronization

/// Where readings are written down while the log takes no records: a file of lines, for its owner
/// alone, each durable before what was read is answered.
///
/// It proves nothing by itself: whoever holds the machine can change it. It is what an operator has
/// to show of a time when the log could not record.
package final class ReadJournal: Sendable {
    private let path: String
    private let descriptor = Mutex<Int32?>(nil)

    /// Names the file; it is made at the first reading.
    package init(path: String) {
        self.path = path
    }

    deinit {
        descriptor.withLock { if let open = $0 { close(open) } }
    }

    /// Writes a line, and returns when it is on stable storage.
    func append(_ line: [UInt8]) throws(FileError) {
        var failure: FileError?
        descriptor.withLock { descriptor in
            if descriptor == nil {
                let opened = Glibc.open(
                    path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
                if opened >= 0 { descriptor = opened }
            }
            let bytes = line + [UInt8(ascii: "\n")]
            guard let descriptor,
                write(descriptor, bytes, bytes.count) == bytes.count, fdatasync(descriptor) == 0
            else {
                failure = FileError(path, cannot: "write the reading down", errno: errno)
                return
            }
        }
        if let failure { throw failure }
    }
}
