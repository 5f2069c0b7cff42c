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
    /// `type` up to each of its dots, the dot included: what `tool.*` is found by.
    case typePrefix = 19
    case category = 20
    case action, outcome, reason, actorType, agent, model, tool, approvalStatus, rule, target
    case targetType, sourceIP, traceID, sessionID, runID, cycleID, parentID, dataClass, producer
    case imported, severity
    /// Not looked up by value: each segment of 256 records keeps the first and the last.
    case time = 64
    case received = 65

    /// Raised whenever the keys of a record change: what was built before is then built again.
    package static let version: UInt64 = 2

    /// Whether keys hold a time in milliseconds and not a hash.
    package var isTime: Bool { self == .time || self == .received }
}

/// A field and 48 bits of its value's hash, as one number that sorts by field first.
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

    /// A record's time, in milliseconds since 1970; one before counts as 1970, one after the year
    /// 10889 as that.
    package init(_ field: LookupField, milliseconds: Int64) {
        precondition(field.isTime, "only a time is its own key")
        rawValue = UInt64(field.rawValue) << 48 | Self.clamped(milliseconds)
    }

    /// A time as it is kept.
    ///
    /// Order is kept, so bounds that are clamped alike miss nothing.
    package static func clamped(_ milliseconds: Int64) -> UInt64 {
        UInt64(min(max(milliseconds, 0), Int64(mostMilliseconds)))
    }

    package static let mostMilliseconds: UInt64 = 1 << 48 - 1

    /// What it is a key of; nil for a number that is no field's.
    package var field: LookupField? {
        LookupField(rawValue: UInt8(truncatingIfNeeded: rawValue >> 48))
    }

    package static func < (left: LookupKey, right: LookupKey) -> Bool {
        left.rawValue < right.rawValue
    }
}
