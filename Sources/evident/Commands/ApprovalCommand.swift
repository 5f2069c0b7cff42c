// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import LogClientHTTP

/// `evident approval`: what waits for a second operator.
struct ApprovalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approval",
        abstract: "List, approve and reject acts that wait for a second operator.",
        discussion: """
            With approval.two_person, an erasure, a prune, a run of retention and the release of a
            hold wait until another operator agrees. Over the log's own socket everyone is one
            operator, called local; with --url, whoever the token is of.
            """,
        subcommands: [List.self, Approve.self, Reject.self])

    /// Where to ask, and as whom.
    struct Asker: ParsableArguments {
        @OptionGroup var folder: DataOptions
        @OptionGroup var server: ServerOptions

        func ask(_ method: String, _ path: String, body: [UInt8]? = nil) async throws -> [UInt8] {
            guard server.url != nil || server.tokenFile != nil else {
                return try await AdminSession.with(folder) { session in
                    try await session.ask(method, path, body: body)
                }
            }
            return try await server.withEndpoint { endpoint in
                let headers = body == nil ? [] : [("Content-Type", "application/json")]
                let answer = try await endpoint.request(method, path, headers: headers, body: body)
                guard (200..<300).contains(answer.status) else {
                    throw answer.error(asking: path, of: endpoint)
                }
                return answer.body
            }
        }

        func decide(
            _ decision: JSONValue, _ index: UInt64, _ reason: String
        ) async throws -> [UInt8] {
            let body: JSONValue = ["decision": decision, "reason": .string(reason)]
            return try await ask("POST", "/v1/admin/approvals/\(index)", body: body.canonical)
        }
    }

    /// `evident approval list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the acts that wait.")

        @OptionGroup var asker: Asker

        @Flag(help: "Print the answer as JSON.")
        var json = false

        func run() async throws {
            let answer = try await asker.ask("GET", "/v1/admin/approvals")
            if json { return Terminal.print(String(decoding: answer, as: UTF8.self)) }
            let acts = (try? JSONValue.parse(answer))?["pending"]?.elements ?? []
            for act in acts {
                let columns = [
                    String(act["pending"]?.unsigned ?? 0).padded(10),
                    (act["act"]?.text ?? "").padded(14), (act["credential"]?.text ?? "").padded(20),
                    (act["reason"]?.text ?? "").padded(20), act["expires"]?.text ?? "",
                ]
                Terminal.print(columns.joined(separator: "  "))
            }
            if acts.isEmpty { Terminal.say("evident: nothing waits") }
        }
    }

    /// `evident approval approve`.
    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve", abstract: "Agree to an act, which is then carried out.",
            discussion: """
                EXAMPLE
                  evident approval approve 1234 --because reviewed --url URL --token-file FILE
                """)

        @Argument(help: "The act's index, as `evident approval list` shows it first.")
        var index: UInt64

        @OptionGroup var asker: Asker

        @Option(help: "Why, as a code that the log will tell.")
        var because: String

        func run() async throws {
            let answer = try await asker.decide("approve", index, because)
            Terminal.say("evident: it was approved and carried out")
            if !answer.isEmpty { Terminal.print(String(decoding: answer, as: UTF8.self)) }
        }
    }

    /// `evident approval reject`.
    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reject", abstract: "Reject an act, or withdraw one's own.",
            discussion: "EXAMPLE\n  evident approval reject 1234 --because not-needed")

        @Argument(help: "The act's index, as `evident approval list` shows it first.")
        var index: UInt64

        @OptionGroup var asker: Asker

        @Option(help: "Why, as a code that the log will tell.")
        var because: String

        func run() async throws {
            _ = try await asker.decide("reject", index, because)
            Terminal.say("evident: it was rejected; nothing was done")
        }
    }
}
