// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogClient
import LogStorage

/// Where receipts are kept: `DIR/<line>.json`, one for each record.
struct ReceiptFolder: Sendable {
    let path: String

    /// Makes the folder if it is missing.
    ///
    /// Receipts hold nothing secret.
    init(_ path: String) throws(FileError) {
        self.path = path
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw .system("make the folder", path)
        }
    }

    /// Writes the receipt of a line, whole or not at all; ``flush()`` makes it durable.
    func write(_ receipt: Receipt, line: UInt64) throws(FileError) {
        try PrivateFile.replace(
            "\(path)/\(line).json", with: receipt.json + [UInt8(ascii: "\n")], durable: false)
    }

    /// Returns when all that has been written is on stable storage.
    func flush() throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open the folder", path) }
        defer { close(descriptor) }
        // One call for all the files of a unit; the header's declaration is hidden from Swift.
        typealias SyncFileSystem = @convention(c) (Int32) -> Int32
        guard let symbol = dlsym(nil, "syncfs"),
            unsafeBitCast(symbol, to: SyncFileSystem.self)(descriptor) == 0
        else { throw .system("flush", path) }
    }
}
