// SPDX-License-Identifier: Apache-2.0

package import LogStorage

/// Whose records an answer may hold.
package enum RecordScope: Hashable, Sendable {
    case all
    case only(tenant: String)
}

/// The order of an answer, by index.
package enum RecordOrder: String, Hashable, Sendable {
    case ascending, descending
}

/// Which records are asked for: by what the log has keys of, and by what the caller reads in them.
///
/// The log itself parses no record. `read` makes something of a record's bytes, and what that is
/// decides; keys and times only say where not to look.
package struct RecordQuery<Terms: Sendable>: Sendable {
    /// Whose records may be in the answer: the tenant of every one that is read is compared.
    package let scope: RecordScope
    /// Of each set, a record must bear one.
    package let keys: [[RecordKey]]
    /// Where its time must lie.
    package let span: LookupSpan?
    /// Nothing can match.
    package let isEmpty: Bool
    /// What the caller knows of a record from its bytes; nil if they are no record.
    package let read: @Sendable (_ canonical: [UInt8]) -> Terms?
    package let tenant: @Sendable (Terms) -> String
    package let matches: @Sendable (Terms) -> Bool

    package var order = RecordOrder.descending
    /// The indexes that are asked for.
    package var range: Range<UInt64> = 0..<UInt64.max
    /// The index to begin at, in either order; nil is the first of the order.
    package var from: UInt64?
    /// The most records of a page.
    package var limit = 50
    /// Nothing at or beyond it is in the answer; nil is the newest published size.
    package var treeSize: UInt64?
    /// Work that one call may do, in records read; after it the answer says where to go on.
    package var budget = 20_000

    package init(
        scope: RecordScope, keys: [[RecordKey]], span: LookupSpan?, isEmpty: Bool = false,
        read: @escaping @Sendable (_ canonical: [UInt8]) -> Terms?,
        tenant: @escaping @Sendable (Terms) -> String,
        matches: @escaping @Sendable (Terms) -> Bool
    ) {
        self.scope = scope
        self.keys = keys
        self.span = span
        self.isEmpty = isEmpty
        self.read = read
        self.tenant = tenant
        self.matches = matches
    }
}

/// A value that records have keys of.
package struct RecordKey: Hashable, Sendable {
    package let field: LookupField
    package let text: String

    package init(_ field: LookupField, _ text: String) {
        self.field = field
        self.text = text
    }
}

/// A record that was asked for.
package struct FoundRecord<Terms: Sendable>: Sendable {
    package let index: UInt64
    package let content: StoredContent
    package let terms: Terms
}

/// Some of the records that were asked for, in their order.
package struct RecordPage<Terms: Sendable>: Sendable {
    package let records: [FoundRecord<Terms>]
    /// Where to go on; nil if there is nothing more.
    ///
    /// A page that ends before its limit, even an empty one, may have a next: the work that one
    /// call may do was done.
    package let next: UInt64?
    /// Nothing at or beyond it is in the answer.
    package let treeSize: UInt64
}

/// How many records there are.
package struct RecordCount: Sendable, Hashable {
    package let count: UInt64
    /// Where to go on counting; nil if all is counted.
    package let next: UInt64?
    /// Each one was read.
    ///
    /// Otherwise keys were counted: those of erased records are among them until they are
    /// rewritten, and two values may meet under one key, once in 2^48.
    package let isVerified: Bool
    package let treeSize: UInt64
}

/// What became of a value that records were added to.
package struct RecordFold<Result: Sendable>: Sendable {
    package let result: Result
    /// Where to go on; nil if all is in it.
    package let next: UInt64?
    package let treeSize: UInt64
}
