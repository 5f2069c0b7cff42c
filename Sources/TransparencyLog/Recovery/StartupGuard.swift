// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle
import SignedNote

/// Decides at start whether this database may go on under this key.
///
/// It compares three things that a thief of one of them cannot make agree: what is stored, what
/// was published (the anchor), and what time it is. It writes nothing but the first anchor of an
/// empty log, so that it may be interrupted at any point and run again.
struct StartupGuard {
    let keys: LogKeys
    let reader: any LogReader
    let anchor: Anchor
    let wallMS: UInt64
    let configuration: LogConfiguration
    /// Heads of this log that others kept.
    var claims: [WitnessClaim] = []

    private var origin: Origin { keys.identity.origin }
    private var schedule: ChainSchedule { keys.schedule }

    /// What the log starts from.
    struct Result {
        let state: SequencerState
        /// The head that the anchor holds: published, and a prefix of the state.
        let anchored: TreeHead
        let note: String
        /// Set when the clock was accepted by the operator's word alone.
        let acceptedClock: StartClock.Verdict
    }

    /// Checks all, in the order of the cost.
    ///
    /// Throws ``StartupRefusal`` or the store's error.
    func run() throws -> Result {
        let head = try reader.head()
        let (anchored, note) = try openAnchor(storeIsEmpty: head == nil)
        let state = try loadState(head)
        try compare(state, anchored, "was published")
        for claim in claims { try compare(state, claim.head, "is held by \(claim.keeper)") }
        try verifyTail(from: anchored.size, state)
        return Result(
            state: state, anchored: anchored, note: note, acceptedClock: try judgeClock(head))
    }

    /// The anchored head under this log's key.
    ///
    /// An empty log gets its first anchor here, before anything is committed; its keys are then
    /// marked as used, so that they never begin a second history when store and anchor are lost.
    private func openAnchor(storeIsEmpty: Bool) throws -> (TreeHead, String) {
        guard let state = anchor.state else {
            guard storeIsEmpty, !anchor.isDamaged, !keys.areUsed else {
                throw StartupRefusal(
                    .anchorMissing,
                    anchor.isDamaged
                        ? "the anchor is unreadable: restore it from its volume's backup, or "
                            + "confirm the newest head with a monitor"
                        : "the anchor is missing, and this log's keys have signed before: put "
                            + "database and anchor back, or correct the path of the anchor")
            }
            let note = try keys.signer.signVerified(.empty)
            try anchor.initialise(AnchorState(note: note, treeHeadTimeMS: 0))
            try keys.markUsed()
            return (.empty, note)
        }
        let head = try head(of: state)
        try keys.markUsed()
        return (head, state.note)
    }

    /// The head that an anchor holds, which must be signed by this log's key.
    func head(of state: AnchorState) throws -> TreeHead {
        do {
            return try OpenedCheckpoint.open(
                Array(state.note.utf8), origin: origin.text, keys: [keys.signer.verifierKey]
            ).checkpoint.head
        } catch {
            throw StartupRefusal(
                .foreign,
                "the anchor does not bear this log's signature: it or the key is another log's")
        }
    }

    /// Loads the edge of the tree, and re-hashes it to the stored root.
    func loadState(_ head: StoredHead?) throws -> SequencerState {
        guard let head else {
            return SequencerState(head: nil, edge: TreeEdge(), verified: CompactRange())
        }
        let size = head.treeHead.size
        guard size > 0 else {
            throw StartupRefusal(.tampered, "the stored head is of an empty tree")
        }
        do {
            let edge = try TreeEdge(size: size) { level, index, width in
                guard let bytes = try reader.hashTile(level: level, index: index),
                    bytes.count >= width * Digest.byteCount
                else { throw TileError.wrongByteCount(0) }
                return Array(bytes.prefix(width * Digest.byteCount))
            }
            let tree = StoredTree(reader: reader)
            guard edge.head == head.treeHead,
                let range = CompactRange(size: size, peaks: try tree.peaks(of: size)),
                range.head == head.treeHead
            else {
                throw StartupRefusal(
                    .tampered,
                    "the edge of the stored tree does not hash to the stored root; run evident "
                        + "fsck", firstBadIndex: size - size % 256)
            }
            try verifyTip(head, tree)
            return SequencerState(head: head, edge: edge, verified: range)
        } catch is TileError {
            throw StartupRefusal(
                .tampered,
                "a tile at the edge of the tree is missing or cut short; run evident "
                    + "fsck")
        }
    }

    /// The last leaf must be in the tree, and its MAC must be this key's over the one before: the
    /// next record is chained to it.
    private func verifyTip(_ head: StoredHead, _ tree: StoredTree) throws {
        let (size, last) = (head.treeHead.size, head.treeHead.size - 1)
        let leaves = try reader.leaves(last - min(last, 1)..<size)
        guard let leaf = leaves.last, leaf.mac == head.lastMAC,
            leaf.timestampMS == head.lastLeafTimestampMS,
            try tree.holds(leaf.hash, at: last, in: head.treeHead)
        else {
            throw StartupRefusal(
                .tampered, "the last leaf is not the one in the tree", firstBadIndex: last)
        }
        let previous = last == 0 ? schedule.key(at: 0).genesis(origin) : leaves[0].mac
        let mac = schedule.key(at: last).mac(
            index: last, timestampMS: leaf.timestampMS, commitment: leaf.commitment,
            previous: previous)
        guard Digest.constantTimeEquals(mac, leaf.mac) else {
            throw StartupRefusal(
                .foreign,
                "the last record was not chained with this chain key: the keys are another log's "
                    + "or from before a rotation, or the record was changed", firstBadIndex: last)
        }
    }

    /// The stored tree must be the anchored one, or have grown from it; and so with every head
    /// that this log's key signed and someone kept.
    private func compare(
        _ state: SequencerState, _ anchored: TreeHead, _ whereItIs: String
    ) throws {
        let stored = state.edge.head
        guard stored.size >= anchored.size else {
            throw StartupRefusal(
                .rollbackSuspected,
                "the database ends at \(stored.size) leaves, but a head of \(anchored.size) "
                    + "\(whereItIs): an older copy was restored. Put the newest database back, or "
                    + "its end from a mirror (evident recover); nothing has been signed",
                firstBadIndex: stored.size)
        }
        guard anchored.size > 0 else { return }
        do {
            let tree = StoredTree(reader: reader)
            let proof = try tree.consistencyProof(from: anchored.size, to: stored.size)
            try proof.verify(from: anchored, to: stored)
        } catch is TileError {
            throw StartupRefusal(.tampered, "a tile is missing or cut short; run evident fsck")
        } catch is ProofError {
            throw StartupRefusal(
                .forkSuspected,
                "the database holds another history than the head of \(anchored.size) leaves that "
                    + "\(whereItIs). Keep both as evidence; nothing has been signed")
        }
    }

    /// Recomputes what was committed but not published from the bytes: content, chain and leaves.
    ///
    /// Nobody was told of these records under a head, so they are signed only after this.
    private func verifyTail(from first: UInt64, _ state: SequencerState) throws {
        let end = state.edge.head.size
        guard first < end else { return }
        var range = CompactRange()
        var previous = schedule.key(at: 0).genesis(origin)
        if first > 0 {
            let peaks = try? StoredTree(reader: reader).peaks(of: first)
            guard let peaks, let before = CompactRange(size: first, peaks: peaks),
                let last = try reader.leaves(first - 1..<first).first
            else { throw StartupRefusal(.tampered, "tiles are missing", firstBadIndex: first) }
            (range, previous) = (before, last.mac)
        }
        for start in stride(from: first, to: end, by: 1_024) {
            let leaves = try reader.leaves(start..<min(start + 1_024, end))
            for (index, leaf) in zip(start..., leaves) {
                try verify(leaf, at: index, after: previous)
                range.append(leaf.hash)
                previous = leaf.mac
            }
        }
        guard range.head == state.edge.head else {
            throw StartupRefusal(
                .tampered, "the unpublished leaves do not hash to the stored root",
                firstBadIndex: first)
        }
    }

    private func verify(_ leaf: Leaf, at index: UInt64, after previous: Digest) throws {
        let mac = schedule.key(at: index).mac(
            index: index, timestampMS: leaf.timestampMS, commitment: leaf.commitment,
            previous: previous)
        guard let content = try reader.content(at: index),
            content.commitment(origin: origin) == leaf.commitment,
            Digest.constantTimeEquals(mac, leaf.mac)
        else {
            throw StartupRefusal(
                .tampered, "the unpublished record at index \(index) is not what was committed",
                firstBadIndex: index)
        }
    }

    private func judgeClock(_ head: StoredHead?) throws -> StartClock.Verdict {
        let last = max(
            head?.committedAtMS ?? 0, head?.lastLeafTimestampMS ?? 0,
            anchor.state?.treeHeadTimeMS ?? 0)
        let verdict = StartClock.judge(
            wallMS: wallMS, lastMS: last, leadMS: configuration.clockLeadMS)
        guard !configuration.acceptsClock else { return verdict }
        switch verdict {
        case .accepted:
            return verdict
        case .behind(let byMS):
            throw StartupRefusal(
                .clockBehind,
                "the clock is \(byMS) ms behind the newest time in the log: set it, or wait")
        case .ahead(let byMS):
            throw StartupRefusal(
                .clockAhead,
                "the clock is \(byMS / 3_600_000) h ahead of the newest time in the log: check "
                    + "it; if it is right, start once with --accept-clock, which is recorded")
        }
    }
}
