// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
package import Merkle

/// What is told of records that are as they must be, and are not simply there and checked.
package enum RecordState: String, CaseIterable, Sendable {
    /// Removed, as a record of the log says that lists them.
    case erased
    /// Lost with a part of the store, as a record of the log says that lists them: their leaves were
    /// brought back, their contents were not.
    case lost
    /// Removed because of its age, as a record of the log says that lists it.
    case pruned
    /// Brought from another system, which alone vouches for what was before.
    case imported
    /// Committed, and not yet under a head that was published.
    case notYetIntegrated = "not_yet_integrated"
    /// Under no head whose cosignatures were verified here and meet the policy.
    case notYetWitnessed = "not_yet_witnessed"
}

/// What a verification found, what it covered, and what it did not check.
package struct VerificationReport: Sendable {
    /// A signed head that the log was compared with.
    package struct Checkpoint: Hashable, Sendable {
        /// `published`, from the log's own anchor; `given`, by whoever verifies; or `witnessed`, the
        /// newest one that the log keeps with cosignatures.
        package let source: String
        package let head: TreeHead
        /// Whether the leaves make its root; nil if that could not be told.
        package let isMet: Bool?
    }

    /// One epoch of the chain key that the range touches.
    package struct Epoch: Hashable, Sendable {
        package let number: Int
        package let first: UInt64
        package let checkValue: String
        /// Whether the key was held.
        package let isKeyed: Bool
    }

    package let origin: String
    let findings: FindingList
    /// The entries of the store's head.
    package let treeSize: UInt64
    /// The root that the leaves make; nil if not all of them were gone through.
    package let root: String?
    /// The entries that were checked; nil if there were none.
    package let verified: ClosedRange<UInt64>?
    /// Where the range began that was to be checked, and where it ended.
    package let range: Range<UInt64>
    package let recordsChecked: UInt64
    package let payloadsOpened: UInt64
    package let states: [RecordState: UInt64]
    package let checkpoints: [Checkpoint]
    package let epochs: [Epoch]
    /// What was not checked, each with the reason.
    package let notChecked: [String]
    package let isDeep: Bool
    package let elapsed: Duration

    /// What is told first; nil if nothing was found.
    package var finding: VerificationFinding? { findings.first }

    package var standing: VerificationStanding { finding?.verdict.standing ?? .verified }

    /// One sentence that may be read alone: it never says more than was checked.
    package var headline: String {
        guard finding == nil, !notChecked.isEmpty else { return summary }
        return "\(summary); not checked: " + notChecked.joined(separator: "; ")
    }

    /// The headline without what was not checked, for where that is told right beside it.
    package var summary: String {
        guard let finding else { return verifiedSummary }
        let place = finding.index.map { " at index \($0)" } ?? ""
        let what = "\(finding.verdict.name)\(place): \(finding.column): \(finding.message)"
        switch standing {
        case .unverifiable: return "CANNOT BE VERIFIED: \(what)"
        default: return (finding.verdict == .fork ? "FORKED: " : "TAMPERED: ") + what
        }
    }

    private var verifiedSummary: String {
        guard let verified else { return "verified: no entries of \(origin) to check" }
        let scope = "entries \(verified.lowerBound) to \(verified.upperBound)"
        let chain = epochs.contains(where: \.isKeyed) ? ["chain"] : []
        let parts = chain + (payloadsOpened > 0 ? ["payloads"] : []) + ["tree"]
        let lost = states[.lost] ?? 0
        let less = lost > 0 ? "; \(lost) records were lost, as the log itself says" : ""
        return "verified: \(scope) of \(origin): \(parts.joined(separator: ", "))\(less)"
    }
}

extension VerificationReport {
    /// A report by something else than a ``ChainVerifier``: of what is public alone, or of what kept
    /// a verification from beginning.
    package init(
        origin: String, findings: [VerificationFinding], head: TreeHead = .empty,
        checked: UInt64 = 0, checkpoints: [Checkpoint] = [], notChecked: [String],
        elapsed: Duration = .zero
    ) {
        var list = FindingList()
        for finding in findings { list.add(finding) }
        let end = list.first.map { $0.index ?? 0 } ?? checked
        self.init(
            origin: origin, findings: list, treeSize: head.size,
            root: checked == head.size ? head.root.base64 : nil,
            verified: end > 0 ? 0...end - 1 : nil, range: 0..<head.size,
            recordsChecked: checked, payloadsOpened: 0, states: [:], checkpoints: checkpoints,
            epochs: [], notChecked: notChecked, isDeep: false, elapsed: elapsed)
    }

    /// Everything that was found, as far as it is worth telling, the first one first.
    package var listed: [VerificationFinding] {
        findings.kept.sorted { $0.precedes($1) }
    }
}

extension VerificationReport.Checkpoint {
    package init(_ source: String, _ head: TreeHead, isMet: Bool?) {
        self.init(source: source, head: head, isMet: isMet)
    }
}

extension VerificationReport {
    /// The report as JSON, for the API and for `--json`.
    package var json: [UInt8] { value.canonical }

    private var value: JSONValue {
        var members: [JSONValue.Member] = [
            .init("report", "evident-verification/v1"),
            .init("headline", .string(headline)), .init("origin", .string(origin)),
            .init("result", .string(standing.rawValue)),
            .init("kind", finding.map { .string($0.verdict.name) } ?? "ok"),
            .init("first_bad_index", .optional(finding?.index)),
            .init("verified_from", .optional(verified?.lowerBound)),
            .init("verified_through", .optional(verified?.upperBound)),
            .init("range", [.whole(range.lowerBound), .whole(range.upperBound)]),
            .init("records_checked", .whole(recordsChecked)),
            .init("payloads_opened", .whole(payloadsOpened)),
            .init("payloads_erased", .whole(states[.erased] ?? 0)),
            .init("tree_size", .whole(treeSize)),
            .init("root", root.map { .string($0) } ?? .null),
            .init("finding_count", .whole(findings.count)),
            .init("findings", .array(findings.kept.map(Self.json))),
            .init("not_checked", .array(notChecked.map { .string($0) })),
            .init("elapsed_ms", .integer(elapsed.milliseconds)),
        ]
        members.append(.init("states", .object(stateMembers)))
        members.append(.init("checkpoints", .array(checkpoints.map(Self.json))))
        members.append(.init("key_epochs", .array(epochs.map(Self.json))))
        return .object(members)
    }

    private var stateMembers: [JSONValue.Member] {
        RecordState.allCases.map { .init($0.rawValue, .whole(states[$0] ?? 0)) }
    }

    private static func json(_ finding: VerificationFinding) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("kind", .string(finding.verdict.name)),
            .init("index", .optional(finding.index)), .init("column", .string(finding.column)),
            .init("detail", .string(finding.message)),
        ]
        switch finding.verdict {
        case .truncatedTail(let expected, let found):
            members.append(.init("expected", .whole(expected)))
            members.append(.init("found", .whole(found)))
        case .unverifiable(let key): members.append(.init("key_id", .string(key)))
        default: break
        }
        return .object(members)
    }

    private static func json(_ checkpoint: Checkpoint) -> JSONValue {
        [
            "source": .string(checkpoint.source), "size": .whole(checkpoint.head.size),
            "root": .string(checkpoint.head.root.base64),
            "met": checkpoint.isMet.map { .bool($0) } ?? .null,
        ]
    }

    private static func json(_ epoch: Epoch) -> JSONValue {
        [
            "epoch": .integer(epoch.number), "first": .whole(epoch.first),
            "kcv": .string(epoch.checkValue), "keyed": .bool(epoch.isKeyed),
        ]
    }
}

extension JSONValue {
    /// A number from a store that may claim anything: JSON has none from 2^53 on.
    fileprivate static func whole(_ number: UInt64) -> JSONValue {
        number < 1 << 53 ? .integer(number) : .string(String(number))
    }

    fileprivate static func optional(_ number: UInt64?) -> JSONValue {
        number.map { .whole($0) } ?? .null
    }
}

extension Duration {
    var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
