// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// What is known of a verification besides the walk, and the report that both come to.
struct VerificationSummary: Sendable {
    private let verifier: ChainVerifier
    var heads: SignedHeads
    var findings = FindingList()
    var notChecked: [String] = []
    var storedHead: StoredHead?

    init(_ verifier: ChainVerifier, _ heads: SignedHeads) {
        self.verifier = verifier
        self.heads = heads
    }

    /// The signed heads that there are.
    var signed: [(ComparedHead.Source, TreeHead)] {
        [
            (.published, heads.published), (.given, heads.given), (.witnessed, heads.witnessed),
        ].compactMap { source, head in head.map { (source, $0) } }
    }

    /// All heads that the tree is compared with.
    var comparedHeads: [ComparedHead] {
        let stored = storedHead.map { ComparedHead(source: .stored, head: $0.treeHead) }
        return [stored].compactMap(\.self)
            + signed.map { ComparedHead(source: $0.0, head: $0.1) }
    }

    /// The report; without a walk, of what kept it from beginning.
    func report(
        _ state: VerificationState?, began: ContinuousClock.Instant
    ) -> VerificationReport {
        var findings = state?.findings ?? findings
        let from = first
        let end = state?.end ?? from
        let compared = state?.tree.heads ?? comparedHeads
        // A witnessed head may be far behind; it takes no published one's place.
        let isCompared = compared.contains {
            [.published, .given].contains($0.source) && $0.isMet == true
        }
        // A log that has only been made has an empty head, and nothing else to compare.
        let isNew = storedHead == nil && heads.published?.size == 0
        if findings.isEmpty, !isCompared, !isNew {
            findings.add(
                VerificationFinding(
                    .unverifiable(keyID: "signed head"), nil, "published head",
                    "there is no signed head to compare the log with"))
        }
        let size = storedHead?.treeHead.size ?? 0
        return VerificationReport(
            origin: verifier.keys.origin.text, findings: findings, treeSize: size,
            root: root(state, size), verified: verified(findings, from, end),
            range: from..<max(from, end),
            recordsChecked: state.map { $0.walk.linkedCount + $0.walk.unkeyedCount } ?? 0,
            payloadsOpened: state?.openedCount ?? 0, states: states(state, size),
            checkpoints: compared.filter { $0.source != .stored }.map {
                .init(source: $0.source.rawValue, head: $0.head, isMet: $0.isMet)
            }, epochs: epochs(from, end), notChecked: notChecked(state, compared, from, end, size),
            isDeep: verifier.options.isDeep, elapsed: ContinuousClock.now - began)
    }

    private var first: UInt64 {
        verifier.options.resume.map(\.next) ?? verifier.options.from
    }

    private func root(_ state: VerificationState?, _ size: UInt64) -> String? {
        guard let tree = state?.tree, !tree.isBroken, tree.edge.head.size == size else {
            return nil
        }
        return tree.edge.head.root.base64
    }

    /// The entries before the first that is wrong; none where the fault has no place.
    private func verified(
        _ findings: FindingList, _ from: UInt64, _ end: UInt64
    ) -> ClosedRange<UInt64>? {
        let isTampered = findings.first?.verdict.standing == .tampered
        let bad = findings.first?.index ?? (isTampered ? 0 : end)
        let through = min(bad, end)
        return through > from ? from...through - 1 : nil
    }

    private func states(_ state: VerificationState?, _ size: UInt64) -> [RecordState: UInt64] {
        let published = heads.published?.size ?? 0
        let witnessed = heads.isQuorumMet ? heads.witnessed?.size ?? 0 : 0
        return [
            .erased: state?.missing.erasedCount ?? 0, .lost: state?.missing.lostCount ?? 0,
            .pruned: state?.missing.prunedCount ?? 0,
            .imported: state?.importedCount ?? 0,
            .notYetIntegrated: size > published ? size - published : 0,
            .notYetWitnessed: size > witnessed ? size - witnessed : 0,
        ]
    }

    private func epochs(_ from: UInt64, _ end: UInt64) -> [VerificationReport.Epoch] {
        let keys = verifier.keys
        guard from < end, !keys.epochs.isEmpty else { return [] }
        return (keys.epoch(at: from)...keys.epoch(at: end - 1)).map { number in
            let epoch = keys.epochs[number]
            return .init(
                number: number, first: epoch.first, checkValue: Hex.encode(epoch.checkValue),
                isKeyed: epoch.key != nil)
        }
    }

    private func notChecked(
        _ state: VerificationState?, _ compared: [ComparedHead], _ from: UInt64, _ end: UInt64,
        _ size: UInt64
    ) -> [String] {
        var list = heads.notChecked + notChecked
        if let state {
            if from > 0 {
                list.append(
                    verifier.options.resume == nil
                        ? "entries before \(from), which were not asked for"
                        : "entries before \(from), which an earlier run verified")
            }
            if end < size { list.append("entries from \(end) on, which were not asked for") }
            if !verifier.options.isDeep { list.append("payloads, which were not asked for") }
            let unkeyed = epochs(from, end).filter { !$0.isKeyed }.map { "\($0.number)" }
            if verifier.keys.epochs.isEmpty {
                list.append("the chain, for no chain key was given")
            } else if !unkeyed.isEmpty {
                list.append(
                    "the chain of epoch \(unkeyed.joined(separator: ", ")), whose key is not here")
            }
            if state.tree.isBroken { list.append("the tree, for leaves are missing") }
            if !verifier.source.checksFile {
                list.append("the database file itself, which a deep check of the folder reads")
            }
        }
        if verifier.given == nil {
            list.append("a checkpoint kept elsewhere, for none was given")
        }
        list.append("look-ups, which prove nothing (evident fsck --lookups)")
        return list
    }
}
