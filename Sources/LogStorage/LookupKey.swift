// SPDX-License-Identifier: Apache-2.0

package import LogCrypto

/// What a look-up is by.
///
/// Raw values are stored: they never change meaning.
package enum LookupField: UInt8, Sendable, CaseIterable {
    case leafHash = 1
    case submissionKey = 2
    case recordID = 3
    case tenant = 16
    case type = 17
    case actor = 18
}

/// A field and 48 bits of its value's SHA-256, as one number that sorts by field first.
///
/// Truncation only makes candidates: whoever looks up compares the full value.
package struct LookupKey: Hashable, Sendable, Comparable {
    /// The field in bits 48–55, the value's first 48 hash bits below; bits 56–63 are zero.
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The key of a value that is itself a uniformly random digest.
    package init(_ field: LookupField, digest: Digest) {
        let head = digest.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self).bigEndian }
        rawValue = UInt64(field.rawValue) << 48 | head >> 16
    }

    /// The key of a text value; it is hashed together with its field.
    package init(_ field: LookupField, text: String) {
        self.init(field, digest: SHA256.hash([field.rawValue] + Array(text.utf8)))
    }

    package static func < (left: LookupKey, right: LookupKey) -> Bool {
        left.rawValue < right.rawValue
    }
}
