// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle

/// A request's submissions, and who waits for them, who is answered exactly once.
struct PendingUnit: Sendable {
    let submissions: [Submission]
    private let answer: UnitAnswer

    init(_ submissions: [Submission], _ answer: @escaping UnitAnswer) {
        self.submissions = submissions
        self.answer = answer
    }

    var byteCount: Int { submissions.reduce(0) { $0 + $1.byteCount } }

    func resume(returning publication: UnitPublication) {
        answer(.success(publication))
    }

    func fail(_ error: LogError) {
        answer(.failure(error))
    }
}

/// Takes what became of a unit, on whatever thread knows it, which it must not hold up.
package typealias UnitAnswer = @Sendable (Result<UnitPublication, LogError>) -> Void

/// What a published commit says to one of its units.
///
/// Whoever waits for the unit cuts the proofs out of it, so that the publisher goes on.
package struct UnitPublication: Sendable {
    let settlements: [Settlement]
    /// Nil when the commit wrote nothing.
    let batch: SequencedBatch?
    /// The note over the batch's head.
    let note: String
}

/// A commit on its way from the writer to the publisher.
struct CommittedBatch: Sendable {
    let units: [PendingUnit]
    let settlements: [[Settlement]]
    let batch: SequencedBatch?
    let edge: TreeEdge
}
