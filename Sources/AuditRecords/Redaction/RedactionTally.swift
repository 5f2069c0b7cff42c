// SPDX-License-Identifier: Apache-2.0

/// What a pass took out: how often by each rule, and where.
struct RedactionTally {
    private(set) var counts: [String: Int] = [:]
    /// Only filled if asked for.
    private(set) var findings: [RedactionFinding] = []
    /// The names on the way to where the pass stands; a name that holds something is its position.
    var path: [String] = []
    let keepsFindings: Bool

    init(keepsFindings: Bool) {
        self.keepsFindings = keepsFindings
    }

    /// Everything that was taken out.
    var total: Int { counts.values.reduce(0, +) }

    mutating func add(_ rule: String) {
        counts[rule, default: 0] += 1
        guard keepsFindings else { return }
        let path = path.joined(separator: ".")
        if let place = findings.firstIndex(where: { $0.path == path && $0.rule == rule }) {
            findings[place].count += 1
        } else {
            findings.append(RedactionFinding(path: path, rule: rule, count: 1))
        }
    }
}

/// What a rule would take out at one place; never what it found.
public struct RedactionFinding: Hashable, Sendable {
    /// Names joined by dots; `#3` is the fourth member, whose name holds something itself.
    ///
    /// Arrays do not count.
    public let path: String
    /// The rule's id; `key_name`, `field` and `unscanned` are the redactor's own.
    public let rule: String
    /// How often.
    public fileprivate(set) var count: Int
}
