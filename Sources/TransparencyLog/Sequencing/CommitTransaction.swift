// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// Why a transaction was given up although the store did what it was told.
///
/// Each one stops the sequencer: going on could sign what is not so.
enum SequencerFault: Error, Equatable {
    /// The head row is not the one that this sequencer wrote last: somebody else writes here.
    case fenceLost
    /// What was read back is not what was written.
    case rereadDiffers(index: UInt64)
    /// A tile that was read back is not what was written.
    case tileDiffers(level: UInt8, index: UInt64)
    /// Two computations of one root disagree.
    case rootDiffers
    /// The head read back after the commit is not the committed one.
    case headDiffers
}

/// What became of one submission inside a transaction.
enum Settlement: Equatable {
    /// Newly added, at this place in the batch.
    case added(offset: Int)
    /// In the log already, or added by an earlier item of this batch.
    case replayed(index: UInt64, erased: Bool)
    case conflict(index: UInt64)

    var isRepeat: Bool {
        if case .replayed = self { true } else { false }
    }
}

/// One commit, from the fence to the last check before COMMIT.
struct CommitTransaction {
    let integrator: Integrator
    let state: SequencerState
    let wallMS: UInt64

    struct Outcome {
        /// By unit, by item.
        let settlements: [[Settlement]]
        /// Nil when every item was a repeat: nothing was written.
        let batch: SequencedBatch?
        let state: SequencerState
    }

    /// Fences, settles repeats, integrates, writes, and checks what was written.
    ///
    /// A crash at any point before COMMIT leaves the database as it was. Nothing here is signed.
    func run(
        _ units: [[Submission]], in transaction: any LogTransaction
    ) throws -> Outcome {
        guard try transaction.head() == state.head else { throw SequencerFault.fenceLost }
        var settler = Settler(firstIndex: state.edge.head.size)
        let settlements = try units.map { unit in
            try unit.map { try settler.settle($0, in: transaction) }
        }
        guard !settler.added.isEmpty else {
            return Outcome(settlements: settlements, batch: nil, state: state)
        }
        let entries = try number(settler.added, in: transaction)
        let (batch, edge) = integrator.integrate(entries, after: state, wallMS: wallMS)
        try transaction.append(batch)
        let verified = try verify(batch, settler.added, in: transaction)
        return Outcome(
            settlements: settlements, batch: batch,
            state: SequencerState(head: batch.head, edge: edge, verified: verified))
    }

    private func number(
        _ submissions: [Submission], in transaction: any LogTransaction
    ) throws -> [Integrator.Entry] {
        var numbers: [StoredCredential: UInt32] = [:]
        return try submissions.map { submission in
            let credential = submission.credential
            let number = try numbers[credential] ?? transaction.number(of: credential)
            numbers[credential] = number
            return Integrator.Entry(submission: submission, credential: number)
        }
    }

    /// Reads the batch back and computes its root by a second path.
    ///
    /// Returns the tree so grown.
    ///
    /// The checksum was made at the edge of the request, so that a record which changed anywhere
    /// between there and the database is found before its leaf is signed.
    private func verify(
        _ batch: SequencedBatch, _ submissions: [Submission], in transaction: any LogTransaction
    ) throws -> CompactRange {
        var range = state.verified
        guard range.head == batch.growth.oldHead else { throw SequencerFault.rootDiffers }
        let end = batch.head.treeHead.size
        let reread = try transaction.reread(batch.firstIndex..<end)
        guard reread.count == batch.entries.count else {
            throw SequencerFault.rereadDiffers(index: batch.firstIndex)
        }
        for (offset, entry) in reread.enumerated() {
            let written = batch.entries[offset]
            guard entry.leaf == written.leaf, entry.submission == written.submission,
                entry.content.seed == written.content.seed,
                entry.content.formDigest == written.content.formDigest,
                Submission.checksum(entry.content.record) == submissions[offset].checksum
            else { throw SequencerFault.rereadDiffers(index: batch.firstIndex + UInt64(offset)) }
            range.append(entry.leaf.hash)
        }
        guard range.head == batch.head.treeHead else { throw SequencerFault.rootDiffers }
        let tiles =
            batch.growth.sealed.map { ($0.level, $0.index, $0.bytes) }
            + batch.growth.partials.map { ($0.level, $0.index, $0.bytes) }
        for (level, index, bytes) in tiles
        where try transaction.hashTile(level: level, index: index) != bytes {
            throw SequencerFault.tileDiffers(level: level, index: index)
        }
        guard try transaction.head() == batch.head else { throw SequencerFault.headDiffers }
        return range
    }
}

/// Tells new submissions from repeats, against stored rows and the batch itself.
private struct Settler {
    let firstIndex: UInt64
    private(set) var added: [Submission] = []
    private var offsets: [Digest: Int] = [:]

    init(firstIndex: UInt64) {
        self.firstIndex = firstIndex
    }

    mutating func settle(
        _ submission: Submission, in transaction: any LogTransaction
    ) throws -> Settlement {
        if let offset = offsets[submission.key] {
            let index = firstIndex + UInt64(offset)
            return submission.hasSameForm(as: added[offset].content)
                ? .replayed(index: index, erased: false) : .conflict(index: index)
        }
        if let index = try transaction.index(ofSubmissionKey: submission.key) {
            // Of a record that lost a field nobody can tell any more whether this one is equal.
            guard let stored = try transaction.content(at: index), stored.formDigest != nil else {
                return .replayed(index: index, erased: true)
            }
            return submission.hasSameForm(as: stored)
                ? .replayed(index: index, erased: false) : .conflict(index: index)
        }
        offsets[submission.key] = added.count
        added.append(submission)
        return .added(offset: added.count - 1)
    }
}
