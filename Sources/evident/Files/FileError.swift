// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage

/// Files fail alike in commands and below them.
typealias FileError = LogStorage.FileError

extension FileError {
    /// What the last system call said about `path`.
    static func system(_ operation: String, _ path: String) -> FileError {
        FileError(path, cannot: operation, errno: errno)
    }
}
