// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import Merkle

extension ChainVerifier {
    /// What can be told only when all entries were gone through.
    func finish(
        _ walked: VerificationState, _ summary: VerificationSummary
    ) throws -> VerificationState {
        var state = walked
        for finding in summary.findings.kept { state.findings.add(finding) }
        if state.end == state.storedSize, !state.tree.isBroken {
            try state.tree.finish(source.reader)
            compareStoredHead(summary, &state)
        }
        state.tree.proveRest(source.reader, storedSize: state.storedSize)
        try explainMissing(&state)
        judgeTiles(&state)
        judgeHeads(summary, &state)
        for finding in try surroundings(size: state.storedSize) { state.findings.add(finding) }
        return state
    }

    /// What lies around the entries; that it cannot be read is a finding too.
    func surroundings(size: UInt64) throws(StoreError) -> [VerificationFinding] {
        do throws(StoreError) {
            return try source.surroundings(size: size)
        } catch {
            return [try EntryCheck.finding(error, nil, "the database file")]
        }
    }

    private func compareStoredHead(
        _ summary: VerificationSummary, _ state: inout VerificationState
    ) {
        guard let head = summary.storedHead, state.findings.firstBadLeaf == nil else { return }
        let last = state.walk.previous
        if last.map({ $0 == head.lastMAC }) ?? true,
            state.walk.lastTimestampMS == head.lastLeafTimestampMS
        {
            return
        }
        state.findings.add(
            VerificationFinding(
                .derivedColumnMismatch, nil, "head", "the head does not name the last leaf"))
    }

    /// Payloads that no record explains are gone against the rules.
    private func explainMissing(_ state: inout VerificationState) throws(StoreError) {
        let isExplained =
            state.missing.unexplained.isEmpty && state.missing.unexplainedFields.isEmpty
        if !isExplained, state.end < state.storedSize {
            for start in stride(from: state.end, to: state.storedSize, by: 4_096) {
                let places = start..<min(start + 4_096, state.storedSize)
                let part = PartCheck(source: source, keys: keys, records: records)
                    .check(places, shift: state.walk.shift)
                for (index, fact) in part.payloads.facts where part.isClean {
                    state.take(fact, at: index, keys)
                }
            }
        }
        for range in state.missing.unexplained.prefix(FindingList.limit) {
            let isTail = range.upperBound == state.storedSize && range.lowerBound > 0
            state.findings.add(
                VerificationFinding(
                    isTail
                        ? .truncatedTail(expected: state.storedSize, found: range.lowerBound)
                        : .sequenceGap,
                    range.lowerBound, "content",
                    "\(range.count) payloads are missing, and no erasure of them is in the log"))
        }
        let fields = state.missing.unexplainedFields.sorted { $0.key < $1.key }
        for (index, names) in fields.prefix(FindingList.limit) {
            state.findings.add(
                VerificationFinding(
                    .sequenceGap, index, "content",
                    "\(names.count) fields are missing, and no erasure of them is in the log"))
        }
    }

    /// A leaf that was altered, put in or taken out spoils every tile behind it; the rest of the
    /// tiles is wrong by itself.
    private func judgeTiles(_ state: inout VerificationState) {
        var firstBadLeaf = state.findings.firstBadLeaf ?? .max
        let isUnsigned = state.tree.heads.contains { $0.source != .stored && $0.isMet == false }
        if keys.areBlind, isUnsigned,
            let leaf = state.tree.faults.first(where: { $0.covered.count == 1 })?.finding.index
        {
            // No chain tells whether the leaf or its hash was altered; the signed root does.
            firstBadLeaf = leaf
            state.findings.add(
                VerificationFinding(
                    .rootMismatch, leaf, "leaf",
                    "the leaf differs from its hash, and its root is not the signed one"))
        }
        for fault in state.tree.faults where fault.covered.upperBound <= firstBadLeaf {
            state.findings.add(fault.finding)
        }
    }

    private func judgeHeads(_ summary: VerificationSummary, _ state: inout VerificationState) {
        let firstBadLeaf = state.findings.firstBadLeaf ?? .max
        for compared in state.tree.heads {
            let (name, size) = (compared.source.rawValue, compared.head.size)
            if compared.source != .stored, size > state.storedSize {
                state.findings.add(
                    Self.truncation(compared.source, compared.head, found: state.storedSize))
            }
            guard compared.isMet == false else { continue }
            // With every link and payload right, the same keys made two histories.
            let isFork =
                compared.source != .stored && firstBadLeaf == .max && !keys.areBlind
                && state.end == state.storedSize
            state.findings.add(
                VerificationFinding(
                    isFork ? .fork : .rootMismatch, nil, "\(name) head",
                    "the leaves make another root for a tree of \(size) than that of the \(name) "
                        + "head"))
        }
        let shown = [summary.heads.given, summary.heads.witnessed].compactMap(\.?.size).max() ?? 0
        if let published = summary.heads.published,
            published.size < shown, shown <= state.storedSize
        {
            state.findings.add(
                VerificationFinding(
                    .checkpointRollback, published.size, "published head",
                    "it covers \(published.size) entries, and a checkpoint of \(shown) was "
                        + "shown before"))
        }
        judgeBreaks(&state)
        judgePrefix(summary, &state)
    }

    /// A leaf that breaks the chain and is under a signed root was not altered afterwards.
    private func judgeBreaks(_ state: inout VerificationState) {
        let signed =
            state.tree.heads.filter { $0.source != .stored && $0.isMet == true }
            .map(\.head.size).max() ?? 0
        state.findings.revise { finding in
            guard finding.verdict == .macMismatch, let index = finding.index, index < signed else {
                return finding
            }
            return VerificationFinding(
                .linkBroken, index, finding.column,
                "the leaf is the one that the log signed, and does not follow the one before it")
        }
    }

    private func judgePrefix(_ summary: VerificationSummary, _ state: inout VerificationState) {
        guard options.from > 0, options.resume == nil,
            !state.tree.heads.contains(where: { $0.source != .stored && $0.isMet == true })
        else { return }
        state.findings.add(
            VerificationFinding(
                .uncorroboratedPrefix, 0, "range",
                "entries before \(options.from) were not checked, and no signed head covers them"))
    }

    static func truncation(
        _ source: ComparedHead.Source, _ head: TreeHead, found: UInt64
    ) -> VerificationFinding {
        VerificationFinding(
            .truncatedTail(expected: head.size, found: found), found, "\(source.rawValue) head",
            "it covers \(head.size) entries, and only \(found) are here")
    }
}
