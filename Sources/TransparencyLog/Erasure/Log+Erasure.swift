// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle
import Synchronization

extension Log {
    /// Erases records or fields, for good.
    ///
    /// The record that announces it is published before anything is destroyed, and another one says
    /// that it is done. Leaves, chain, tree and every proof stay as they are. One erasure runs at a
    /// time; records are taken meanwhile.
    ///
    /// - Parameters:
    ///   - removals: not empty; of published records, none of which is the log's own.
    ///   - announcement: the record that lists exactly these.
    ///   - completion: makes the record that says that what the one at an index announced is done.
    /// - Returns: the record that announced it, with its proof.
    /// - Throws: the error of a submission, or `.backupRunning`: nothing was announced.
    ///   `.erasureUnfinished`: it was, and the next start carries it out.
    package func erase(
        _ removals: [Removal], announcement: Submission,
        completion: @escaping @Sendable (_ request: UInt64) -> Submission
    ) async throws(LogError) -> SequencedRecord {
        guard !isBeingCopied.load(ordering: .acquiring) else { throw Self.backupRunning }
        guard case .accepted(let record)? = try await submit([announcement]).first else {
            throw LogError(.corrupt, "the announcement of an erasure is not new")
        }
        guard removals.allSatisfy({ $0.range.upperBound <= record.index }) else {
            throw LogError(.beyondTree, "an erasure is of records that came before it")
        }
        do {
            try await erasures.run { [eraser] in try eraser.run(removals, by: record.index) }
            try await complete(record.index, completion)
        } catch {
            throw LogError(
                .erasureUnfinished,
                "the erasure is announced at index \(record.index) and not finished; it goes on at"
                    + " the next start of the log", cause: error)
        }
        return record
    }

    /// Says that an erasure is done, in the log and then in the ledger.
    func complete(
        _ request: UInt64, _ completion: @Sendable (UInt64) -> Submission
    ) async throws {
        _ = try await submit([completion(request)])
        try await erasures.run { [eraser] in try eraser.ledger.complete(request) }
    }

    /// The index of the record that announced the removal of all content at a published index; nil
    /// if it was not removed.
    package func removal(at index: UInt64) async throws(LogError) -> UInt64? {
        guard index < published.head.size else { throw beyond(published) }
        return try await lookUp { try $0.removal(at: index) }
    }

    /// What the ledger names: how many requests, and how many of them are not finished.
    package var erasureCounts: (requests: Int, unfinished: Int) {
        let entries = eraser.ledger.entries
        return (entries.count, entries.count { !$0.isComplete })
    }
}
