// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Logging
import ServiceLifecycle
import Synchronization
import TransparencyLog

/// Runs the rules of retention at their interval, where the settings ask for it.
///
/// A run that nobody vouches a time for, or that fails, destroys nothing and is told in the server's
/// log; the next one tries again.
final class RetentionSchedule: Sendable {
    /// How the last run ended.
    struct Run: Sendable {
        let at: Timestamp
        /// `done`, or the code of what was in the way.
        let outcome: String
    }

    private let desk: ActDesk
    private let logger: Logger
    private let state = Mutex<Run?>(nil)

    /// The first run does not wait longer, so that a server that is restarted often has one.
    private static let firstMS: UInt64 = 300_000

    init(desk: ActDesk, logger: Logger) {
        self.desk = desk
        self.logger = logger
    }

    /// Nil before the first one.
    var last: Run? { state.withLock { $0 } }

    private var settings: RetentionSettings { desk.surroundings.retention }

    /// Runs until the server ends; returns at once where nothing is scheduled.
    func run() async {
        guard settings.mode == .scheduled else { return }
        await cancelWhenGracefulShutdown { [self] in
            var wait = min(settings.intervalMS, Self.firstMS)
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(Int64(wait)))
                if Task.isCancelled { return }
                await runOnce()
                wait = settings.intervalMS
            }
        }
    }

    /// One run, in as many parts as its cap asks for at this time: one.
    func runOnce() async {
        guard desk.surroundings.log.mode == .sequencing else { return note("not_sequencing") }
        do {
            let act = RetentionAct(.scheduled, desk.surroundings)
            let answer = try await desk.carryOut(act, as: "evident")
            note("done")
            logger.info(
                "the rules of retention were run",
                metadata: ["outcome": "\(String(decoding: answer.bytes, as: UTF8.self))"])
        } catch {
            let code = Self.code(of: error)
            note(code)
            logger.warning(
                "a run of the rules of retention was not finished",
                metadata: ["code": "\(code)", "error": "\(error)"])
        }
    }

    private func note(_ outcome: String) {
        let run = Run(at: desk.now(), outcome: outcome)
        state.withLock { $0 = run }
    }

    private static func code(of error: any Error) -> String {
        switch error {
        case let problem as Problem: problem.code.row.code
        case let error as LogError: error.code.rawValue
        default: ProblemCode.internalError.row.code
        }
    }
}
