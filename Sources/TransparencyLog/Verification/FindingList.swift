// SPDX-License-Identifier: Apache-2.0

/// What was found, as far as it is worth telling: a store that is wrong throughout does not fill the
/// memory.
struct FindingList: Sendable {
    private(set) var count: UInt64 = 0
    /// The first ones, in the order that they were found in.
    private(set) var kept: [VerificationFinding] = []
    /// The one to be told first.
    private(set) var first: VerificationFinding?

    static let limit = 100

    var isEmpty: Bool { count == 0 }

    /// The lowest index at which a leaf is wrong.
    ///
    /// Whatever is made from the leaves behind it is wrong too.
    private(set) var firstBadLeaf: UInt64?

    mutating func add(_ finding: VerificationFinding) {
        // One thing is told once for each index: what says most.
        if let place = kept.firstIndex(where: { $0.index == finding.index && $0.index != nil }) {
            if finding.precedes(kept[place]) { kept[place] = finding }
        } else {
            count += 1
            if kept.count < Self.limit { kept.append(finding) }
        }
        if first.map({ finding.precedes($0) }) ?? true { first = finding }
        if let index = finding.index, Self.isOfLeaf(finding) {
            firstBadLeaf = min(firstBadLeaf ?? .max, index)
        }
    }

    /// Replaces verdicts now that more is known.
    mutating func revise(_ body: (VerificationFinding) -> VerificationFinding) {
        kept = kept.map(body)
        first = first.map(body)
    }

    private static func isOfLeaf(_ finding: VerificationFinding) -> Bool {
        switch finding.verdict {
        case .macMismatch, .linkBroken, .sequenceGap, .duplicateSeq, .reordered, .truncatedTail,
            .fork:
            finding.column.hasPrefix("leaf")
        case .unopenable: finding.column == "leaf"
        default: false
        }
    }
}
