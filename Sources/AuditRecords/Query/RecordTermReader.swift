// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Finds a record's terms in its tape.
///
/// Names come in canonical order, and so do the names looked for: one walk finds all of them.
struct RecordTermReader {
    private var pieces: [RecordTerms.Piece] = []
    private var unescaped: [UInt8] = []
    private var time: Timestamp?
    private var received: Timestamp?
    private(set) var severity: Int?

    init() { pieces.reserveCapacity(24) }

    func terms(_ canonical: [UInt8]) -> RecordTerms {
        RecordTerms(
            canonical: canonical, time: time, received: received, severity: severity,
            pieces: pieces, unescaped: unescaped)
    }

    /// Lends every text that was found to `body`, out of the input that was read.
    func forEachText(
        in input: UnsafeRawBufferPointer,
        _ body: (FilterField?, UnsafeRawBufferPointer) -> Void
    ) {
        unescaped.withUnsafeBytes { unescaped in
            for piece in pieces {
                let source = piece.isUnescaped ? unescaped : input
                let range = Int(piece.start)..<Int(piece.end)
                body(piece.field, UnsafeRawBufferPointer(rebasing: source[range]))
            }
        }
    }

    /// What stands for a member's value.
    private enum Meaning: Sendable {
        case id, time, received, severity
        case text(FilterField)
        /// Texts of an array.
        case texts(FilterField)
        case object([Member])
        /// Objects of an array.
        case objects([Member])
    }

    private struct Member: Sendable {
        let name: StaticString
        let meaning: Meaning

        init(_ name: StaticString, _ meaning: Meaning) {
            self.name = name
            self.meaning = meaning
        }
    }

    /// In canonical order, which is byte order for these.
    private static let members = [
        Member("action", .text(.action)),
        Member(
            "actor", .object([Member("id", .text(.actor)), Member("type", .text(.actorType))])),
        Member("agent", .object([Member("id", .text(.agent))])),
        Member("approval", .object([Member("status", .text(.approvalStatus))])),
        Member("data_classes", .texts(.dataClass)),
        Member("id", .id),
        Member(
            "imported",
            .object([
                Member("original_id", .text(.imported)), Member("system", .text(.imported)),
            ])),
        Member("model", .object([Member("name", .text(.model))])),
        Member("outcome", .text(.outcome)),
        Member("policy", .object([Member("rule_id", .text(.rule))])),
        Member(
            "producer",
            .object([Member("component", .text(.producer)), Member("id", .text(.producer))])),
        Member("reason", .text(.reason)),
        Member("received", .received),
        Member("severity", .severity),
        Member("source", .object([Member("ip", .text(.sourceIP))])),
        Member(
            "target",
            .objects([Member("id", .text(.target)), Member("type", .text(.targetType))])),
        Member("tenant", .text(.tenant)),
        Member("time", .time),
        Member("tool", .object([Member("name", .text(.tool))])),
        Member(
            "trace",
            .object([
                Member("cycle_id", .text(.cycleID)), Member("parent_id", .text(.parentID)),
                Member("run_id", .text(.runID)), Member("session_id", .text(.sessionID)),
                Member("trace_id", .text(.traceID)),
            ])),
        Member("type", .text(.type)),
    ]

    mutating func read(_ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer) {
        walk(0, Self.members, tape, input)
    }

    private mutating func walk(
        _ object: Int, _ members: [Member], _ tape: borrowing JSONTape,
        _ input: UnsafeRawBufferPointer
    ) {
        guard tape.nodes[object].kind == .object else { return }
        var next = tape.firstName(of: object)
        var place = 0
        while let name = next {
            next = tape.name(after: name)
            let isKnown = tape.withText(name, of: input) { text in
                while place < members.count {
                    let order = Self.order(members[place].name, text)
                    if order >= 0 { return order == 0 }
                    place += 1
                }
                return false
            }
            if place == members.count { return }
            if isKnown { read(name + 1, members[place].meaning, tape, input) }
        }
    }

    /// Below 0 if the name comes before the text, 0 if it is the text.
    private static func order(_ name: StaticString, _ text: UnsafeRawBufferPointer) -> Int {
        let count = name.utf8CodeUnitCount
        for place in 0..<min(count, text.count) {
            let (left, right) = (name.utf8Start[place], text[place])
            if left != right { return left < right ? -1 : 1 }
        }
        return count - text.count
    }

    private mutating func read(
        _ node: Int, _ meaning: Meaning, _ tape: borrowing JSONTape,
        _ input: UnsafeRawBufferPointer
    ) {
        switch meaning {
        case .id: add(node, nil, tape, input)
        case .text(let field): add(node, field, tape, input)
        case .time: time = Self.time(node, tape, input)
        case .received: received = Self.time(node, tape, input)
        case .severity:
            guard tape.nodes[node].kind == .number else { return }
            severity = tape.withText(node, of: input) {
                Int(String(decoding: $0, as: UTF8.self))
            }
        case .object(let members): walk(node, members, tape, input)
        case .texts(let field):
            guard tape.nodes[node].kind == .array else { return }
            for element in tape.elements(of: node) { add(element, field, tape, input) }
        case .objects(let members):
            guard tape.nodes[node].kind == .array else { return }
            for element in tape.elements(of: node) { walk(element, members, tape, input) }
        }
    }

    private mutating func add(
        _ node: Int, _ field: FilterField?, _ tape: borrowing JSONTape,
        _ input: UnsafeRawBufferPointer
    ) {
        let found = tape.nodes[node]
        guard found.kind == .string else { return }
        let isPlain =
            !found.isRewritten
            && !input[Int(found.start)..<Int(found.end)].contains(UInt8(ascii: "\\"))
        if isPlain {
            pieces.append(
                .init(field: field, isUnescaped: false, start: found.start, end: found.end))
        } else {
            let start = UInt32(truncatingIfNeeded: unescaped.count)
            unescaped += tape.string(node, of: input).utf8
            let end = UInt32(truncatingIfNeeded: unescaped.count)
            pieces.append(.init(field: field, isUnescaped: true, start: start, end: end))
        }
    }

    private static func time(
        _ node: Int, _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer
    ) -> Timestamp? {
        guard tape.nodes[node].kind == .string else { return nil }
        return tape.withText(node, of: input) { Timestamp(rfc3339: $0) }
    }
}
