// SPDX-License-Identifier: Apache-2.0

extension WitnessPolicy {
    /// Parses a policy file.
    ///
    /// Names are octets, compared as such. Spaces and tabs part the words of a line; a line that
    /// begins with `#` says nothing.
    public init(parsing bytes: [UInt8]) throws(WitnessPolicyError) {
        guard bytes.count <= Self.maxBytes else { throw .tooLarge }
        guard bytes.last == newline else { throw .noFinalNewline }
        var draft = PolicyDraft()
        var quorum: ArraySlice<UInt8>?
        for line in bytes.dropLast().split(separator: newline, omittingEmptySubsequences: false) {
            draft.line += 1
            guard line.allSatisfy(Self.isAllowed) else { throw .malformedLine(draft.line) }
            let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
            switch (String(decoding: first, as: UTF8.self), words.count) {
            case ("log", 2...3): try draft.addLog(words)
            case ("witness", 3...4): try draft.addWitness(words)
            case ("group", 4...): try draft.addGroup(words)
            case ("quorum", 2):
                guard quorum == nil else { throw .severalQuorums(draft.line) }
                try draft.checkQuorum(words[1])
                quorum = words[1]
            default: throw .malformedLine(draft.line)
            }
        }
        guard let quorum else { throw .noQuorum }
        self = try draft.finish(quorum: quorum.elementsEqual("none".utf8) ? nil : Array(quorum))
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\t") || byte >= 0x20 && byte != 0x7F
    }

    /// The policy's file, without comments: parsing it gives the policy again.
    public var serialized: [UInt8] {
        var lines: [[UInt8]] = logs.map { Array(Self.line("log", $0.key.vkey, $0.url).utf8) }
        for witness in witnesses {
            lines.append(
                Array("witness ".utf8) + witness.nameBytes
                    + Array(Self.line("", witness.key.vkey, witness.url).utf8))
        }
        for group in groups {
            let members = group.members.flatMap { Array(" ".utf8) + name(of: $0) }
            lines.append(
                Array("group ".utf8) + group.nameBytes + Array(" \(group.threshold)".utf8)
                    + members)
        }
        lines.append(Array("quorum ".utf8) + (quorum.map(name) ?? Array("none".utf8)))
        return lines.flatMap { $0 + [newline] }
    }

    private static func line(_ words: String?...) -> String {
        words.compactMap(\.self).joined(separator: " ")
    }

    private func name(of member: Member) -> [UInt8] {
        switch member {
        case .witness(let place): witnesses[place].nameBytes
        case .group(let place): groups[place].nameBytes
        }
    }
}

/// Why a policy is refused.
///
/// Lines are numbered from 1.
public enum WitnessPolicyError: Error, Hashable, Sendable {
    /// More than ``WitnessPolicy/maxBytes`` bytes.
    case tooLarge
    /// The last line does not end in a newline, or there is none: the file may be cut short.
    case noFinalNewline
    /// The line is none that a policy has: an unknown word, too few or too many, or a control
    /// character.
    case malformedLine(Int)
    /// The line's verifier key is refused.
    case malformedKey(Int, NoteError)
    /// The line's key is of a type that its owner does not sign with.
    case wrongKeyType(Int)
    /// The line's key stands in an earlier line of its kind.
    case duplicateKey(Int)
    /// The line's name is taken, or is `none`.
    case duplicateName(Int)
    /// The line names a member that no line before defines.
    case undefinedName(Int)
    /// The line names a member that a group has already.
    case repeatedMember(Int)
    /// The line's threshold is not between 1 and the number of members.
    case thresholdOutOfReach(Int)
    /// More than ``WitnessPolicy/maxCount`` logs, witnesses or groups.
    case tooMany(Int)
    /// A second quorum line.
    case severalQuorums(Int)
    /// No quorum line.
    case noQuorum
}

extension WitnessPolicyError: CustomStringConvertible {
    /// One sentence for people, without a full stop.
    public var description: String {
        switch self {
        case .tooLarge: "it has more than \(WitnessPolicy.maxBytes) bytes"
        case .noFinalNewline: "its last line does not end in a newline"
        case .malformedLine(let line): "line \(line) is no line of a policy"
        case .malformedKey(let line, let error): "line \(line) has no usable key (\(error))"
        case .wrongKeyType(let line):
            "line \(line) has a key of the wrong type: a witness has one of type 0x04, a log not"
        case .duplicateKey(let line): "line \(line) repeats a key"
        case .duplicateName(let line): "line \(line) defines a name that is taken"
        case .undefinedName(let line): "line \(line) uses a name that no line before defines"
        case .repeatedMember(let line): "line \(line) uses a name that is a member already"
        case .thresholdOutOfReach(let line):
            "line \(line) asks for fewer than one member or for more than there are"
        case .tooMany(let line):
            "line \(line) is one too many: at most \(WitnessPolicy.maxCount) of a kind"
        case .severalQuorums(let line): "line \(line) is a second quorum"
        case .noQuorum: "it has no quorum line; `quorum none` asks for no cosignature"
        }
    }
}
