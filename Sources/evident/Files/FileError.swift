// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A system call that failed on a file, or a file that is not what it must be.
struct FileError: Error, Equatable, CustomStringConvertible {
    let path: String
    let message: String

    /// What the last system call said about `path`.
    static func system(_ operation: String, _ path: String) -> FileError {
        FileError(path: path, message: "cannot \(operation): \(String(cString: strerror(errno)))")
    }

    var description: String { "\(path): \(message)" }
}
