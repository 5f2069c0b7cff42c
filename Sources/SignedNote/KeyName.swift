// SPDX-License-Identifier: Apache-2.0

/// The rules for the name of a key.
///
/// Source: https://c2sp.org/signed-note.
enum KeyName {
    /// Whether the name is not empty and has no white space, control character or plus sign.
    static func isValid(_ name: String) -> Bool {
        !name.isEmpty
            && name.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && $0 != "+" && !$0.properties.isWhitespace
            }
    }
}
