// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// The indexes whose records may lie in a span of time, in either order, a window at a time.
struct StretchStream: Sendable {
    /// Indexes whose segments are looked at in one go: 4,096 segments.
    private static let windowWidth: UInt64 = 1 << 20

    private let span: LookupSpan
    private let range: Range<UInt64>
    private let isDescending: Bool
    private var window: Range<UInt64>?
    /// Those of the window, in the stream's order.
    private var stretches: [LookupStretch] = []
    private var place = 0

    init(_ span: LookupSpan, in range: Range<UInt64>, _ order: RecordOrder) {
        self.span = span
        self.range = range
        isDescending = order == .descending
    }

    /// Whether all records around the last answer lie in the span.
    var isInside: Bool { place < stretches.count && stretches[place].isInside }

    /// The first index at or behind `position`, in the stream's order; nil if there is none.
    mutating func seek(
        _ position: UInt64, _ reader: any LogReader, _ work: inout Int
    ) throws(StoreError) -> UInt64? {
        var position = position
        while range.contains(position) {
            if window?.contains(position) != true { try fetch(around: position, reader, &work) }
            guard let window else { return nil }
            while place < stretches.count {
                let stretch = stretches[place].range
                if stretch.contains(position) { return position }
                if isDescending ? stretch.upperBound <= position : position < stretch.lowerBound {
                    return isDescending ? stretch.upperBound - 1 : stretch.lowerBound
                }
                place += 1
            }
            if isDescending {
                guard window.lowerBound > range.lowerBound else { return nil }
                position = window.lowerBound - 1
            } else {
                position = window.upperBound
            }
        }
        return nil
    }

    private mutating func fetch(
        around position: UInt64, _ reader: any LogReader, _ work: inout Int
    ) throws(StoreError) {
        let start = position / Self.windowWidth * Self.windowWidth
        let window = (start..<start + Self.windowWidth).clamped(to: range)
        stretches = try reader.stretches(of: span, in: window)
        if isDescending { stretches.reverse() }
        (self.window, place) = (window, 0)
        work += 8
    }
}
