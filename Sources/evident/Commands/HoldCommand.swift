// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import LogServer

/// `evident hold`: what must not be destroyed, whatever a rule or an operator says.
struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold",
        abstract: "Place, list and release legal holds.",
        discussion: """
            A hold keeps the records that its filters find, now or later, from being erased. It is
            itself a record of the log, and goes by that record's index.
            """,
        subcommands: [Place.self, List.self, Release.self])

    fileprivate static func reason(_ code: String) -> [UInt8] {
        JSONValue.object([.init("reason", .string(code))]).canonical
    }

    /// `evident hold place`.
    struct Place: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "place",
            abstract: "Keep the records that filters find from being destroyed.",
            discussion: """
                EXAMPLES
                  evident hold place --tenant acme --actor alice --because case-2026-17
                  evident hold place --type 'auth.*' --since 2026-06-01T00:00:00Z --because case-18
                """)

        @OptionGroup var folder: DataOptions
        @OptionGroup var filters: FilterOptions

        @Option(help: "Records from this index on.")
        var fromIndex: UInt64?

        @Option(help: "Records before this index.")
        var toIndex: UInt64?

        @Option(help: "Why, as a code that the log will tell: case-2026-17.")
        var because: String

        func run() async throws {
            var items = try filters.items(now: LogServerConfiguration().now())
            if let fromIndex { items.append(("from_index", String(fromIndex))) }
            if let toIndex { items.append(("to_index", String(toIndex))) }
            let (path, body) = (
                "/v1/admin/holds" + QueryText.text(items), HoldCommand.reason(because)
            )
            let answer = try await AdminSession.with(folder) { session in
                try await session.ask("POST", path, body: body)
            }
            let index = (try? JSONValue.parse(answer))?["index"]?.unsigned ?? 0
            Terminal.say("evident: the hold stands; release it with: evident hold release \(index)")
            Terminal.print(String(index))
        }
    }

    /// `evident hold list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the holds that stand.")

        @OptionGroup var folder: DataOptions

        @Flag(help: "Print the answer as JSON.")
        var json = false

        func run() async throws {
            let answer = try await AdminSession.with(folder) { session in
                try await session.ask("GET", "/v1/admin/holds")
            }
            if json { return Terminal.print(String(decoding: answer, as: UTF8.self)) }
            let holds = (try? JSONValue.parse(answer))?["holds"]?.elements ?? []
            for hold in holds {
                let filter =
                    hold["lost"] == true
                    ? "its record is lost: it keeps everything until it is released"
                    : hold["filter"].map { String(decoding: $0.canonical, as: UTF8.self) }
                let columns = [
                    String(hold["index"]?.unsigned ?? 0).padded(10),
                    (hold["reason"]?.text ?? "").padded(24), filter ?? "",
                ]
                Terminal.print(columns.joined(separator: "  "))
            }
            if holds.isEmpty { Terminal.say("evident: no hold stands") }
        }
    }

    /// `evident hold release`.
    struct Release: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "release", abstract: "End a hold.",
            discussion: "EXAMPLE\n  evident hold release 1234 --because case-closed")

        @Argument(help: "The hold's index, as `evident hold list` shows it first.")
        var index: UInt64

        @OptionGroup var folder: DataOptions

        @Option(help: "Why, as a code that the log will tell.")
        var because: String

        func run() async throws {
            let (path, body) = ("/v1/admin/holds/\(index)/release", HoldCommand.reason(because))
            let answer = try await AdminSession.with(folder) { session in
                try await session.ask("POST", path, body: body)
            }
            if let pending = try? JSONValue.parse(answer), PendingAnswer.say(pending) { return }
            Terminal.say("evident: the hold \(index) is released")
        }
    }
}
