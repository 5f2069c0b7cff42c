// SPDX-License-Identifier: Apache-2.0

/// Which witnesses must have cosigned a checkpoint for it to count, and which logs it may be of.
///
///     log <vkey> [<url>]
///     witness paris <vkey> [<url>]
///     witness tokyo <vkey> [<url>]
///     witness quito <vkey> [<url>]
///     group cities 2 paris tokyo quito
///     quorum cities
///
/// Source: https://c2sp.org/tlog-policy.
public struct WitnessPolicy: Hashable, Sendable {
    /// The most bytes that a policy file may have.
    public static let maxBytes = 65_536

    /// The most logs, the most witnesses and the most groups that a policy may have; as many
    /// cosignatures fit in a note beside its log's.
    public static let maxCount = 64

    /// The policy that asks for no cosignature and names nobody.
    public static let none = WitnessPolicy(logs: [], witnesses: [], groups: [], quorum: nil)

    /// A log whose checkpoints are accepted.
    public struct Log: Hashable, Sendable {
        /// The log's key, under its origin.
        public let key: VerifierKey

        /// Where to reach the log, as the file has it; nothing is checked of it.
        public let url: String?
    }

    /// A party whose cosignatures count.
    public struct Witness: Hashable, Sendable {
        /// What the policy calls it, for people: bytes that are not UTF-8 are shown replaced.
        public var name: String { String(decoding: nameBytes, as: UTF8.self) }

        /// The witness's key, of type 0x04.
        public let key: VerifierKey

        /// The prefix of its submission address, as the file has it; nothing is checked of it.
        public let url: String?

        let nameBytes: [UInt8]
    }

    /// A number of members that together count as one.
    struct Group: Hashable, Sendable {
        let nameBytes: [UInt8]
        let threshold: Int
        let members: [Member]
    }

    /// A witness or a group, by its place in the policy.
    enum Member: Hashable, Sendable {
        case witness(Int)
        case group(Int)
    }

    /// The logs, in the file's order; empty where the log is known from elsewhere.
    public let logs: [Log]

    /// The witnesses, in the file's order, also those that no quorum counts.
    public let witnesses: [Witness]

    /// The groups; each one's members stand before it.
    let groups: [Group]

    /// What must be satisfied; `nil` asks for nothing.
    let quorum: Member?

    init(logs: [Log], witnesses: [Witness], groups: [Group], quorum: Member?) {
        self.logs = logs
        self.witnesses = witnesses
        self.groups = groups
        self.quorum = quorum
    }

    /// A policy that any `threshold` of some witnesses satisfy; 0 asks for none.
    public init(_ threshold: Int, of keys: [VerifierKey]) throws(WitnessPolicyError) {
        var draft = PolicyDraft()
        for (place, key) in keys.enumerated() {
            try draft.addWitness(named: Array("w\(place + 1)".utf8), key: key, url: nil)
        }
        let members = keys.indices.map { Array("w\($0 + 1)".utf8)[...] }
        if threshold != 0 {
            try draft.addGroup(named: Array("quorum".utf8), threshold: threshold, members: members)
        }
        self = try draft.finish(quorum: threshold == 0 ? nil : Array("quorum".utf8))
    }

    /// Whether the witnesses with these keys are enough.
    ///
    /// The caller has verified a cosignature of each on one checkpoint. Keys of no witness of this
    /// policy say nothing.
    public func isSatisfied(by keys: Set<VerifierKey>) -> Bool {
        guard let quorum else { return true }
        var isMet: [Bool] = []
        func counts(_ member: Member) -> Bool {
            switch member {
            case .witness(let place): keys.contains(witnesses[place].key)
            case .group(let place): isMet[place]
            }
        }
        for group in groups {
            isMet.append(group.members.count(where: counts) >= group.threshold)
        }
        return counts(quorum)
    }

    /// The fewest cosignatures that can satisfy the policy; 0 if it asks for none.
    public var fewest: Int {
        guard let quorum else { return 0 }
        var least: [Int] = []
        func need(_ member: Member) -> Int {
            switch member {
            case .witness: 1
            case .group(let place): least[place]
            }
        }
        for group in groups {
            least.append(group.members.map(need).sorted().prefix(group.threshold).reduce(0, +))
        }
        return need(quorum)
    }

    /// The witnesses whose verified cosignatures an opened checkpoint bears.
    ///
    /// It counts only keys that were among those which opened the checkpoint.
    public func cosigners(of opened: OpenedCheckpoint) -> Set<VerifierKey> {
        Set(witnesses.lazy.map(\.key).filter { opened.cosignatureTimeSeconds(of: $0) != nil })
    }
}
