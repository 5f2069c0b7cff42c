// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// What the sequencer holds between two commits.
///
/// A value: a transaction that fails leaves the old one in place, chain tip included.
struct SequencerState: Sendable {
    /// The newest committed head; nil before the first commit.
    var head: StoredHead?
    var edge: TreeEdge
    /// The same tree, grown by another algorithm from bytes read back out of the database.
    var verified: CompactRange
}

/// Gives records their index, time, chain link and leaf, and grows the tree by them.
///
/// Pure.
struct Integrator {
    let origin: Origin
    let schedule: ChainSchedule
    /// Public times are rounded down to this, milliseconds.
    let granularityMS: UInt64

    /// One record to integrate, with its credential's number.
    struct Entry {
        let submission: Submission
        let credential: UInt32
    }

    /// The batch that `entries` make after `state`, and the tree's edge after it.
    ///
    /// Times never fall with the index: a clock that is a little behind repeats the last one.
    func integrate(
        _ entries: [Entry], after state: SequencerState, wallMS: UInt64
    ) -> (batch: SequencedBatch, edge: TreeEdge) {
        let firstIndex = state.edge.head.size
        let timestampMS = max(
            state.head?.lastLeafTimestampMS ?? 0, wallMS - wallMS % granularityMS)
        var previous = state.head?.lastMAC ?? schedule.key(at: 0).genesis(origin)
        var sequenced: [SequencedEntry] = []
        sequenced.reserveCapacity(entries.count)
        for (index, entry) in zip(firstIndex..., entries) {
            let submission = entry.submission
            previous = schedule.key(at: index).mac(
                index: index, timestampMS: timestampMS, commitment: submission.commitment,
                previous: previous)
            let leaf = Leaf(
                timestampMS: timestampMS, commitment: submission.commitment, mac: previous)
            sequenced.append(
                SequencedEntry(
                    leaf: leaf, leafHash: leaf.hash,
                    submission: StoredSubmission(
                        key: submission.key, credential: entry.credential),
                    content: submission.content, lookups: submission.lookups))
        }
        var edge = state.edge
        let growth = edge.append(sequenced.map(\.leafHash))
        let head = StoredHead(
            treeHead: growth.newHead, commit: (state.head?.commit ?? 0) + 1,
            lastLeafTimestampMS: timestampMS, lastMAC: previous, committedAtMS: wallMS)
        let batch = SequencedBatch(
            firstIndex: firstIndex, entries: sequenced, growth: growth, head: head)
        return (batch, edge)
    }
}
