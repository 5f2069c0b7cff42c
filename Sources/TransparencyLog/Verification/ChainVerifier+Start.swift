// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

extension ChainVerifier {
    /// What is decided before any entry is checked; without a state there is nothing to walk.
    func begin() throws -> (VerificationState?, VerificationSummary) {
        var summary = VerificationSummary(
            self,
            SignedHeads(keys, published: published, given: given, witnessed: witnessed))
        for number in keys.wrongEpochs {
            summary.findings.add(
                VerificationFinding(
                    .wrongKey, keys.epochs[number].first, "chain key",
                    "the key of epoch \(number) is not the one that the schedule names"))
        }
        guard let head = try storedHead(&summary) else { return (nil, summary) }
        summary.storedHead = head
        let identity = StoreIdentity.find(source, keys, records)
        try judge(identity, &summary)
        if case .foreign = identity { return (nil, summary) }
        guard let start = try start(&summary) else { return (nil, summary) }
        var state = VerificationState(
            walk: start.walk, tree: TreeWalk(edge: start.edge, heads: summary.comparedHeads),
            end: max(start.walk.place, min(options.end ?? .max, head.treeHead.size)),
            storedSize: head.treeHead.size)
        if start.isBroken { state.tree.breakOff() }
        state.missing = start.resume?.missing ?? MissingPayloads()
        return (state, summary)
    }

    private func storedHead(_ summary: inout VerificationSummary) throws -> StoredHead? {
        do throws(StoreError) {
            if let head = try source.reader.head() { return head }
        } catch {
            summary.findings.add(try EntryCheck.finding(error, nil, "head"))
            summary.notChecked.append("any entry, for the head that covers them cannot be read")
            return nil
        }
        for finding in try surroundings(size: 0) { summary.findings.add(finding) }
        for (source, signed) in summary.signed where signed.size > 0 {
            summary.findings.add(Self.truncation(source, signed, found: 0))
        }
        return nil
    }

    /// Weighs store, keys and published head against one another: of three that should agree, the
    /// one that stands alone is wrong.
    private func judge(
        _ identity: StoreIdentity, _ summary: inout VerificationSummary
    ) throws(StoreError) {
        switch identity {
        case .foreign(let why):
            let isOwn = summary.heads.isPublishedOwn ?? false
            if !isOwn { summary.heads.findings = [] }
            summary.findings.add(
                VerificationFinding(
                    isOwn ? .fork : .wrongKey, 0, "leaf",
                    isOwn
                        ? "the store holds another log than the published head: \(why)"
                        : "the keys are not those of the log in this store: \(why)"))
            summary.notChecked.append("any other entry, for none of them is this log's")
        case .own:
            if let name = source.origin, name != keys.origin.text {
                summary.findings.add(
                    VerificationFinding(
                        .derivedColumnMismatch, nil, "meta.origin",
                        "the store names another log than its first record"))
            }
        case .unknown: break
        }
        for finding in summary.heads.findings { summary.findings.add(finding) }
    }

    private struct Start {
        let walk: ChainWalk
        let edge: TreeEdge
        var isBroken = false
        var resume: VerificationPosition?
    }

    /// Where the walk begins: at the log's beginning, at an index, or where an earlier run ended.
    private func start(_ summary: inout VerificationSummary) throws -> Start? {
        let size = summary.storedHead?.treeHead.size ?? 0
        let resume = try options.resume.flatMap { try isStanding($0, size, &summary) ? $0 : nil }
        let from = resume?.next ?? options.resume?.from ?? options.from
        guard from > 0 else {
            return Start(
                walk: ChainWalk(keys: keys, previous: keys.genesis ?? .emptyRoot),
                edge: TreeEdge())
        }
        guard from <= size else {
            summary.findings.add(
                VerificationFinding(
                    .unverifiable(keyID: "range"), nil, "range",
                    "it begins at \(from), and the log ends at \(size)"))
            return nil
        }
        let before = (try? source.reader.leaves(from - 1..<from))?.first
        let walk = ChainWalk(
            keys: keys, place: from, previous: resume?.lastMAC ?? before?.mac,
            lastTimestampMS: resume?.lastTimestampMS ?? before?.timestampMS ?? 0)
        guard let before, let edge = storedEdge(from), isLast(before, in: edge.head) else {
            summary.findings.add(
                VerificationFinding(
                    .derivedColumnMismatch, from - 1, "hashes",
                    "the tiles before the range do not hold the leaf before it"))
            return Start(walk: walk, edge: TreeEdge(), isBroken: true, resume: resume)
        }
        return Start(walk: walk, edge: edge, resume: resume)
    }

    /// Whether the stored tiles lead from a leaf, as the last one of a tree, to the tree's root.
    private func isLast(_ leaf: Leaf, in head: TreeHead) -> Bool {
        let tree = StoredTree(reader: source.reader)
        return (try? tree.holds(leaf.hash, at: head.size - 1, in: head)) == true
    }

    private func storedEdge(_ size: UInt64) -> TreeEdge? {
        try? TreeEdge(size: size) { level, index, width in
            guard let bytes = try source.reader.hashTile(level: level, index: index),
                bytes.count >= width * Digest.byteCount
            else { throw TileError.wrongByteCount(0) }
            return Array(bytes.prefix(width * Digest.byteCount))
        }
    }

    /// Whether what an earlier run verified is still what is stored.
    private func isStanding(
        _ position: VerificationPosition, _ size: UInt64, _ summary: inout VerificationSummary
    ) throws -> Bool {
        guard position.next <= size else {
            summary.findings.add(
                VerificationFinding(
                    .truncatedTail(expected: position.next, found: size), size, "head",
                    "\(position.next) entries were verified before, and \(size) are here"))
            return false
        }
        guard storedEdge(position.next)?.head.root == position.root else {
            summary.findings.add(
                VerificationFinding(
                    .fork, nil, "tiles",
                    "the first \(position.next) entries are not those that were verified before"))
            return false
        }
        return true
    }
}
