// SPDX-License-Identifier: Apache-2.0

/// Why files that could be read are not a log's keys.
///
/// Says which file, never what is in it.
package struct KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    package let message: String

    init(_ message: String) {
        self.message = message
    }

    package var description: String { message }
}
