// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `evident verify`: what a log has given or shows, checked without trust in it.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify receipts, records and their chain, or a whole log.",
        discussion: """
            Everything rests on the verifier key, which must come from somewhere else than what is
            verified. Exit status 0 says proven; 1, that something contradicts what the log signed;
            2, that nothing is proven either way.
            """,
        subcommands: [
            VerifyReceiptCommand.self, VerifyChainCommand.self, VerifyLogCommand.self,
        ])
}

/// The keys that a verification rests on.
struct KeyOptions: ParsableArguments {
    @Option(help: "The log's verifier key; repeat it for a log that changes keys. [EVIDENT_VKEY]")
    var vkey: [String] = []

    /// The keys, from the command line or the environment.
    func keys(_ environment: [String: String]) throws(CommandFailure) -> [String] {
        if !vkey.isEmpty { return vkey }
        if let key = environment["EVIDENT_VKEY"], !key.isEmpty { return [key] }
        throw .usage(
            "a verifier key is needed: --vkey KEY",
            advice: "The operator of the log has it: `evident init` and `evident serve` print it.")
    }
}
