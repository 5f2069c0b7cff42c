// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// The earliest and the latest of each time in every segment of 256 records.
///
/// What arrives together was received together, and mostly happened together: few segments hold
/// records of one hour, and these few are read. 32 bytes a segment.
struct LookupSpans: Sendable {
    static let segmentWidth: UInt64 = 256
    static let segmentByteCount = 32

    /// The lowest and the highest of one time; in a segment without any, low is above high.
    struct Bounds: Hashable, Sendable {
        var low = UInt64.max
        var high: UInt64 = 0

        mutating func insert(_ other: Bounds) {
            low = min(low, other.low)
            high = max(high, other.high)
        }
    }

    struct Segment: Hashable, Sendable {
        var time = Bounds()
        var received = Bounds()
    }

    /// The number of the first segment.
    let first: UInt64
    private(set) var segments: [Segment] = []

    /// None yet, of records from an index on.
    init(from index: UInt64) { first = index / Self.segmentWidth }

    /// As they were stored.
    init(first: UInt64, segments: [Segment]) {
        self.first = first
        self.segments = segments
    }

    /// How many segments a range of records touches.
    static func count(of range: Range<UInt64>) -> UInt64 {
        (range.upperBound - 1) / segmentWidth - range.lowerBound / segmentWidth + 1
    }

    /// Adds a record's time, or makes room for a record that has none.
    ///
    /// Records come in order.
    mutating func insert(_ key: LookupKey?, at index: UInt64) {
        let place = Int(index / Self.segmentWidth - first)
        while segments.count <= place { segments.append(Segment()) }
        guard let key else { return }
        let bounds = Bounds(low: key.hashBits, high: key.hashBits)
        if key.fieldNumber == LookupField.time.rawValue {
            segments[place].time.insert(bounds)
        } else {
            segments[place].received.insert(bounds)
        }
    }

    /// Adds the segments of the next records; the first of them may be this one's last.
    mutating func append(_ next: LookupSpans) {
        for (number, segment) in zip(next.first..., next.segments) {
            let place = Int(number - first)
            while segments.count <= place { segments.append(Segment()) }
            segments[place].time.insert(segment.time)
            segments[place].received.insert(segment.received)
        }
    }

    /// Whether a record may have this time.
    func holds(_ key: LookupKey, at index: UInt64) -> Bool {
        let segment = segments[Int(index / Self.segmentWidth - first)]
        let isReceived = key.fieldNumber == LookupField.received.rawValue
        let bounds = isReceived ? segment.received : segment.time
        return bounds.low <= key.hashBits && key.hashBits <= bounds.high
    }

    /// Adds the stretches of `range`, which these segments cover, that may hold a record in `span`.
    func add(_ span: LookupSpan, in range: Range<UInt64>, to found: inout [LookupStretch]) {
        guard !range.isEmpty else { return }
        let (isReceived, inner) = (span.field == .received, span.inner)
        let last = (range.upperBound - 1) / Self.segmentWidth
        for number in range.lowerBound / Self.segmentWidth...last {
            let segment = segments[Int(number - first)]
            let bounds = isReceived ? segment.received : segment.time
            guard bounds.low <= span.outer.upperBound, bounds.high >= span.outer.lowerBound,
                bounds.low <= bounds.high
            else { continue }
            let start = number * Self.segmentWidth
            found.extend(
                by: LookupStretch(
                    range: (start..<start + Self.segmentWidth).clamped(to: range),
                    isInside: inner.map { $0.contains(bounds.low) && $0.contains(bounds.high) }
                        ?? false))
        }
    }
}
