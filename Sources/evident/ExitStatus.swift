// SPDX-License-Identifier: Apache-2.0

/// What `evident` says with its exit status.
///
/// This is the one table of them.
enum ExitStatus: Int32, CaseIterable, Sendable {
    /// Done; where something was to be verified, it was, and it is as it must be.
    case ok = 0
    /// Evidence of tampering or of a fork.
    case tampered = 1
    /// Neither proven right nor wrong: a key, a signature or a part is missing or unreadable; or
    /// something was refused.
    case unverifiable = 2
    /// The command line or the configuration is wrong; nothing was done.
    case usage = 3
    /// A file, a socket or the network failed, or another server holds the data folder.
    case inputOutput = 4
    /// The server refused to start: its store and its anchor disagree, so it may have been rolled
    /// back or forked.
    case rollbackSuspected = 5
    /// A log is forked: a file of evidence, which anyone can check, proves it.
    case forked = 6

    /// The table as it stands in `evident --help`.
    static let table = """
        EXIT STATUSES
          0  done, and all that was to be verified is right
          1  tampered or forked: the evidence is printed
          2  cannot be verified, or something was refused
          3  wrong usage or configuration; nothing was done
          4  a file, a socket or the network failed, or another server holds the folder
          5  the server refused to start: rollback or fork suspected
          6  the log is forked, and a file proves it to anyone
        """
}

/// Why a command ends without having done its work: what happened, and what to do about it.
///
/// Neither text ever holds a secret or the content of a record.
struct CommandFailure: Error, Equatable {
    let status: ExitStatus
    let message: String
    /// The next step, as a sentence; empty where the message says it all.
    let advice: String

    init(_ status: ExitStatus, _ message: String, advice: String = "") {
        self.status = status
        self.message = message
        self.advice = advice
    }

    static func usage(_ message: String, advice: String = "") -> CommandFailure {
        CommandFailure(.usage, message, advice: advice)
    }
}
