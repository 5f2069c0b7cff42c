// SPDX-License-Identifier: Apache-2.0

/// A policy that is being read, line by line.
struct PolicyDraft {
    /// The line that is being read, from 1.
    var line = 0

    private var logs: [WitnessPolicy.Log] = []
    private var witnesses: [WitnessPolicy.Witness] = []
    private var groups: [WitnessPolicy.Group] = []
    private var names: [[UInt8]: WitnessPolicy.Member] = [:]
    private var inGroup: Set<WitnessPolicy.Member> = []

    /// Reads `log <vkey> [<url>]`.
    mutating func addLog(_ words: [ArraySlice<UInt8>]) throws(WitnessPolicyError) {
        let key = try key(words[1])
        guard key.algorithm != .cosignature else { throw .wrongKeyType(line) }
        guard !logs.contains(where: { $0.key.hasSameKey(as: key) }) else {
            throw .duplicateKey(line)
        }
        guard logs.count < WitnessPolicy.maxCount else { throw .tooMany(line) }
        logs.append(WitnessPolicy.Log(key: key, url: try url(words.dropFirst(2).first)))
    }

    /// Reads `witness <name> <vkey> [<url>]`.
    mutating func addWitness(_ words: [ArraySlice<UInt8>]) throws(WitnessPolicyError) {
        try addWitness(
            named: Array(words[1]), key: key(words[2]), url: url(words.dropFirst(3).first))
    }

    mutating func addWitness(
        named name: [UInt8], key: VerifierKey, url: String?
    ) throws(WitnessPolicyError) {
        guard key.algorithm == .cosignature else { throw .wrongKeyType(line) }
        guard !witnesses.contains(where: { $0.key.hasSameKey(as: key) }) else {
            throw .duplicateKey(line)
        }
        guard witnesses.count < WitnessPolicy.maxCount else { throw .tooMany(line) }
        try define(name, as: .witness(witnesses.count))
        witnesses.append(WitnessPolicy.Witness(key: key, url: url, nameBytes: name))
    }

    /// Reads `group <name> all|any|<k> <name>…`.
    mutating func addGroup(_ words: [ArraySlice<UInt8>]) throws(WitnessPolicyError) {
        let members = words.dropFirst(3)
        let threshold: Int? =
            switch String(decoding: words[2], as: UTF8.self) {
            case "all": members.count
            case "any": 1
            default: decimal(words[2]).flatMap { Int(exactly: $0) }
            }
        guard let threshold else { throw .malformedLine(line) }
        try addGroup(named: Array(words[1]), threshold: threshold, members: Array(members))
    }

    mutating func addGroup(
        named name: [UInt8], threshold: Int, members: [ArraySlice<UInt8>]
    ) throws(WitnessPolicyError) {
        guard 1...max(members.count, 1) ~= threshold, !members.isEmpty else {
            throw .thresholdOutOfReach(line)
        }
        guard groups.count < WitnessPolicy.maxCount else { throw .tooMany(line) }
        var places: [WitnessPolicy.Member] = []
        for member in members {
            guard let place = names[Array(member)] else { throw .undefinedName(line) }
            guard inGroup.insert(place).inserted else { throw .repeatedMember(line) }
            places.append(place)
        }
        try define(name, as: .group(groups.count))
        groups.append(
            WitnessPolicy.Group(nameBytes: name, threshold: threshold, members: places))
    }

    /// A quorum's name must be defined where it stands.
    func checkQuorum(_ name: ArraySlice<UInt8>) throws(WitnessPolicyError) {
        guard name.elementsEqual("none".utf8) || names[Array(name)] != nil else {
            throw .undefinedName(line)
        }
    }

    /// The policy under a quorum that is defined; `nil` asks for none.
    func finish(quorum: [UInt8]?) throws(WitnessPolicyError) -> WitnessPolicy {
        guard let quorum else {
            return WitnessPolicy(logs: logs, witnesses: witnesses, groups: groups, quorum: nil)
        }
        guard let member = names[quorum] else { throw .undefinedName(line) }
        return WitnessPolicy(logs: logs, witnesses: witnesses, groups: groups, quorum: member)
    }

    private mutating func define(
        _ name: [UInt8], as member: WitnessPolicy.Member
    ) throws(WitnessPolicyError) {
        guard !name.elementsEqual("none".utf8), names.updateValue(member, forKey: name) == nil
        else { throw .duplicateName(line) }
    }

    private func key(_ word: ArraySlice<UInt8>) throws(WitnessPolicyError) -> VerifierKey {
        guard let text = String(validating: word, as: UTF8.self) else {
            throw .malformedKey(line, .malformedKey)
        }
        do {
            return try VerifierKey(parsing: text)
        } catch {
            throw .malformedKey(line, error)
        }
    }

    private func url(_ word: ArraySlice<UInt8>?) throws(WitnessPolicyError) -> String? {
        guard let word else { return nil }
        guard let text = String(validating: word, as: UTF8.self) else {
            throw .malformedLine(line)
        }
        return text
    }
}
