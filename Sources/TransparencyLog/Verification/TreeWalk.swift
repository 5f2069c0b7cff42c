// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogCrypto
import LogStorage
import Merkle

/// A head that the tree of the leaves is compared with.
struct ComparedHead: Sendable {
    /// Where it comes from.
    enum Source: String, Sendable {
        /// The store's own row, which nobody signed.
        case stored
        /// The newest head that the log published: from its anchor.
        case published
        /// A checkpoint that whoever verifies has kept.
        case given
        /// The newest head that witnesses cosigned, of those that the log keeps.
        case witnessed
    }

    let source: Source
    let head: TreeHead
    /// Whether the leaves make its root; nil as long as that is not known.
    var isMet: Bool?
}

/// A stored tile that is not what the leaves below it make.
struct TileFault: Sendable {
    /// Leaves below the hashes that differ.
    let covered: Range<UInt64>
    let finding: VerificationFinding
}

/// Makes the tree again from the leaves, and compares tiles and heads on the way.
///
/// Memory: some tiles. Cost: one hash for each leaf, and reading the tiles.
struct TreeWalk: Sendable {
    private(set) var edge: TreeEdge
    private(set) var heads: [ComparedHead]
    private(set) var faults: [TileFault] = []
    /// A leaf could not be hashed, so that no root can be made from here on.
    private(set) var isBroken = false

    private static let faultLimit = 16

    init(edge: TreeEdge, heads: [ComparedHead]) {
        self.edge = edge
        self.heads = heads
        meetHeads()
    }

    /// Gives the tree up: a leaf is missing, and so is its hash.
    mutating func breakOff() { isBroken = true }

    /// Adds leaves at the right.
    mutating func append(
        _ hashes: [Digest], _ reader: any LogReader
    ) throws(StoreError) {
        guard !isBroken else { return }
        var rest = hashes[...]
        while !rest.isEmpty {
            // Stops where a head ends, so that its root is seen as it was.
            let size = edge.head.size
            let stop = heads.map(\.head.size).filter { $0 > size }.min() ?? .max
            let count = Int(min(UInt64(rest.count), stop - size))
            let growth = edge.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
            for sealed in growth.sealed {
                try compare(sealed.tile, with: sealed.bytes, reader)
            }
            meetHeads()
        }
    }

    /// Compares the open tiles, once all leaves are there.
    mutating func finish(_ reader: any LogReader) throws(StoreError) {
        guard !isBroken else { return }
        for partial in edge.partials { try compare(partial.tile, with: partial.bytes, reader) }
    }

    /// Proves from the stored tiles that a head before or behind the leaves is one with them.
    ///
    /// The tree that was made vouches for the tiles of older heads; a signed head, that ends behind
    /// the leaves, vouches for the leaves.
    mutating func proveRest(_ reader: any LogReader, storedSize: UInt64) {
        guard !isBroken else { return }
        let made = edge.head
        for place in heads.indices where heads[place].isMet == nil {
            let other = heads[place].head
            guard other.size <= storedSize else { continue }
            let (old, new) = other.size < made.size ? (other, made) : (made, other)
            let tree = StoredTree(reader: reader)
            heads[place].isMet =
                (try? tree.consistencyProof(from: old.size, to: new.size)
                    .verify(from: old, to: new)) != nil
        }
    }

    private mutating func meetHeads() {
        for place in heads.indices
        where heads[place].isMet == nil && heads[place].head.size == edge.head.size {
            heads[place].isMet = heads[place].head == edge.head
        }
    }

    private mutating func compare(
        _ tile: Tile, with bytes: [UInt8], _ reader: any LogReader
    ) throws(StoreError) {
        guard case .hashes(let level) = tile.level, faults.count < Self.faultLimit else { return }
        let height = 8 * UInt64(level)
        let first = tile.index << (height + 8)
        let column = level == 0 ? "hashes" : "tile level \(level)"
        let all = first..<first + UInt64(bytes.count / Digest.byteCount) << height
        let stored: [UInt8]?
        do throws(StoreError) {
            stored = try reader.hashTile(level: level, index: tile.index)
        } catch {
            faults.append(
                TileFault(covered: all, finding: try EntryCheck.finding(error, first, column)))
            return
        }
        guard let stored, stored.count >= bytes.count else {
            fault(all, column, "\(tile.path) is missing or cut short")
            return
        }
        // The whole tile in one comparison; only a bad one is looked through for the place.
        if memcmp(stored, bytes, bytes.count) == 0 { return }
        let place = UInt64(zip(stored, bytes).prefix { $0 == $1 }.count / Digest.byteCount)
        let covered = first + place << height
        fault(
            covered..<covered + 1 << height, column,
            "\(tile.path) is not what the leaves below it make")
    }

    private mutating func fault(_ covered: Range<UInt64>, _ column: String, _ message: String) {
        faults.append(
            TileFault(
                covered: covered,
                finding: VerificationFinding(
                    .derivedColumnMismatch, covered.lowerBound, column, message)))
    }
}
