// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import LogServer

/// `evident prune`: the content of everything before a time, gone.
struct PruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Take away the content of everything before a time, for good.",
        discussion: """
            EXAMPLES
              evident prune --before 2026-01-01T00:00:00Z --because policy-7
              evident prune --before 365d --because policy-7 --yes

            Without --yes it only says what would go. All records before the first one that is not
            older, or that a legal hold keeps, lose their content; leaves, receipts and proofs stay.
            Where no witness vouches for the time, --trust-clock takes the log's own clock, and the
            log tells.
            """)

    @OptionGroup var folder: DataOptions
    @OptionGroup var options: RetentionOptions

    @Option(help: "Older records go: RFC 3339 with an offset, or an age such as 365d.")
    var before: String

    @Flag(help: "Refuse unless exports that the log tells of hold all that would go.")
    var requireExport = false

    func run() async throws {
        let now = LogServerConfiguration().now()
        let time = try FilterOptions.time(before, "--before", now)
        let outcome = try await options.ask(
            "/v1/admin/prune", folder,
            more: [.init("before", .string(time))]
                + (requireExport ? [.init("require_export", .bool(true))] : []))
        guard let outcome else { return }
        say(outcome)
    }

    private func say(_ outcome: JSONValue) {
        func number(_ name: String) -> UInt64 { outcome[name]?.unsigned ?? 0 }
        if let held = outcome["blocked_by"], let index = held["index"]?.unsigned {
            let holds = held["holds"]?.elements?.compactMap(\.unsigned).map { String($0) } ?? []
            Terminal.say(
                "evident: it ends at index \(index), which is held by \(holds.joined(separator: ", "))"
            )
        }
        if number("log_records") > 0 {
            Terminal.say("evident: \(number("log_records").grouped) are the log's own and stay")
        }
        let what =
            "the content of \(number("records").grouped) records before index"
            + " \(number("first_retained"))"
        guard number("records") > 0 else {
            return Terminal.say("evident: there is nothing to prune")
        }
        if outcome["exported"] == false {
            Terminal.say("evident: no exports that the log tells of hold all of it: it is refused")
        }
        guard options.yes else {
            return Terminal.say("evident: \(what) would go, for good; --yes does it")
        }
        let announced = outcome["announced"]?.elements?.compactMap(\.unsigned) ?? []
        Terminal.say(
            "evident: \(what) is gone; announced at index "
                + announced.map { String($0) }.joined(separator: ", "))
        Terminal.print(String(number("first_retained")))
    }
}

/// How content past its time is asked to go.
struct RetentionOptions: ParsableArguments {
    @Option(help: "Why, as a code that the log will tell: policy-7.")
    var because: String

    @Flag(help: "Do it; without it nothing is changed.")
    var yes = false

    @Flag(help: "Take the log's own clock where no witness vouches for the time.")
    var trustClock = false

    @Flag(help: "Print the answer as JSON.")
    var json = false

    /// Asks for an act; nil where all has been said.
    func ask(
        _ path: String, _ folder: DataOptions, more: [JSONValue.Member] = []
    ) async throws -> JSONValue? {
        let body = JSONValue.object(
            [
                .init("dry_run", .bool(!yes)), .init("reason", .string(because)),
                .init("trust_clock", .bool(trustClock)),
            ] + more
        ).canonical
        let answer = try await AdminSession.with(folder) { session in
            try await session.ask("POST", path, body: body)
        }
        if json {
            Terminal.print(String(decoding: answer, as: UTF8.self))
            return nil
        }
        guard let outcome = try? JSONValue.parse(answer) else {
            throw CommandFailure(.inputOutput, "the log's answer could not be read")
        }
        if PendingAnswer.say(outcome) { return nil }
        return outcome
    }
}

/// The answer that an act waits for a second operator.
enum PendingAnswer {
    /// Whether it is one, and was said.
    static func say(_ answer: JSONValue) -> Bool {
        guard let index = answer["pending"]?.unsigned, let expires = answer["expires"]?.text else {
            return false
        }
        Terminal.say(
            "evident: it waits until \(expires) for another operator, who agrees with:"
                + " evident approval approve \(index) --because CODE --url URL --token-file FILE")
        Terminal.print(String(index))
        return true
    }
}
