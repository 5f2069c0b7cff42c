// SPDX-License-Identifier: Apache-2.0

@testable import AuditRecords

/// `docs/audit-schema.md`, written from the registry.
struct SchemaDocument {
    private(set) var text = ""

    init() {
        text = Self.introduction
        topLevel()
        objects()
        closedLists()
        types()
        text += Self.versions
    }

    private mutating func topLevel() {
        text += """

            ## Members

            **r** is required, **h** names the record and is never erased alone, **s** is set by the
            log and refused from a producer. Every other member is a field of its own: it can be
            disclosed or erased alone.

            | member | | value | meaning |
            |---|---|---|---|

            """
        for member in SchemaMember.allCases {
            let entry = member.entry
            let isRequired = RecordSchema.required.contains(member)
            let marks = [
                isRequired ? "r" : "", entry.memberClass == .header ? "h" : "",
                member.isStamp ? "s" : "",
            ].joined()
            row("`\(member.name)`", marks, value(entry.rule, of: "\(member.name)"), entry.note.text)
        }
    }

    private mutating func objects() {
        text += """

            ## Objects

            The names below are checked. Any further name is kept as it is.

            """
        for member in SchemaMember.allCases {
            switch member.entry.rule {
            case .object(let object): self.object("\(member.name)", object)
            case .array(.object(let object), _): self.object("\(member.name)[]", object)
            default: break
            }
        }
    }

    private mutating func object(_ name: String, _ object: ObjectRule) {
        text += "\n### `\(name)`\n\n| member | | value | meaning |\n|---|---|---|---|\n"
        for member in object.members {
            row(
                "`\(member.name)`", member.isRequired ? "r" : "", value(member.rule, of: ""),
                member.note.text)
        }
        if name == "redactions" {
            text += "\nAny further name is a rule of the policy, and its value a count.\n"
        }
        for condition in object.conditions {
            switch condition {
            case .needs(let first, let second):
                text += "\nWhoever sends `\(first)` sends `\(second)` too.\n"
            case .hides(let flag, let others):
                let names = others.map { "`\($0)`" }.joined(separator: " and ")
                text += "\nWhere `\(flag)` is true, \(names) are not sent.\n"
            }
        }
    }

    private mutating func closedLists() {
        text += """

            ## Phases, outcomes, denials

            A record whose `phase` is `intent` has no `outcome` but `unknown`: it says what is about
            to happen. One whose `phase` is `outcome` has one. A refusal is an outcome like any
            other, `denied`, and is recorded by whoever refused; it is never told from a text.

            """
    }

    private mutating func types() {
        text += """

            ## Types

            The list is open: a type that it lacks is taken, has no rules, and belongs to the
            category of its relatives (those that begin with the same word). Category and verb are
            derived and not stored. A type `x.<vendor>.<name>` may bring top-level members of its
            own, named `[a-z][a-z0-9_]{0,62}`. `GET /v1/schemas/tool.call@1` is the JSON Schema of
            one type.

            | type | category | verb | what it records | needs |
            |---|---|---|---|---|

            """
        for type in RecordType.all {
            text +=
                "| `\(type.numberedName)` | \(type.category.rawValue) | "
                + "\(type.verb.rawValue) | \(type.summary) | \(needs(type.rules)) |\n"
        }
        text += "\nVerbs: c create, r read, u update, d delete, x execute, a authorise.\n"
    }

    private func needs(_ rules: TypeRules) -> String {
        var parts = rules.needs.map { "`\($0.text)`" }
        for choice in rules.choices {
            let values = choice.values.map(\.text).joined(separator: ", ")
            parts.append("`\(choice.path.text)`, if sent, is one of \(values)")
        }
        if rules.denialIsOutcome {
            parts.append(
                "`outcome` is denied where `policy.decision` is deny and not only observed")
        }
        return parts.joined(separator: "; ")
    }

    private func value(_ rule: ValueRule, of member: String) -> String {
        switch rule {
        case .object: member.isEmpty ? "object" : "[object](#\(member))"
        case .array(.object, let limit):
            member.isEmpty
                ? "array of at most \(limit) objects"
                : "array of at most \(limit) [objects](#\(member))"
        default: rule.description
        }
    }

    private mutating func row(_ cells: String...) {
        text += "| " + cells.joined(separator: " | ") + " |\n"
    }

    // MARK: Texts

    private static let introduction = """
        # The audit record, schema version 1

        This page is written from the registry in the code, by a test that is run with
        `EVIDENT_WRITE_SPEC=1`. How to read records, and what they show an auditor, is in the
        [reviewer's guide](reviewers-guide.md); the bytes of a record are in
        [spec/record.md](../spec/record.md).

        A record is one JSON object. A producer sends `type` and `actor` and whatever else it knows;
        absent means not known, and null is refused wherever a member is typed. Lengths count
        Unicode characters (scalar values), sizes count bytes.

        | limit | value |
        |---|---|
        | a record as it is sent | 64 KiB, 1,000 members in all objects, 32 levels |
        | the value of one top-level member, as canonical text after redaction | 16 KiB |
        | a batch | 1,000 records, 8 MiB |

        A value that is larger than a field may be is refused (`oversize`, with the member's name).
        Where the log is set to truncate, a free-form value becomes
        `{"digest":"…","size":N,"truncated":true}` instead: `size` counts the bytes that were
        there, and the digest is SHA-256 over 0x06, the record's seed and those bytes, so that only
        who is shown the seed can test a guess by it.

        A record that breaks a rule is refused with a stable `code` and a `path` such as
        `target[2].id`. Names that are not the schema's own are given by their position
        (`labels.#3`); no refusal repeats any content.

        """

    private static let versions = """

        ## Versions

        `v` changes for a new required member, a member removed or renamed, a changed meaning or
        unit, a new value in a closed list, and a changed canonical form. New optional members, new
        types and new values in open lists do not change it. A type's own number (`tool.call@2`)
        rises when its rules change. Readers keep members that they do not know. Old versions are
        verified for ever and never rewritten.

        """
}
