// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogServer

/// `evident erase`: content destroyed for good, announced in the log first.
struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erase records, or fields of records, for good.",
        discussion: """
            EXAMPLES
              evident erase --record 1234 --because gdpr.art17
              evident erase --record 1234 --field arguments --field result --because leaked --yes
              evident erase --actor alice --tenant acme --because gdpr.art17 --yes

            Without --yes it only says what would go. The erasure is announced in the log before
            anything is destroyed, and every receipt and proof stays valid. Copies made before
            (exports, bundles, openings, backups) are outside of the log's reach.
            """)

    @OptionGroup var folder: DataOptions
    @OptionGroup var filters: FilterOptions

    @Option(help: "A record's index or id. Can be repeated; instead of filters.")
    var record: [String] = []

    @Option(help: "A top-level member to erase alone. Can be repeated. [the whole record]")
    var field: [String] = []

    @Option(help: "With filters: records from this index on.")
    var fromIndex: UInt64?

    @Option(help: "With filters: records before this index.")
    var toIndex: UInt64?

    @Option(help: "Why, as a code that the log will tell: gdpr.art17.")
    var because: String

    @Flag(help: "Erase; without it nothing is changed.")
    var yes = false

    @Flag(help: "Print the answer as JSON.")
    var json = false

    func validate() throws {
        for text in record where text.utf8.count != 36 && UInt64(text) == nil {
            throw ValidationError("--record is an index or an id of 36 characters")
        }
        let items = try items()
        guard record.isEmpty != items.isEmpty else {
            throw ValidationError("name records by --record or by filters: one of them")
        }
    }

    private func items() throws -> [(name: String, value: String)] {
        var items = try filters.items(now: LogServerConfiguration().now())
        if let fromIndex { items.append(("from_index", String(fromIndex))) }
        if let toIndex { items.append(("to_index", String(toIndex))) }
        return items
    }

    private var body: JSONValue {
        var members: [JSONValue.Member] = [
            .init("dry_run", .bool(!yes)), .init("reason", .string(because)),
        ]
        let fields = JSONValue.array(field.map { .string($0) })
        if record.isEmpty {
            if !field.isEmpty { members.append(.init("fields", fields)) }
            return .object(members)
        }
        let records = record.map { text -> JSONValue in
            let index = UInt64(text).map { JSONValue.integer($0) }
            guard !field.isEmpty else { return index ?? .string(text) }
            return .object([
                .init("fields", fields),
                index.map { .init("index", $0) } ?? .init("id", .string(text)),
            ])
        }
        members.append(.init("records", .array(records)))
        return .object(members)
    }

    func run() async throws {
        let path = "/v1/admin/erasures" + QueryText.text(try items())
        let request = body.canonical
        let answer = try await AdminSession.with(folder) { session in
            try await session.ask("POST", path, body: request)
        }
        if json { return Terminal.print(String(decoding: answer, as: UTF8.self)) }
        guard let outcome = try? JSONValue.parse(answer) else {
            throw CommandFailure(.inputOutput, "the log's answer could not be read")
        }
        if !PendingAnswer.say(outcome) { say(outcome) }
    }

    private func say(_ outcome: JSONValue) {
        func number(_ name: String) -> UInt64 { outcome[name]?.unsigned ?? 0 }
        let what = "\(number("records").grouped) records and \(number("fields").grouped) fields"
        for (name, text) in [
            ("absent", "were erased before or are not there"),
            ("log_records", "are the log's own and stay"),
        ] where number(name) > 0 {
            Terminal.say("evident: \(number(name).grouped) \(text)")
        }
        if number("records") + number("fields") == 0 {
            return Terminal.say("evident: there is nothing to erase")
        }
        guard yes else {
            let indexes = outcome["indexes"]?.elements?.compactMap(\.unsigned) ?? []
            let shown = indexes.prefix(20).map { String($0) }.joined(separator: " ")
            Terminal.say("evident: \(what) would be erased, for good; --yes does it")
            return Terminal.print(shown + (indexes.count > 20 ? " …" : ""))
        }
        let announced = outcome["announced"]?.elements?.compactMap(\.unsigned) ?? []
        let places = announced.map { String($0) }.joined(separator: ", ")
        Terminal.say("evident: \(what) are erased; announced at index \(places)")
    }
}
