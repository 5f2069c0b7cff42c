// SPDX-License-Identifier: Apache-2.0

/// A range of one of a record's times, in whole milliseconds as they are kept.
package struct LookupSpan: Hashable, Sendable {
    /// `.time` or `.received`.
    package let field: LookupField
    /// A record outside of these is outside of the range.
    package let outer: ClosedRange<UInt64>
    /// A record inside of these is inside of the range; nil if no whole millisecond is.
    package let inner: ClosedRange<UInt64>?

    /// From `since`, up to and without `until`, in microseconds since 1970; nil is open.
    ///
    /// Nil if no time lies between them.
    package init?(_ field: LookupField, since: Int64?, until: Int64?) {
        precondition(field.isTime, "a span is of a time")
        if let since, let until, since >= until { return nil }
        self.field = field
        let low = since.map { LookupKey.clamped(Self.floor($0)) } ?? 0
        let most = LookupKey.mostMilliseconds
        let high = until.map { LookupKey.clamped(Self.floor($0 - 1)) } ?? most
        outer = low...max(low, high)
        // What was clamped is kept at an edge, and says no more than that it lies beyond.
        let first = since.map { max(LookupKey.clamped(Self.floor($0 - 1) + 1), 1) } ?? 0
        let end = until.map { LookupKey.clamped(Self.floor($0)) } ?? most + 1
        inner = first < end ? first...(end - 1) : nil
    }

    /// The millisecond of a time's key; nil for any other key.
    package init?(at key: LookupKey) {
        guard let field = key.field, field.isTime else { return nil }
        let millisecond = key.rawValue & LookupKey.mostMilliseconds
        self.field = field
        outer = millisecond...millisecond
        inner = outer
    }

    private static func floor(_ microseconds: Int64) -> Int64 {
        microseconds / 1000 - (microseconds % 1000 < 0 ? 1 : 0)
    }
}

/// Neighbouring records, some of which may lie in a span.
package struct LookupStretch: Hashable, Sendable {
    package let range: Range<UInt64>
    /// All of them lie in the span.
    package let isInside: Bool

    package init(range: Range<UInt64>, isInside: Bool) {
        self.range = range
        self.isInside = isInside
    }
}

extension [LookupStretch] {
    /// Adds a stretch behind the last, as a part of it where it continues it.
    package mutating func extend(by next: LookupStretch) {
        guard let last, last.range.upperBound == next.range.lowerBound,
            last.isInside == next.isInside
        else { return append(next) }
        self[count - 1] = LookupStretch(
            range: last.range.lowerBound..<next.range.upperBound, isInside: next.isInside)
    }
}
