// SPDX-License-Identifier: Apache-2.0

package import AuditChain
import LogCrypto
package import LogStorage
import Merkle

/// A log whose every entry follows from its index, so that whatever a store gives back can be
/// compared with what it was given.
///
/// It grows batch by batch.
package struct SampleLog: Sendable {
    private var edge = TreeEdge()
    /// The head after the batches so far; nil before the first.
    package private(set) var head: StoredHead?

    package init() {}

    /// The log whose batches had these sizes.
    package init(batches: [Int]) {
        for count in batches { _ = next(count) }
    }

    package var size: UInt64 { edge.head.size }

    /// The next batch, which the log holds from now on.
    package mutating func next(_ count: Int) -> SequencedBatch {
        let first = size
        let entries = (first..<first + UInt64(count)).map(Self.entry)
        let growth = edge.append(entries.map(\.leafHash))
        let last = entries[entries.count - 1].leaf
        let head = StoredHead(
            treeHead: growth.newHead, commit: (head?.commit ?? 0) + 1,
            lastLeafTimestampMS: last.timestampMS, lastMAC: last.mac,
            committedAtMS: last.timestampMS + 1)
        self.head = head
        return SequencedBatch(firstIndex: first, entries: entries, growth: growth, head: head)
    }

    // MARK: What an index stands for

    package static func entry(_ index: UInt64) -> SequencedEntry {
        let leaf = leaf(index)
        return SequencedEntry(
            leaf: leaf, leafHash: leaf.hash, submission: submission(index),
            content: content(index), lookups: lookups(index))
    }

    package static func leaf(_ index: UInt64) -> Leaf {
        Leaf(
            timestampMS: 1_790_000_000_000 + index / 100 * 1000, commitment: digest("c", index),
            mac: digest("m", index))
    }

    package static func submission(_ index: UInt64) -> StoredSubmission {
        StoredSubmission(key: digest("k", index), credential: 1 + UInt32(index % 3))
    }

    package static func content(_ index: UInt64) -> StoredContent {
        StoredContent(
            record: record(index), seed: digest("s", index), formDigest: digest("f", index))
    }

    /// About 400 bytes.
    ///
    /// The first member is the index, so that the record says which one it is.
    package static func record(_ index: UInt64) -> [UInt8] {
        let filler = String(repeating: digest("r", index).hex, count: 5 + Int(index % 3))
        return Array(#"{"details":\#(index),"labels":"\#(filler)"}"#.utf8)
    }

    /// Its own id, one of 20 tenants, one of 50 types, one of 5,000 actors; and its times.
    package static func lookups(_ index: UInt64) -> [LookupKey] {
        [
            hasher.key(.recordID, "id-\(index)"),
            hasher.key(.tenant, "tenant-\(index % 20)"),
            hasher.key(.type, "type-\(index % 50)"),
            hasher.key(.actor, "actor-\(index * 7 % 5000)"),
            LookupKey(.time, milliseconds: time(index)),
            LookupKey(.received, milliseconds: received(index)),
        ]
    }

    package static let hasher = LookupHasher(1, 2)

    /// Milliseconds, in no order.
    package static func time(_ index: UInt64) -> Int64 {
        1_790_000_000_000 + Int64(index * 37 % 1_000) * 1_000
    }

    /// Milliseconds, a little out of order.
    package static func received(_ index: UInt64) -> Int64 {
        1_790_000_000_000 + Int64(index ^ 5) * 10
    }

    /// The look-up keys of a record by its text alone, as a rebuild finds them.
    package static let recordKeys: @Sendable ([UInt8]) -> [LookupKey] = { record in
        var index: UInt64 = 0
        for byte in record.dropFirst(#"{"details":"#.utf8.count) {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { break }
            index = index * 10 + UInt64(byte - UInt8(ascii: "0"))
        }
        return lookups(index)
    }

    package static func hashTile(level: UInt8, index: UInt64, size: UInt64) -> [UInt8]? {
        let width = Tile.width(of: level, index: index, treeSize: size)
        guard width > 0 else { return nil }
        let span = UInt64(1) << (8 * UInt64(level))
        var bytes: [UInt8] = []
        for node in (index * 256)..<(index * 256 + UInt64(width)) {
            var range = CompactRange()
            for leaf in node * span..<(node + 1) * span { range.append(Self.leaf(leaf).hash) }
            bytes.append(range.root)
        }
        return bytes
    }

    private static func digest(_ what: Character, _ index: UInt64) -> Digest {
        SHA256.hash(Array("\(what)\(index)".utf8))
    }
}
