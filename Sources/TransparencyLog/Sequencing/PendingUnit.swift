// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle

/// A request's submissions and its waiting task, which is resumed exactly once.
struct PendingUnit: Sendable {
    let submissions: [Submission]
    private let continuation: CheckedContinuation<Result<UnitPublication, LogError>, Never>

    init(
        _ submissions: [Submission],
        _ continuation: CheckedContinuation<Result<UnitPublication, LogError>, Never>
    ) {
        self.submissions = submissions
        self.continuation = continuation
    }

    var byteCount: Int { submissions.reduce(0) { $0 + $1.byteCount } }

    func resume(returning publication: UnitPublication) {
        continuation.resume(returning: .success(publication))
    }

    func fail(_ error: LogError) {
        continuation.resume(returning: .failure(error))
    }
}

/// What a published commit says to one of its units.
///
/// The unit's own task cuts the proofs out of it, so that the publisher goes on.
struct UnitPublication: Sendable {
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
