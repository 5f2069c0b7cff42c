// SPDX-License-Identifier: Apache-2.0

package import AuditChain
import LogCrypto
package import LogStorage
package import Merkle
import SignedNote

/// Brings a store that lost its end back to the newest signed head, from a copy of the public tree.
///
/// What the public tree holds comes back: leaves, and with them every proof and receipt. What only
/// the store held is gone: records, seeds, and who submitted them. A record of the log's own, in the
/// same transaction, says which, so that a verification tells loss from tampering.
///
/// Order of effects, and what a crash after each leaves:
/// 1. the anchor moves to the copy's head. The log refuses to start, as before; this runs again.
/// 2. one transaction: leaves and record. The next start publishes them as any that a crash left.
package struct Refill {
    /// How far a store is from a signed head.
    package struct Gap: Sendable {
        /// The tree that is stored.
        package let stored: TreeHead
        /// The newest head that the anchor knows; nil if there is no readable anchor.
        package let anchored: TreeHead?
    }

    /// What was done.
    package struct Outcome: Hashable, Sendable {
        /// The indexes whose records are lost; empty if only the anchor was missing.
        package let lost: Range<UInt64>
        /// The index of the record that says so.
        package let recordIndex: UInt64
        package let head: TreeHead
    }

    private let keys: LogKeys
    private let store: any LogStore
    private let anchor: Anchor
    private let state: SequencerState
    package let gap: Gap

    /// Loads the store's edge, which must be whole; nothing is written.
    ///
    /// - Throws: ``StartupRefusal`` if what is there is not this log's.
    package init(keys: LogKeys, store: any LogStore, anchor: Anchor, wallMS: UInt64) throws {
        self.keys = keys
        self.store = store
        self.anchor = anchor
        let check = StartupGuard(
            keys: keys, reader: store.reader, anchor: anchor, wallMS: wallMS,
            configuration: LogConfiguration())
        state = try check.loadState(try store.reader.head())
        let anchored = try anchor.state.map { try check.head(of: $0) }
        gap = Gap(stored: state.edge.head, anchored: anchored)
    }

    /// Whether the stored tree begins with all of a smaller one.
    package func storedTree(extends old: TreeHead) throws -> Bool {
        let proof = try StoredTree(reader: store.reader)
            .consistencyProof(from: old.size, to: gap.stored.size)
        return (try? proof.verify(from: old, to: gap.stored)) != nil
    }

    /// Writes the leaves after the stored ones, and the record about it.
    ///
    /// - Parameters:
    ///   - leaves: those from the store's size on to `head`, proven to be in its tree, which was
    ///     proven to begin with the stored and the anchored one.
    ///   - note: the checkpoint over `head`, whose signature was verified.
    ///   - record: makes the log's record of what is lost.
    ///   - further: records that follow on it.
    ///   - prepare: called before anything is written to the store, with the index that the first of
    ///     `further` will have.
    package func run(
        leaves: [Leaf], head: TreeHead, note: String, wallMS: UInt64, further: [Submission] = [],
        record: (_ lost: Range<UInt64>, _ head: TreeHead) -> Submission,
        prepare: (_ first: UInt64) throws -> Void = { _ in }
    ) throws -> Outcome {
        let size = state.edge.head.size
        precondition(
            head.size >= gap.anchored?.size ?? 0
                && size + UInt64(leaves.count) == max(size, head.size),
            "the leaves close the gap")
        try checkChain(leaves, from: size)
        try checkClock(wallMS, last: leaves.last)
        try moveAnchor(to: note, head)
        try keys.markUsed()
        let lost = size..<size + UInt64(leaves.count)
        let submission = record(lost, head)
        try prepare(lost.upperBound + 1)
        return try store.transaction { transaction in
            guard try transaction.head() == state.head else { throw SequencerFault.fenceLost }
            var state = state
            if !leaves.isEmpty {
                state = try append(leaves, to: state, wallMS, transaction)
                guard state.edge.head == head else { throw SequencerFault.rootDiffers }
            }
            let end = try commit([submission] + further, after: state, wallMS, transaction)
            return Outcome(lost: lost, recordIndex: lost.upperBound, head: end)
        }
    }

    /// Adds records of the log's own to a store that lacks nothing.
    ///
    /// Nothing is signed: the next start publishes them as any that a crash left.
    package func append(_ records: [Submission], wallMS: UInt64) throws -> TreeHead {
        try checkClock(wallMS, last: nil)
        try keys.markUsed()
        return try store.transaction { transaction in
            try commit(records, after: state, wallMS, transaction)
        }
    }

    private func commit(
        _ records: [Submission], after state: SequencerState, _ wallMS: UInt64,
        _ transaction: any LogTransaction
    ) throws -> TreeHead {
        try CommitTransaction(
            integrator: Integrator(
                origin: keys.identity.origin, schedule: keys.schedule,
                granularityMS: keys.identity.granularityMS),
            state: state, wallMS: wallMS
        ).run([records], in: transaction).state.edge.head
    }

    private func checkClock(_ wallMS: UInt64, last: Leaf?) throws {
        let newest = max(
            last?.timestampMS ?? 0, state.head?.lastLeafTimestampMS ?? 0,
            anchor.state?.treeHeadTimeMS ?? 0)
        guard wallMS >= newest else {
            throw StartupRefusal(
                .clockBehind,
                "the clock is \(newest - wallMS) ms behind the newest time in the log: set it")
        }
    }

    /// The leaves must have been chained with this log's keys: whoever could sign a tree of others
    /// is not who kept this store.
    private func checkChain(_ leaves: [Leaf], from first: UInt64) throws {
        var previous =
            state.head?.lastMAC ?? keys.schedule.key(at: 0).genesis(keys.identity.origin)
        for (index, leaf) in zip(first..., leaves) {
            let mac = keys.schedule.key(at: index).mac(
                index: index, timestampMS: leaf.timestampMS, commitment: leaf.commitment,
                previous: previous)
            guard Digest.constantTimeEquals(mac, leaf.mac) else {
                throw StartupRefusal(
                    .foreign,
                    "the leaf at index \(index) of the copy was not chained with this log's keys: "
                        + "they are from before a rotation, or the signing key was used elsewhere",
                    firstBadIndex: index)
            }
            previous = mac
        }
    }

    /// An anchor holds the log's own Ed25519 line alone, here the one that the note came with:
    /// nothing is signed for it.
    private func moveAnchor(to note: String, _ head: TreeHead) throws {
        let keys = [self.keys.signer.verifierKey, self.keys.signer.treeHeadKey]
        let opened = try OpenedCheckpoint.open(
            Array(note.utf8), origin: self.keys.identity.origin.text, keys: keys)
        let own = opened.verified.filter { $0.keyID == keys[0].keyID }
        guard opened.checkpoint.head == head, own.count == 1 else {
            throw StartupRefusal(.foreign, "the copy's head bears no signature by this log's key")
        }
        let new = AnchorState(
            note: Note(text: opened.note.text, signatures: own).serialized,
            treeHeadTimeMS: max(
                anchor.state?.treeHeadTimeMS ?? 0, opened.timestampMS(of: keys[1]) ?? 0))
        if anchor.state == nil {
            try anchor.initialise(new)
        } else if gap.anchored != head {
            try anchor.write(new)
        }
    }

    private func append(
        _ leaves: [Leaf], to state: SequencerState, _ wallMS: UInt64,
        _ transaction: any LogTransaction
    ) throws -> SequencerState {
        let credential = try transaction.number(of: .lost)
        let first = state.edge.head.size
        // A key that no submission has: the leaf's own hash.
        let entries = leaves.map { leaf in
            SequencedEntry(
                leaf: leaf, leafHash: leaf.hash,
                submission: StoredSubmission(key: leaf.hash, credential: credential),
                content: .none, lookups: [])
        }
        var next = state
        let growth = next.edge.append(entries.map(\.leafHash))
        for entry in entries { next.verified.append(entry.leafHash) }
        guard let last = leaves.last, next.verified.head == growth.newHead else {
            throw SequencerFault.rootDiffers
        }
        let head = StoredHead(
            treeHead: growth.newHead, commit: (state.head?.commit ?? 0) + 1,
            lastLeafTimestampMS: last.timestampMS, lastMAC: last.mac, committedAtMS: wallMS)
        try transaction.appendLost(
            SequencedBatch(firstIndex: first, entries: entries, growth: growth, head: head))
        next.head = head
        return next
    }
}

extension StoredCredential {
    /// Who submitted records of which nothing but their leaves is left.
    package static let lost = StoredCredential(tenant: "_log", name: "lost")
}

extension StoredContent {
    /// Stands where there is no content to write.
    fileprivate static let none = StoredContent(
        record: [], seed: Digest.emptyRoot, formDigest: Digest.emptyRoot)
}
