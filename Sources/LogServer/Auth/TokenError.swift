// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// Why the tokens could not be read, changed or kept.
///
/// Never holds a token.
package struct TokenError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// A name, role and tenant that do not go together.
        case invalid
        /// The file is not one that this program wrote.
        case malformed
        /// Others than its owner may read or change the file, or it is owned by somebody else.
        case exposed
        case inputOutput = "input_output"
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Why the file of tokens could not be read or written.
    init(_ error: FileError) {
        let code: Code =
            switch error.code {
            case .exposed: .exposed
            case .malformed: .malformed
            case .missing, .inputOutput: .inputOutput
            }
        self.init(code, error.description)
    }

    package var description: String { "\(message) [\(code.rawValue)]" }
}
