// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// One key of one record; entries sort by key, then by index.
struct LookupEntry: Hashable, Sendable, Comparable {
    /// `LookupKey.rawValue`.
    let key: UInt64
    let index: UInt64

    static func < (left: LookupEntry, right: LookupEntry) -> Bool {
        (left.key, left.index) < (right.key, right.index)
    }
}

/// What a query asks for: at most `limit` indexes in `range` that bear `key`.
struct LookupQuery: Sendable {
    let key: LookupKey
    let range: Range<UInt64>
    let descending: Bool
    let limit: Int

    func limited(to limit: Int) -> LookupQuery {
        LookupQuery(key: key, range: range, descending: descending, limit: limit)
    }
}

extension LookupKey {
    /// The field's number.
    var fieldNumber: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 48) }

    /// The 48 bits of the value's hash.
    var hashBits: UInt64 { rawValue & 0xFFFF_FFFF_FFFF }

    var isSubmissionKey: Bool { fieldNumber == LookupField.submissionKey.rawValue }

    var isTime: Bool { fieldNumber >= LookupField.time.rawValue }
}
