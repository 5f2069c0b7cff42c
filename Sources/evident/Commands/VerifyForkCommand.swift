// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogClient
import LogCrypto
import LogStorage
import Merkle
import SignedNote

/// `evident verify fork`: evidence that a log forked, offline.
struct VerifyForkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fork",
        abstract: "Verify evidence that a log forked, offline.",
        discussion: """
            Exit status 0 says that the fork is proven: the log signed two heads that no single
            history has. Exit status 2 says that the file proves nothing.

            EXAMPLES
              evident verify fork fork.json --vkey KEY
            """)

    @Argument(help: "The file of evidence.")
    var file: String

    @OptionGroup var keys: KeyOptions

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    /// What has been proven.
    struct Outcome: Encodable {
        let verdict: String
        let origin: String
        let id: String
        let size: UInt64
        let sizes: [UInt64]
        let roots: [String]
    }

    func run() async throws {
        let pinned = try ReceiptCheck.pin(keys.keys(ProcessInfo.processInfo.environment))
        let fork = try Self.verify(try Self.read(file), pinned)
        let heads = fork.checkpoints.map(\.checkpoint.head)
        if json {
            return try Terminal.print(
                json: Outcome(
                    verdict: "forked", origin: fork.origin.text, id: fork.id.hex, size: fork.size,
                    sizes: heads.map(\.size), roots: heads.map(\.root.base64)))
        }
        Terminal.print(fork.text)
    }

    private static func verify(
        _ evidence: ForkEvidence, _ pinned: PinnedLog
    ) throws(CommandFailure) -> ProvenFork {
        do {
            return try evidence.verify(by: pinned)
        } catch {
            throw CommandFailure(.unverifiable, "no fork is proven: \(error)")
        }
    }

    private static func read(_ file: String) throws(CommandFailure) -> ForkEvidence {
        let bytes: [UInt8]
        do {
            guard let found = try PrivateFile.read(file, followingLinks: true) else {
                throw FileError(.missing, file, "there is no such file")
            }
            bytes = found
        } catch {
            throw CommandFailure(.inputOutput, "\(error)")
        }
        do {
            return try ForkEvidence(parsing: bytes)
        } catch {
            throw CommandFailure(.unverifiable, "it is no evidence of a fork (\(error))")
        }
    }
}

extension ForkEvidence {
    /// What a file of it is called: the same evidence always has the same name.
    var fileName: String { "fork-\(SHA256.hash(json).hex.prefix(16)).json" }
}

extension ProvenFork {
    /// What is proven, for people.
    var text: String {
        let heads = checkpoints.map(\.checkpoint.head)
        let lines = heads.map { "  size \($0.size.grouped), root \($0.root.base64)" }
        let difference =
            heads[0].size == heads[1].size
            ? "" : "\nwhich differ among their first \(size.grouped) leaves"
        return "FORKED: the key of \(origin.text) signed both of\n"
            + lines.joined(separator: "\n") + difference + "\nevidence \(id.hex)"
    }
}
