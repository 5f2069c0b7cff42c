// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage

/// Leaves around a place, read a part at a time; one thread uses it.
final class LeafWindow {
    private let reader: any LogReader
    /// The places that there are.
    let size: UInt64
    private var loaded: Range<UInt64> = 0..<0
    private var leaves: [Leaf?] = []

    private static let width: UInt64 = 4_096

    init(reader: any LogReader, size: UInt64) {
        self.reader = reader
        self.size = size
    }

    /// The leaf at a place; nil if there is none that can be read.
    subscript(place: UInt64) -> Leaf? {
        guard place < size else { return nil }
        if !loaded.contains(place) { load(place / Self.width * Self.width) }
        return leaves[Int(place - loaded.lowerBound)]
    }

    /// The first place from `start` on whose leaf `body` accepts.
    func first(from start: UInt64, reach: UInt64, where body: (Leaf) -> Bool) -> UInt64? {
        guard start < size else { return nil }
        return (start..<min(size, start + reach)).first { self[$0].map(body) ?? false }
    }

    /// The last place before `end` whose leaf `body` accepts.
    func last(before end: UInt64, reach: UInt64, where body: (Leaf) -> Bool) -> UInt64? {
        let start = end > reach ? end - reach : 0
        return (start..<end).last { self[$0].map(body) ?? false }
    }

    /// Whether no leaf from `place` on can be read, as far as a look at the next ones and at the last
    /// ones tells: a head may claim any size.
    func endsBefore(_ place: UInt64) -> Bool {
        first(from: place, reach: 4 * Self.width) { _ in true } == nil
            && last(before: size, reach: min(size - place, Self.width)) { _ in true } == nil
    }

    private func load(_ first: UInt64) {
        loaded = first..<min(size, first + Self.width)
        if let whole = try? reader.leaves(loaded), whole.count == loaded.count {
            leaves = whole
            return
        }
        // Something in it cannot be read; the rest still can.
        leaves = loaded.map { place in (try? reader.leaves(place..<place + 1))?.first }
    }
}
