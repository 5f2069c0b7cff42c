// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage

/// Which fields of a record a bundle shows; `v` always.
struct FieldSelection: Sendable {
    /// The names asked for, rising; nil for all.
    let names: [String]?
    private let shown: Set<String>?

    static let all = FieldSelection(names: nil)

    /// What a reader is shown of the record that tells of an erasure in its tenant.
    static let erasure = FieldSelection(names: ["details", "tenant", "type"])

    private init(names: [String]?) {
        self.names = names
        shown = names.map { Set($0 + ["v"]) }
    }

    static let parameter = Operation.Parameter.query(
        "fields", ["type": "string", "pattern": "^[a-z0-9_]+(,[a-z0-9_]+)*$", "maxLength": 4_096],
        "Names of the fields to show, with commas; the others are there with name and digest, all"
            + " are shown without it, and v always is.")

    /// Reads the parameter.
    init(_ query: Query) throws(Problem) {
        guard let text = query["fields"] else {
            self.init(names: nil)
            return
        }
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.count <= 4_096, Set(names).count == names.count,
            names.allSatisfy(Self.isName)
        else {
            throw .invalidParameter("fields", "Give names of fields, each once, with commas.")
        }
        self.init(names: names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    /// The names that both selections show.
    func narrowed(to other: FieldSelection) -> FieldSelection {
        guard let names, let allowed = other.shown else {
            return names == nil ? other : self
        }
        return FieldSelection(names: names.filter(allowed.contains))
    }

    func shows(_ name: String) -> Bool { shown?.contains(name) ?? true }

    /// The part of the log's record of a reading that says which fields were shown.
    var members: [(name: String, value: JSONValue)] {
        names.map { [("fields", .array($0.map { .string($0) }))] } ?? []
    }

    private static func isName(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBytes { MemberName.isValid($0) }
    }
}

/// A record that was read to be shown: its leaf, and all fields, also those that were erased.
struct OpenedRecord: Sendable {
    let index: UInt64
    let leaf: Leaf
    let fields: [RemainingField]

    /// Nil if what is kept does not make the commitment in the leaf.
    init?(index: UInt64, leaf: Leaf, content: StoredContent, origin: Origin) {
        guard content.commitment(origin: origin) == leaf.commitment,
            let fields = try? content.fields()
        else { return nil }
        self.index = index
        self.leaf = leaf
        self.fields = fields
    }
}

extension JSONWriter {
    /// What a bundle and a line of a set have in common: place, time, MAC and all fields.
    mutating func opened(_ opened: OpenedRecord, _ selection: FieldSelection) {
        member("index", opened.index)
        member("timestamp_ms", opened.leaf.timestampMS)
        member("record_hash", hex: opened.leaf.mac)
        name("fields")
        openArray()
        for field in opened.fields { self.field(field, selection) }
        closeArray()
    }

    private mutating func field(_ field: RemainingField, _ selection: FieldSelection) {
        open()
        switch field {
        case .kept(let salt, let text) where selection.shows(field.name):
            member("salt", salt.hex)
            name("member")
            string(utf8: text)
        case .kept(let salt, let text):
            member("name", field.name)
            member("digest", hex: Commitment.fieldDigest(salt: salt, member: text))
        case .erased(let name, let digest, let by):
            member("name", name)
            member("digest", hex: digest)
            member("erased", by)
        }
        close()
    }

    /// An evidence bundle.
    mutating func bundle(
        _ opened: OpenedRecord, _ selection: FieldSelection, inclusion: [Digest],
        checkpoint: String
    ) {
        open()
        member("bundle", "evident/v1")
        self.opened(opened, selection)
        member("inclusion", base64: inclusion)
        member("checkpoint", checkpoint)
        close()
    }
}
