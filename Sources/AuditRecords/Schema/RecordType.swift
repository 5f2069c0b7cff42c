// SPDX-License-Identifier: Apache-2.0

/// A type of event that the schema knows, or a family of them.
///
/// The registry is open: a record of another type is taken and has no rules of its own.
public struct RecordType: Sendable {
    /// What kind of event it is, in words that queries and reports group by.
    public enum Category: String, Sendable, CaseIterable {
        case agent, tool, model, policy, approval, auth, config, data, system, audit
        /// A vendor's own type, or one that the registry has no relatives of.
        case other
    }

    /// What an event does to what it acts on.
    public enum Verb: String, Sendable, CaseIterable {
        case create = "c"
        case read = "r"
        case update = "u"
        case delete = "d"
        case execute = "x"
        case authorise = "a"
    }

    /// The type, such as `tool.call`; a family ends in `.*`.
    public var name: String { staticName.text }
    /// Rises when a rule of the type changes; see ``numberedName``.
    public let version: Int
    /// Derived, and not stored in the record.
    public let category: Category
    /// Derived, and not stored in the record.
    public let verb: Verb
    /// What it records, in a sentence.
    public var summary: String { note.text }
    /// `tool.call@1`.
    public var numberedName: String { "\(name)@\(version)" }

    let staticName: StaticString
    let note: StaticString
    let rules: TypeRules

    init(
        _ name: StaticString, _ category: Category, _ verb: Verb, _ note: StaticString,
        _ rules: TypeRules = TypeRules()
    ) {
        staticName = name
        version = 1
        self.category = category
        self.verb = verb
        self.note = note
        self.rules = rules
    }

    /// The category of any valid type: its own in the registry, else that of its relatives (the
    /// types that begin with the same segment), else `other`.
    ///
    /// Cost: a handful of comparisons.
    public static func category(of type: String) -> String {
        found(type)?.category.rawValue ?? Category.other.rawValue
    }

    /// The verb of any valid type: its own in the registry, else `x`.
    public static func verb(of type: String) -> String {
        var type = type
        let place = type.withUTF8 { RecordTypes.place(of: UnsafeRawBufferPointer($0)) }
        return (place.map { RecordTypes.all[$0].verb } ?? .execute).rawValue
    }

    /// All that the registry has, by name.
    public static var all: [RecordType] { RecordTypes.all }

    /// The registry's entry for a type: itself, or its family.
    public static func registered(_ type: String) -> RecordType? {
        var type = type
        return type.withUTF8 { RecordTypes.place(of: UnsafeRawBufferPointer($0)) }
            .map { RecordTypes.all[$0] }
    }

    private static func found(_ type: String) -> RecordType? {
        var type = type
        return type.withUTF8 { text -> Int? in
            let text = UnsafeRawBufferPointer(text)
            return RecordTypes.place(of: text) ?? RecordTypes.relative(of: text)
        }.map { RecordTypes.all[$0] }
    }
}

/// What a type asks of its records beyond the schema of the members.
struct TypeRules: Sendable {
    /// A member, or a member of an object.
    struct Path: Sendable {
        let member: SchemaMember
        let inner: StaticString?

        init(_ member: SchemaMember, _ inner: StaticString? = nil) {
            self.member = member
            self.inner = inner
        }

        var text: String { "\(member.name)" + (inner.map { ".\($0)" } ?? "") }
    }

    /// Values that a member has, where it is sent.
    struct Choice: Sendable {
        let path: Path
        let values: [StaticString]
    }

    /// Two types of which one opens what the other closes.
    enum Pair: Sendable {
        case opens(PairKind)
        case closes(PairKind)
    }

    var needs: [Path] = []
    var choices: [Choice] = []
    /// A decision to deny that is in force is the outcome `denied`.
    var denialIsOutcome = false
    var pair: Pair?
}

extension TypeRules {
    static func needs(_ paths: Path...) -> TypeRules { TypeRules(needs: paths) }

    func allowing(_ path: Path, _ values: StaticString...) -> TypeRules {
        var rules = self
        rules.choices.append(Choice(path: path, values: values))
        return rules
    }

    func opening(_ kind: PairKind) -> TypeRules {
        var rules = self
        rules.pair = .opens(kind)
        return rules
    }

    func closing(_ kind: PairKind) -> TypeRules {
        var rules = self
        rules.pair = .closes(kind)
        return rules
    }

    /// Whether there is nothing to check.
    var isEmpty: Bool { needs.isEmpty && choices.isEmpty && !denialIsOutcome }
}
