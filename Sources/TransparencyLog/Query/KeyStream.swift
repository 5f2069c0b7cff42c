// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// The indexes that bear one key, in either order, fetched in pieces.
///
/// Pieces grow while they are used up and shrink while they are jumped over. None but the first is
/// small: the store checks and decodes a block for each, whether it gives 10 indexes or 4,000.
struct KeyStream: Sendable {
    private static let pieces = 1_024...8_192

    let key: LookupKey
    private let range: Range<UInt64>
    private let isDescending: Bool
    private var found: [UInt64] = []
    private var place = 0
    /// There are no more behind `found`.
    private var isLast = false
    private var piece = 128
    /// Answers that the piece gave.
    private var used = 0

    init(_ key: LookupKey, in range: Range<UInt64>, _ order: RecordOrder) {
        self.key = key
        self.range = range
        isDescending = order == .descending
    }

    /// About how far apart its indexes lie where it stands; more is better to begin with.
    var distance: UInt64 {
        guard let first = found.first, let last = found.last, !isLast else { return .max }
        return (max(first, last) - min(first, last)) / UInt64(found.count)
    }

    /// The first index at or behind `position`, in the stream's order; nil if there is none.
    ///
    /// Positions only move on. Adds what it cost to `work`.
    mutating func seek(
        _ position: UInt64, _ reader: any LogReader, _ work: inout Int
    ) throws(StoreError) -> UInt64? {
        while true {
            skip(to: position)
            if place < found.count {
                used += 1
                return found[place]
            }
            if isLast { return nil }
            try fetch(from: position, reader)
            work += 2 + found.count / 256
        }
    }

    /// Moves on to the first index at or behind `position`: by growing steps, then by halves.
    private mutating func skip(to position: UInt64) {
        var (step, low) = (1, place)
        while low + step <= found.count, isBefore(found[low + step - 1], position) {
            low += step
            step *= 2
        }
        var high = min(low + step, found.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(found[middle], position) { low = middle + 1 } else { high = middle }
        }
        place = low
    }

    private func isBefore(_ index: UInt64, _ position: UInt64) -> Bool {
        isDescending ? index > position : index < position
    }

    private mutating func fetch(
        from position: UInt64, _ reader: any LogReader
    ) throws(StoreError) {
        if !found.isEmpty {
            piece = used * 4 >= found.count ? piece * 2 : piece / 2
            piece = min(max(piece, Self.pieces.lowerBound), Self.pieces.upperBound)
        }
        let rest =
            isDescending
            ? range.lowerBound..<max(range.lowerBound, position + 1)
            : min(position, range.upperBound)..<range.upperBound
        found = try reader.indexes(of: key, in: rest, descending: isDescending, limit: piece)
        (place, used, isLast) = (0, 0, found.count < piece)
    }
}

/// The indexes that bear one of several keys.
struct KeyUnion: Sendable {
    private var streams: [KeyStream]
    private let isDescending: Bool

    init(_ keys: [LookupKey], in range: Range<UInt64>, _ order: RecordOrder) {
        streams = keys.map { KeyStream($0, in: range, order) }
        isDescending = order == .descending
    }

    /// As of the stream whose indexes lie closest together.
    var distance: UInt64 { streams.map(\.distance).min() ?? .max }

    /// The first index at or behind `position` that bears one of the keys.
    mutating func seek(
        _ position: UInt64, _ reader: any LogReader, _ work: inout Int
    ) throws(StoreError) -> UInt64? {
        var first: UInt64?
        for number in streams.indices {
            guard let index = try streams[number].seek(position, reader, &work) else { continue }
            first = first.map { isDescending ? max($0, index) : min($0, index) } ?? index
        }
        return first
    }
}
