// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogTesting

@testable import AuditRecords

extension Bench {
    /// The refusal of a record that has these members beside an actor and a type.
    func refusal(type: String = "a.b", _ members: [(String, JSONValue)]) -> RecordError? {
        refusal(Bench.text(Self.record(type: type, members).canonical))
    }

    /// A record of a type that has no rules, with more members, or others of the usual ones.
    static func record(type: String = "a.b", _ members: [(String, JSONValue)]) -> JSONValue {
        var all: [(String, JSONValue)] = [
            ("actor", ["id": "x", "type": "service"]), ("type", .string(type)),
        ]
        all.removeAll { usual in members.contains { $0.0 == usual.0 } }
        return .object((all + members).map { JSONValue.Member($0.0, $0.1) })
    }
}

extension JSONValue {
    static func text(_ count: Int, of character: Character = "a") -> JSONValue {
        .string(String(repeating: character, count: count))
    }

    /// The same object with one member more, or another value of it; nil takes it away.
    func setting(_ name: String, _ value: JSONValue?) -> JSONValue {
        let others = (members ?? []).filter { $0.name != name }
        return .object(others + (value.map { [Member(name, $0)] } ?? []))
    }

    /// The same object with another value at a path of two names at most.
    func setting(_ path: [String], _ value: JSONValue?) -> JSONValue {
        guard path.count > 1 else { return setting(path[0], value) }
        let inner = (self[path[0]] ?? [:]).setting(path[1], value)
        return setting(path[0], inner)
    }
}

/// Values that a rule takes and refuses, its edges first.
enum RuleValues {
    static func good(_ rule: ValueRule) -> [JSONValue] {
        switch rule {
        case .freeForm(nil): [.null, .number(1.5), "", [:], [.null, ["é": [1]]]]
        case .freeForm(let limits?):
            [
                .null, 7, "", [:], [[:]], map(limits.names, nameLength: 2),
                .object([
                    .init(String(repeating: "é", count: limits.nameLength), ["a": [.null]]),
                    .init("t", .text(limits.textLength, of: "😀")),
                ]),
            ]
        case .any: [false, 0, "", [], [:], [.null]]
        case .text(let text): good(text)
        case .integer(let range):
            [
                .integer(range.lowerBound), .integer(range.upperBound),
                .integer(range.lowerBound + 1),
            ]
        case .truth: [true, false]
        case .choice(let values): values.map { .string($0.text) }
        case .array(let item, let limit):
            [[], .array(Array(repeating: good(item)[0], count: limit))]
                + good(item).map { .array([$0]) }
        case .object(let object): good(object)
        }
    }

    static func bad(_ rule: ValueRule) -> [JSONValue] {
        switch rule {
        case .freeForm(nil): []
        case .freeForm(let limits?):
            [
                map(limits.names + 1, nameLength: 2), map(1, nameLength: limits.nameLength + 1),
                ["t": .text(limits.textLength + 1, of: "é")],
            ]
        case .any: [.null]
        case .text(let text): bad(text)
        case .integer(let range):
            [.null, "1", true, .number(1.5), [1], .integer(range.lowerBound - 1)]
                + (range.upperBound < 1 << 53 - 1 ? [.integer(range.upperBound + 1)] : [])
        case .truth: [.null, 0, "true"]
        case .choice(let values):
            [
                .null, 1, "", [], .string(values[0].text + "x"),
                .string(values[0].text.uppercased() + "_"),
            ]
        case .array(let item, let limit):
            [.null, [:], "", .array(Array(repeating: good(item)[0], count: limit + 1))]
        case .object: [.null, "", 1, []]
        }
    }

    /// An object with all it must have, and one with all it may have.
    private static func good(_ object: ObjectRule) -> [JSONValue] {
        let required = object.members.filter(\.isRequired)
        var all = object.members
        for condition in object.conditions {
            guard case .hides(let flag, _) = condition else { continue }
            all.removeAll { $0.name.text == flag.text }
        }
        return [required, all].map { members in
            .object(members.map { .init($0.name.text, good($0.rule)[0]) })
        }
    }

    private static func good(_ text: TextRule) -> [JSONValue] {
        switch text.form {
        case .free, .prose:
            ["a", .text(text.limit), .text(text.limit, of: "é"), .text(text.limit, of: "\n")]
                + (text.form == .prose ? [""] : [])
        case .word: ["0", "a_b.c:d/E-f", .text(text.limit)]
        case .time: ["2026-06-01T08:00:00Z", "2026-06-01T08:00:00.1234567+02:00"]
        case .uuid: ["01976000-0000-7000-8000-00000000000a"]
        case .type: ["a.b"]
        case .tenant: ["acme"]
        }
    }

    private static func bad(_ text: TextRule) -> [JSONValue] {
        let other: [JSONValue] = [.null, 1, true, [], [:]]
        return other
            + {
                switch text.form {
                case .free: ["", .text(text.limit + 1), .text(text.limit + 1, of: "\u{1}")]
                case .prose: [.text(text.limit + 1)]
                case .word: ["", "_a", "a b", "é", "a@b", .text(text.limit + 1)]
                case .time: ["", "2026-06-01", "2026-06-01T08:00:00", "2026-02-30T08:00:00Z"]
                case .uuid: ["a", "01976000-0000-7000-8000-00000000000A"]
                case .type: ["", "A", "a..b", .text(65)]
                case .tenant: ["", "_log", "Acme", .text(65)]
                }
            }()
    }

    private static func map(_ count: Int, nameLength: Int) -> JSONValue {
        .object(
            (0..<count).map { number in
                let digits = String(number, radix: 36)
                let filler = String(repeating: "_", count: nameLength - digits.unicodeScalars.count)
                return .init(filler + digits, .null)
            })
    }
}
