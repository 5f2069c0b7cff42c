// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import LogServer

/// `evident retention`: the rules by which content goes when its time is over.
struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Show and run the rules of retention.",
        discussion: """
            The rules are those of evident.yaml (retention.rules). A run takes the content of records
            past their time that no legal hold keeps; leaves, receipts and proofs stay.
            """,
        subcommands: [Show.self, Run.self])

    /// `evident retention show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show the rules, and by what time records are judged.")

        @OptionGroup var folder: DataOptions

        @Flag(help: "Print the answer as JSON.")
        var json = false

        func run() async throws {
            let answer = try await AdminSession.with(folder) { session in
                try await session.ask("GET", "/v1/admin/retention")
            }
            if json { return Terminal.print(String(decoding: answer, as: UTF8.self)) }
            guard let settings = try? JSONValue.parse(answer) else {
                throw CommandFailure(.inputOutput, "the log's answer could not be read")
            }
            let rules = settings["rules"]?.elements?.compactMap(\.text) ?? []
            for rule in rules { Terminal.print(rule) }
            if rules.isEmpty { Terminal.say("evident: no rule stands; all records are kept") }
            let mode = settings["mode"]?.text ?? ""
            let time =
                settings["time"]?["witnessed_ms"]?.unsigned
                .flatMap { Timestamp(milliseconds: $0) }
                .map { "witnesses vouch for the time until \($0)" }
                ?? "no witness vouches for the time: a run needs --trust-clock"
            Terminal.say("evident: runs are \(mode); \(time)")
        }
    }

    /// `evident retention run`.
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Take away what is past its time by the rules.",
            discussion: """
                EXAMPLES
                  evident retention run --because quarterly
                  evident retention run --because quarterly --yes

                Without --yes it only says what would go.
                """)

        @OptionGroup var folder: DataOptions
        @OptionGroup var options: RetentionOptions

        func run() async throws {
            guard let outcome = try await options.ask("/v1/admin/retention", folder) else { return }
            func number(_ name: String) -> UInt64 { outcome[name]?.unsigned ?? 0 }
            if number("held") > 0 {
                Terminal.say("evident: \(number("held").grouped) records are held and stay")
            }
            guard number("records") > 0 else {
                return Terminal.say("evident: nothing is past its time")
            }
            for rule in outcome["rules"]?.elements ?? [] {
                let columns = [
                    (rule["records"]?.unsigned ?? 0).grouped.padded(10),
                    (rule["tenant"]?.text ?? "").padded(20), rule["rule"]?.text ?? "",
                ]
                Terminal.print(columns.joined(separator: "  "))
            }
            let what = "the content of \(number("records").grouped) records"
            Terminal.say(
                options.yes
                    ? "evident: \(what) is gone"
                    : "evident: \(what) would go, for good; --yes does it")
            if outcome["more"] == .bool(true) {
                Terminal.say("evident: more are past their time: run it again")
            }
        }
    }
}
