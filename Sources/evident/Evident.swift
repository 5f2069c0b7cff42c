// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// The program: parses the command line, runs one command, and ends with its exit status.
@main
struct Evident: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evident",
        abstract: "An audit log whose every record can be proven, by anyone, offline.",
        discussion: """
            FIRST STEPS
              evident serve                          make a log in ./evident-data and serve it
              evident submit events.ndjson --token-file token --receipts receipts
              evident verify receipt receipts/1.json --vkey KEY
              evident verify log http://127.0.0.1:6962 --vkey KEY

            Results go to standard output, everything else to standard error.

            \(ExitStatus.table)
            """,
        version: "0.1.0",
        subcommands: [
            InitCommand.self, ServeCommand.self, TokenCommand.self, ReloadCommand.self,
            SubmitCommand.self, ImportCommand.self, GetCommand.self, QueryCommand.self,
            BundleCommand.self, ExportCommand.self, TailCommand.self, VerifyCommand.self,
            MonitorCommand.self, MirrorCommand.self, WitnessCommand.self, EraseCommand.self,
            HoldCommand.self, RetentionCommand.self, PruneCommand.self, ApprovalCommand.self,
            FsckCommand.self,
            RecoverCommand.self, BackupCommand.self, RestoreCommand.self, FreezeCommand.self,
            RedactCommand.self, BenchCommand.self,
        ])

    static func main() async {
        // A peer that closes its end is an error of one write, never the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Glibc.exit(report(error).rawValue)
        }
    }

    /// Says what went wrong on standard error and returns the status to end with.
    private static func report(_ error: any Error) -> ExitStatus {
        switch error {
        case let failure as CommandFailure:
            Terminal.say("evident: \(failure.message)")
            if !failure.advice.isEmpty { Terminal.say(failure.advice) }
            return failure.status
        case let failure as FileError:
            Terminal.say("evident: \(failure)")
            return .inputOutput
        case let code as ExitCode:
            return ExitStatus(rawValue: code.rawValue) ?? .usage
        default:
            return reportParsing(error)
        }
    }

    /// What ArgumentParser throws: help and version are answers, the rest is wrong usage.
    private static func reportParsing(_ error: any Error) -> ExitStatus {
        let message = fullMessage(for: error)
        if exitCode(for: error) == .success {
            Terminal.print(message)
            return .ok
        }
        let isUsage = exitCode(for: error) == .validationFailure
        Terminal.say(isUsage ? message : "evident: \(error)")
        return isUsage ? .usage : .inputOutput
    }
}

extension ExitStatus {
    /// Ends the command with this status, everything having been said.
    func end() throws {
        if self != .ok { throw ExitCode(rawValue) }
    }
}
