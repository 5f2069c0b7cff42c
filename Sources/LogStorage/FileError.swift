// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file or folder that could not be used: which one, and why.
///
/// Never says what is in it.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// There is none.
        case missing
        /// Others than its owner may read or change it, somebody else owns it, or it is not a plain
        /// file.
        case exposed
        /// It is longer or shorter than it may be, or not of the form that it must have.
        case malformed
        /// The system refused an operation.
        case inputOutput = "input_output"
    }

    package let code: Code
    package let path: String
    /// What is said after the path: “is larger than 16 bytes”.
    package let message: String
    /// The system's number for it; 0 where it was not the system that said so.
    package private(set) var number: Int32 = 0

    package init(_ code: Code, _ path: String, _ message: String) {
        self.code = code
        self.path = path
        self.message = message
    }

    /// What the system said, by its number, to an operation on `path`.
    package init(_ path: String, cannot operation: String, errno number: Int32) {
        self.init(
            .inputOutput, path, "cannot \(operation): \(String(cString: strerror(number)))")
        self.number = number
    }

    package var description: String { "\(path): \(message)" }
}
