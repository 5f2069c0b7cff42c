// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LogClient
import SignedNote

/// `evident verify`: what a log has given or shows, checked without trust in it.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify receipts, evidence, records and their chain, or a whole log.",
        discussion: """
            Everything rests on the verifier key, which must come from somewhere else than what is
            verified. Exit status 0 says proven; 1, that something contradicts what the log signed;
            2, that nothing is proven either way.
            """,
        subcommands: [
            VerifyReceiptCommand.self, VerifyBundleCommand.self, VerifyChainCommand.self,
            VerifyLogCommand.self, VerifyForkCommand.self, VerifyExportCommand.self,
            VerifySinkCommand.self,
        ])
}

/// The keys that a verification rests on.
struct KeyOptions: ParsableArguments {
    @Option(help: "The log's verifier key; repeat it for a log that changes keys. [EVIDENT_VKEY]")
    var vkey: [String] = []

    @Option(
        help: """
            A file with the witnesses that must have cosigned (c2sp.org/tlog-policy). If it names \
            the log, no --vkey is needed. [EVIDENT_POLICY]
            """)
    var policy: String?

    /// The log under its keys and the policy, from the command line or the environment.
    func pinned(_ environment: [String: String]) throws(CommandFailure) -> PinnedLog {
        let file = policy ?? environment["EVIDENT_POLICY"].flatMap { $0.isEmpty ? nil : $0 }
        guard let file else { return try ReceiptCheck.pin(keys(environment)) }
        let policy = try PolicyFile.read(file)
        if vkey.isEmpty, !policy.logs.isEmpty {
            do {
                return try PinnedLog(policy: policy)
            } catch {
                throw .usage("the policy does not name one log (\(error)): say which with --vkey")
            }
        }
        return try ReceiptCheck.pin(keys(environment), policy: policy)
    }

    /// The same where a key or a policy was given; else nil.
    func pinnedIfGiven(_ environment: [String: String]) throws(CommandFailure) -> PinnedLog? {
        let isGiven =
            !vkey.isEmpty || policy != nil
            || ["EVIDENT_VKEY", "EVIDENT_POLICY"].contains { environment[$0]?.isEmpty == false }
        return isGiven ? try pinned(environment) : nil
    }

    /// The keys, from the command line or the environment.
    func keys(_ environment: [String: String]) throws(CommandFailure) -> [String] {
        if !vkey.isEmpty { return vkey }
        if let key = environment["EVIDENT_VKEY"], !key.isEmpty { return [key] }
        throw .usage(
            "a verifier key is needed: --vkey KEY",
            advice: "The operator of the log has it: `evident init` and `evident serve` print it.")
    }
}
