// SPDX-License-Identifier: Apache-2.0

import Merkle
import SignedNote
import TransparencyLog

/// A submission that waits for a head that meets the log's witness policy.
struct WitnessWait: Sendable {
    private let log: Log
    private let failsClosed: Bool

    /// Nil for a submission that does not wait.
    ///
    /// Throws where it cannot be served, before anything is stored.
    init?(_ log: Log, isAsked: Bool) throws(Problem) {
        guard let settings = log.witnessSettings, settings.policy.fewest > 0 else {
            guard !isAsked else { throw Problem(.witnessesNotConfigured) }
            return nil
        }
        failsClosed = settings.onFailure == .closed
        guard isAsked || failsClosed else { return nil }
        guard !log.lacksWitnesses else { throw Problem(.witnessesUnavailable) }
        self.log = log
    }

    /// Puts all records under one witnessed head.
    ///
    /// False if none came in time, and then they stay as they are; a log that fails closed gives
    /// no receipts then.
    func settle(_ outcomes: inout [SubmissionOutcome]) async throws -> Bool {
        guard let last = outcomes.compactMap(\.record?.index).max() else { return true }
        guard let head = await log.witnessed(covering: last + 1) else {
            if failsClosed { throw Problem(.notWitnessed) }
            return false
        }
        for place in outcomes.indices {
            switch outcomes[place] {
            case .accepted(let record):
                outcomes[place] = .accepted(try await log.record(record, under: head))
            case .replayed(let record, let erased):
                outcomes[place] = .replayed(
                    try await log.record(record, under: head), erased: erased)
            case .conflict: break
            }
        }
        return true
    }
}
