// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
import LogCrypto
import LogStorage
import Merkle
import TransparencyLog

/// Makes the tree again from the stored leaves, and compares every tile and the head with it.
///
/// Memory: some tiles, whatever the size. Cost: two hashes for each leaf, and reading it.
struct TreeCheck {
    let reader: any LogReader
    let keys: LogKeys
    let head: StoredHead
    /// The head in the anchor, which the stored tree must begin with.
    let anchored: TreeHead

    /// Leaves that are read at a time.
    private static let chunk: UInt64 = 4_096

    /// Throws the first ``FsckFinding``.
    func run(progress: (UInt64) -> Void) throws(FsckFinding) {
        var edge = TreeEdge()
        var last: Leaf?
        let size = head.treeHead.size
        while edge.head.size < size {
            let first = edge.head.size
            // A chunk ends where the anchored tree does, so that its root is seen as it was.
            let stop = anchored.size > first ? anchored.size : size
            let end = min(first - first % Self.chunk + Self.chunk, stop, size)
            let leaves = try read(first..<end)
            try checkTimes(leaves, first: first, after: last)
            let growth = edge.append(leaves.map(\.hash))
            for sealed in growth.sealed { try compare(sealed.tile, with: sealed.bytes) }
            last = leaves.last
            if edge.head.size == anchored.size { try compareAnchor(edge.head) }
            progress(edge.head.size)
        }
        for partial in edge.partials { try compare(partial.tile, with: partial.bytes) }
        try compareHead(edge.head, last)
    }

    private func read(_ range: Range<UInt64>) throws(FsckFinding) -> [Leaf] {
        let leaves: [Leaf]
        do {
            leaves = try reader.leaves(range)
        } catch {
            throw FsckFinding(error, near: range.lowerBound, reading: "leaf")
        }
        guard leaves.count == range.count else {
            throw FsckFinding(
                range.lowerBound + UInt64(leaves.count), "leaf", "the leaf is missing")
        }
        return leaves
    }

    private func checkTimes(
        _ leaves: [Leaf], first: UInt64, after last: Leaf?
    ) throws(FsckFinding) {
        var previous = last?.timestampMS ?? 0
        for (index, leaf) in zip(first..., leaves) {
            guard leaf.timestampMS >= previous,
                leaf.timestampMS % keys.identity.granularityMS == 0
            else {
                throw FsckFinding(
                    index, "leaf.timestamp",
                    "the time runs backwards, or is finer than the log's granularity")
            }
            previous = leaf.timestampMS
        }
    }

    private func compare(_ tile: Tile, with bytes: [UInt8]) throws(FsckFinding) {
        guard case .hashes(let level) = tile.level else { return }
        let covered = tile.index << (8 * (UInt64(level) + 1))
        let column = level == 0 ? "hashes" : "tile level \(level)"
        let stored: [UInt8]?
        do {
            stored = try reader.hashTile(level: level, index: tile.index)
        } catch {
            throw FsckFinding(error, near: covered, reading: column)
        }
        guard let stored, stored.count >= bytes.count else {
            throw FsckFinding(covered, column, "\(tile.path) is missing or cut short")
        }
        // The whole tile in one comparison; only a bad one is looked through for the place.
        if memcmp(stored, bytes, bytes.count) == 0 { return }
        let place = zip(stored, bytes).prefix { $0 == $1 }.count
        let first = covered + UInt64(place / Digest.byteCount) << (8 * UInt64(level))
        throw FsckFinding(
            first, level == 0 ? guilty(first) : column,
            "\(tile.path) is not what the leaves below it make")
    }

    /// A leaf and its stored hash differ: the chain tells which of them was changed.
    private func guilty(_ index: UInt64) -> String {
        let previous: Digest?
        if index == 0 {
            previous = keys.schedule.key(at: 0).genesis(keys.identity.origin)
        } else {
            previous = try? reader.leaves(index - 1..<index).first?.mac
        }
        guard let previous, let leaf = try? reader.leaves(index..<index + 1).first else {
            return "leaf"
        }
        let mac = keys.schedule.key(at: index).mac(
            index: index, timestampMS: leaf.timestampMS, commitment: leaf.commitment,
            previous: previous)
        return mac == leaf.mac ? "hashes" : "leaf"
    }

    private func compareAnchor(_ made: TreeHead) throws(FsckFinding) {
        guard made == anchored else {
            throw FsckFinding(
                nil, "anchor",
                "the tree of \(anchored.size) leaves has not the root that was published: "
                    + "the store was changed and made again, or it is another log's")
        }
    }

    private func compareHead(_ made: TreeHead, _ last: Leaf?) throws(FsckFinding) {
        guard made == head.treeHead else {
            throw FsckFinding(nil, "head.root", "the leaves make another root than the stored one")
        }
        guard last.map({ $0.mac == head.lastMAC }) ?? true,
            last?.timestampMS ?? head.lastLeafTimestampMS == head.lastLeafTimestampMS
        else {
            throw FsckFinding(nil, "head", "the head does not name the last leaf")
        }
    }
}
