// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What redaction adds to a record: canonical texts, empty where there is nothing to say.
struct RedactionStamp {
    /// The value of `redactions`.
    private(set) var counts: [UInt8] = []
    /// The value of `redaction_policy`.
    private(set) var policy: [UInt8] = []
    /// Members in both, those of the record not counted.
    private(set) var memberCount = 0

    static let none = RedactionStamp()

    private init() {}

    /// - Parameter policy: the canonical text of the policy's identity, an object of three members;
    ///   nil where none is in force.
    init(counts: [String: Int], policy: [UInt8]?) {
        if !counts.isEmpty {
            let members = counts.map { JSONValue.Member($0.key, .integer($0.value)) }
            self.counts = JSONValue.object(members).canonical
        }
        self.policy = policy ?? []
        memberCount = counts.count + (policy == nil ? 0 : 3)
    }

    /// The value of `redaction_policy`.
    static func text(of policy: RedactionPolicyIdentity) -> [UInt8] { policy.value.canonical }

    /// Bytes that are enough for both members, names and punctuation included.
    var byteCount: Int { counts.count + policy.count + 40 }
}
