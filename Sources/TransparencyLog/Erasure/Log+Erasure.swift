// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle
import Synchronization

/// Content to destroy, and the record that announces it.
package struct ErasureAct: Sendable {
    /// Not empty; of published records.
    package let removals: [Removal]
    /// The record that lists exactly these.
    package let announcement: Submission
    /// Of a prune: below it, only records of the log's own have content from then on.
    package let firstContent: UInt64?

    package init(
        _ removals: [Removal], announcement: Submission, firstContent: UInt64? = nil
    ) {
        self.removals = removals
        self.announcement = announcement
        self.firstContent = firstContent
    }
}

extension Log {
    /// Announcements that are published under one head: some MiB at most.
    private static var announcementsOfUnit: Int { 32 }

    /// Erases records or fields, for good.
    ///
    /// - Returns: the record that announced it, with its proof.
    /// - Throws: as ``erase(_:completion:)``.
    package func erase(
        _ removals: [Removal], announcement: Submission,
        completion: @escaping @Sendable (_ request: UInt64) -> Submission
    ) async throws(LogError) -> SequencedRecord {
        let act = ErasureAct(removals, announcement: announcement)
        return try await erase([act], completion: completion)[0]
    }

    /// Erases records or fields, for good.
    ///
    /// The records that announce it are published before anything is destroyed, and others say
    /// that it is done. Leaves, chain, tree and every proof stay as they are. One erasure runs at a
    /// time; records are taken meanwhile.
    ///
    /// - Parameters:
    ///   - acts: carried out in this order, none of them of records that no leaf can be explained
    ///     without.
    ///   - completion: makes the record that says that what the one at an index announced is done.
    /// - Returns: the records that announced them, with their proofs.
    /// - Throws: the error of a submission, or `.backupRunning`: nothing is destroyed, and what was announced is asked for
    ///   again. `.erasureUnfinished`: the next start carries it out.
    package func erase(
        _ acts: [ErasureAct], completion: @escaping @Sendable (_ request: UInt64) -> Submission
    ) async throws(LogError) -> [SequencedRecord] {
        guard !isBeingCopied.load(ordering: .acquiring) else { throw Self.backupRunning }
        var records: [SequencedRecord] = []
        for start in stride(from: 0, to: acts.count, by: Self.announcementsOfUnit) {
            let unit = acts[start..<min(start + Self.announcementsOfUnit, acts.count)]
            for outcome in try await submit(unit.map(\.announcement)) {
                guard case .accepted(let record) = outcome else {
                    throw LogError(.corrupt, "the announcement of an erasure is not new")
                }
                records.append(record)
            }
        }
        let entries = zip(acts, records).map { act, record in
            ErasureLedger.Entry(
                request: record.index, removals: act.removals, firstContent: act.firstContent)
        }
        guard
            entries.allSatisfy({ entry in
                entry.removals.allSatisfy { $0.range.upperBound <= entry.request }
            })
        else { throw LogError(.beyondTree, "an erasure is of records that came before it") }
        do {
            try await erasures.run { [eraser] in try eraser.run(entries) }
            try await complete(entries.map(\.request), completion)
        } catch {
            throw LogError(
                .erasureUnfinished,
                "the erasure is announced at index \(entries.first?.request ?? 0) and not finished;"
                    + " it goes on at the next start of the log", cause: error)
        }
        return records
    }

    /// Says that erasures are done, in the log and then in the ledger.
    func complete(
        _ requests: [UInt64], _ completion: @Sendable (UInt64) -> Submission
    ) async throws {
        for start in stride(from: 0, to: requests.count, by: 1_024) {
            let part = requests[start..<min(start + 1_024, requests.count)]
            _ = try await submit(part.map { completion($0) })
            try await erasures.run { [eraser] in
                for request in part { try eraser.ledger.complete(request) }
            }
        }
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

    /// Below it, only records of the log's own have content: the rest was pruned.
    ///
    /// 0 before the first prune.
    package var firstContentIndex: UInt64 { eraser.ledger.firstContent }
}
