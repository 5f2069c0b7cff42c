// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LogServer

/// `evident token`: who may write to the log, and who may read.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke tokens.",
        discussion: """
            Tokens are kept as hashes. While a server runs, these commands speak to it through
            DIR/admin.sock, and a change takes effect at once.
            """,
        subcommands: [Create.self, List.self, Revoke.self])

    /// `evident token create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a token and print it, once.",
            discussion: """
                EXAMPLES
                  evident token create --role producer > token
                  evident token create --role producer --tenant '*' --name importer
                  evident token create --role auditor --name external-audit-2026

                The token is the last line of standard output and is kept nowhere. A token that
                replaces another has the same --name and --tenant: retries of records that were
                sent with the old one are still recognised.
                """)

        @OptionGroup var folder: DataOptions

        @Option(help: "producer, reader, auditor or operator.")
        var role: String

        @Option(help: "The tenant it is for, or '*'. [default; '*' for an auditor or operator]")
        var tenant: String?

        @Option(help: "What the holder is known by. [the token's public part]")
        var name: String?

        @Flag(help: "Print the token and what is known of it as JSON.")
        var json = false

        func run() async throws {
            guard let role = Role(rawValue: role) else {
                throw CommandFailure.usage(
                    "\(self.role.quoted) is no role; there are producer, reader, auditor, operator")
            }
            let readsAll = role == .auditor || role == .operator
            let text = tenant ?? (readsAll ? "*" : "default")
            guard let scope = TenantScope(text) else {
                throw CommandFailure.usage(
                    "\(text.quoted) is no tenant: 1 to 63 of a-z 0-9 . _ - or '*'")
            }
            guard Credential(name: name ?? "name", role: role, tenant: scope) != nil else {
                throw CommandFailure.usage(
                    "this role, tenant and name do not go together",
                    advice: "A reader has one tenant, an auditor and an operator have '*'; a name "
                        + "is 1 to 64 of A-Z a-z 0-9 . _ -")
            }
            let made = try await TokenAccess.with(folder) { (access) async throws in
                try await access.create(name: name, role: role, tenant: scope)
            }
            if json { return try Terminal.print(json: made) }
            Terminal.say(
                "evident: a token for \(made.role) \(made.name), tenant \(made.tenant); it is not "
                    + "shown again. Revoke it with: evident token revoke \(made.prefix)")
            Terminal.print(made.token ?? "")
        }
    }

    /// `evident token list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the tokens, without what could stand for one.")

        @OptionGroup var folder: DataOptions

        @Flag(help: "Print one line of JSON for each token.")
        var json = false

        func run() async throws {
            let tokens = try await TokenAccess.with(folder) { (access) async throws in
                try await access.list()
            }
            if json { return try tokens.forEach { try Terminal.print(json: $0) } }
            for token in tokens {
                let columns = [
                    token.prefix, token.role.padded(9), token.tenant.padded(16),
                    token.created.prefix(19) + "Z", token.name,
                ]
                Terminal.print(columns.joined(separator: "  "))
            }
            if tokens.isEmpty {
                Terminal.say("evident: there are no tokens; evident token create makes one")
            }
        }
    }

    /// `evident token revoke`.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "End a token at once.",
            discussion: "EXAMPLE\n  evident token revoke abcdefghij23")

        @Argument(help: "The token's public part, as `evident token list` shows it first.")
        var prefix: String

        @OptionGroup var folder: DataOptions

        func run() async throws {
            let isKnown = try await TokenAccess.with(folder) { (access) async throws in
                try await access.revoke(prefix)
            }
            guard isKnown else {
                throw CommandFailure(.unverifiable, "there is no token \(prefix.quoted)")
            }
            Terminal.say("evident: \(prefix) is revoked")
        }
    }
}

extension String {
    /// The text with spaces up to a width.
    func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
