// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LogStorage
import SQLiteStorage
import SignedNote
import TransparencyLog

/// `evident verify chain`: records, chain, tree and heads, and exactly what is wrong with them.
struct VerifyChainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chain",
        abstract: "Verify records, chain and tree, and say exactly what is wrong.",
        discussion: """
            EXAMPLES
              evident verify chain --data /var/lib/evident
              evident verify chain --data /var/lib/evident --checkpoint kept.note --json
              evident verify chain --data /var/lib/evident --resume verified.position
              evident verify chain http://127.0.0.1:6962 --token-file auditor-token
              evident verify chain https://log.example.com --vkey KEY

            A folder is opened to be read only; a server may run meanwhile. An address with an
            auditor's token has the server verify itself; without one, what is public is verified
            here. What each verdict means is in docs/verification.md.
            """)

    @Argument(help: "The address of a log, instead of a folder.")
    var url: String?

    @OptionGroup var folder: DataOptions

    @Option(help: "A checkpoint that you have kept, to compare the log with.")
    var checkpoint: String?

    @Option(help: "The log's verifier key, which is better than its own folder's. [EVIDENT_VKEY]")
    var vkey: [String] = []

    @Option(
        help: """
            The witnesses that must have cosigned (c2sp.org/tlog-policy). [with a folder, that of \
            its configuration]
            """)
    var policy: String?

    @Option(help: "The first entry to check. [0]")
    var from: UInt64 = 0

    @Option(help: "Where to end, this entry not included. [the end]")
    var to: UInt64?

    @Option(help: "A file that remembers how far the verification came, to go on from.")
    var resume: String?

    @Flag(help: "Leave payloads closed: the chain and the tree alone.")
    var shallow = false

    @Option(help: "Threads to check with. [all cores]")
    var workers: Int?

    @Option(help: "With an address: a file with an auditor's token; without it, EVIDENT_TOKEN.")
    var tokenFile: String?

    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard (1...256).contains(workers ?? 1) else {
            throw ValidationError("--workers is a number from 1 to 256")
        }
        guard to.map({ $0 > from }) ?? true else {
            throw ValidationError("--to is larger than --from")
        }
        guard resume == nil || from == 0 && to == nil && url == nil else {
            throw ValidationError("--resume goes on by itself, in a folder: leave the range out")
        }
        guard url == nil || folder.data == nil else {
            throw ValidationError("name a folder or an address, not both")
        }
    }

    func run() async throws {
        let kept = try checkpoint.map(Self.read)
        let outcome: ChainOutcome
        if let url {
            outcome = try await RemoteChain(
                url: url, tokenFile: tokenFile, vkeys: vkeys,
                policy: policy.map(PolicyFile.read) ?? .none, kept: kept, from: from, end: to,
                isDeep: !shallow
            ).verify()
        } else {
            let settings = try await folder.existing()
            let used = MachineTime.ownSeconds
            let report = try await LocalChain(settings, self).verify(kept: kept)
            outcome = .local(report, coreSeconds: MachineTime.ownSeconds - used)
        }
        try outcome.show(json: json)
    }

    /// The keys that were given, from the command line or the environment.
    var vkeys: [String] {
        if !vkey.isEmpty { return vkey }
        let key = ProcessInfo.processInfo.environment["EVIDENT_VKEY"] ?? ""
        return key.isEmpty ? [] : [key]
    }

    static func parsed(_ vkeys: [String]) throws(CommandFailure) -> [VerifierKey] {
        do throws(NoteError) {
            return try vkeys.map { (text) throws(NoteError) in try VerifierKey(parsing: text) }
        } catch {
            throw .usage("--vkey is not a verifier key (\(error))")
        }
    }

    private static func read(_ path: String) throws -> [UInt8] {
        guard let bytes = try PrivateFile.read(path, followingLinks: true) else {
            throw CommandFailure(.inputOutput, "\(path): there is no such file")
        }
        return bytes
    }
}
