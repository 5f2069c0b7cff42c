// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// The members of a record that is to be written in another schema.
struct RecordView {
    let exported: ExportedRecord
    /// The record as it is stored.
    let value: JSONValue
    /// Its members by name: names at the top of a record are ASCII.
    private let record: [String: JSONValue]

    init(_ exported: ExportedRecord) throws(RecordError) {
        self.exported = exported
        do throws(JSONError) {
            value = try JSONValue.parse(exported.canonical, limits: .disclosed)
        } catch {
            throw RecordError(error)
        }
        record = Dictionary(
            (value.members ?? []).map { ($0.name, $0.value) }, uniquingKeysWith: { one, _ in one })
    }

    subscript(_ member: String) -> JSONValue? { record[member] }

    /// A text that is not empty, of a member or of a name in it.
    func text(_ member: String, _ name: String? = nil) -> String? {
        let value = name.map { record[member]?[$0] } ?? record[member]
        return value?.text.flatMap { $0.isEmpty ? nil : $0 }
    }

    func number(_ member: String, _ name: String? = nil) -> UInt64? {
        (name.map { record[member]?[$0] } ?? record[member])?.unsigned
    }

    var type: String { text("type") ?? "" }
    var outcome: String? { text("outcome") }
    var isDenied: Bool { outcome == "denied" }
    var received: Timestamp? { text("received").flatMap { Timestamp(rfc3339: $0) } }
    var registered: RecordType? { RecordType.registered(type) }
    var verb: String { RecordType.verb(of: type) }
    var category: String { RecordType.category(of: type) }

    /// When it happened: as the producer says, else as the log received it, else as it took it.
    var time: Timestamp? {
        text("time").flatMap { Timestamp(rfc3339: $0) } ?? received
            ?? Timestamp(milliseconds: exported.leaf.timestampMS)
    }

    /// The first thing that was acted on.
    var target: JSONValue? { record["target"]?.elements?.first }

    /// The source's address, where it is one and not a token or a network.
    var address: String? {
        guard let text = text("source", "ip") else { return nil }
        let bytes = Array(text.utf8)
        let isAddress =
            RemoteAddress.packedIPv4(bytes) != nil || RemoteAddress.packedIPv6(bytes) != nil
        return isAddress ? text : nil
    }

    /// What another schema has no place for: members as they are, without those that `told` names.
    ///
    /// - Parameter told: Members that were written elsewhere: all of them for an empty set, else the
    ///   names in them.
    func rest(without told: [String: Set<String>]) -> JSONValue? {
        var draft = ObjectDraft()
        for member in value.members ?? [] {
            guard let names = told[member.name] else {
                draft.set(member.name, member.value)
                continue
            }
            guard !names.isEmpty, let inner = member.value.members else { continue }
            let left = inner.filter { !names.contains($0.name) }
            if !left.isEmpty { draft.set(member.name, .object(left)) }
        }
        return draft.value
    }

    /// What ties the record to its log, and what was taken out of it.
    func integrity(_ rest: JSONValue?) -> JSONValue {
        var draft = ObjectDraft()
        draft.set("commitment", exported.leaf.commitment.hex)
        draft.set("record_hash", exported.leaf.mac.hex)
        draft.set("timestamp_ms", exported.leaf.timestampMS)
        draft.set("index", exported.index)
        draft.set("origin", exported.origin.text)
        if !exported.erased.isEmpty { draft.set("erased", exported.erasedNames) }
        draft.set("record", rest)
        return draft.value ?? [:]
    }
}

/// The members of an object that is being made; what is not there leaves no trace.
struct ObjectDraft {
    private(set) var members: [JSONValue.Member] = []

    mutating func set(_ name: String, _ value: JSONValue?) {
        if let value { members.append(.init(name, value)) }
    }

    mutating func set(_ name: String, _ text: String?) {
        if let text, !text.isEmpty { members.append(.init(name, .string(text))) }
    }

    /// A number that JSON can hold; a larger one is left out.
    mutating func set(_ name: String, _ number: UInt64?) {
        if let number, number < 1 << 53 { members.append(.init(name, .integer(number))) }
    }

    mutating func set(_ name: String, _ texts: [String]) {
        if !texts.isEmpty { set(name, .array(texts.map { .string($0) })) }
    }

    mutating func set(_ name: String, _ draft: ObjectDraft) { set(name, draft.value) }

    /// Nil where nothing was set.
    var value: JSONValue? { members.isEmpty ? nil : .object(members) }
}
