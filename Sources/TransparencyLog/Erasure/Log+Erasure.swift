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
    /// The record says that it goes because of its age.
    package let isPrune: Bool
    /// Of a prune: below it, only records of the log's own have content from then on.
    package let firstContent: UInt64?

    package init(
        _ removals: [Removal], announcement: Submission, isPrune: Bool = false,
        firstContent: UInt64? = nil
    ) {
        self.removals = removals
        self.announcement = announcement
        self.isPrune = isPrune || firstContent != nil
        self.firstContent = firstContent
    }
}

extension Log {
    /// Announcements that are published under one head: some MiB at most.
    private static var announcementsOfUnit: Int { 32 }

    /// Erases records or fields, for good.
    ///
    /// - Returns: the record that announced it, with its proof.
    /// - Throws: as ``erase(_:records:)``.
    package func erase(
        _ removals: [Removal], announcement: Submission, records: any GovernanceRecords
    ) async throws(LogError) -> SequencedRecord {
        let act = ErasureAct(removals, announcement: announcement)
        return try await erase([act], records: records)[0]
    }

    /// Erases records or fields, for good.
    ///
    /// The records that announce it are published before anything is destroyed, and others say
    /// that it is done. Leaves, chain, tree and every proof stay as they are. One erasure runs at a
    /// time; records are taken meanwhile. What was announced before and not carried out goes first.
    ///
    /// - Parameters:
    ///   - acts: carried out in this order, none of them of records that no leaf can be explained
    ///     without.
    ///   - records: makes the record that says that it is done, and reads what was announced.
    /// - Returns: the records that announced them, with their proofs.
    /// - Throws: the error of a submission: what of it was published is carried out, at the next start
    ///   at the latest, and the rest is to be asked for again. `.backupRunning`: nothing was announced.
    ///   `.erasureUnfinished`: the next start carries it out.
    package func erase(
        _ acts: [ErasureAct], records: any GovernanceRecords
    ) async throws(LogError) -> [SequencedRecord] {
        guard !isBeingCopied.load(ordering: .acquiring) else { throw Self.backupRunning }
        var announced: [SequencedRecord] = []
        for start in stride(from: 0, to: acts.count, by: Self.announcementsOfUnit) {
            let unit = acts[start..<min(start + Self.announcementsOfUnit, acts.count)]
            do throws(LogError) {
                for outcome in try await submit(unit.map(\.announcement)) {
                    guard case .accepted(let record) = outcome else {
                        throw LogError(.corrupt, "the announcement of an erasure is not new")
                    }
                    announced.append(record)
                }
            } catch {
                // What is published of it is a promise. If this fails, the next run keeps it.
                _ = try? await carryOut(Array(zip(acts, announced)), records)
                throw error
            }
        }
        do {
            try await carryOut(Array(zip(acts, announced)), records)
        } catch let error as LogError where error.code == .beyondTree {
            throw error
        } catch {
            throw LogError(
                .erasureUnfinished,
                "the erasure is announced at index \(announced.first?.index ?? 0) and not finished;"
                    + " it goes on at the next start of the log", cause: error)
        }
        return announced
    }

    /// Carries out what was announced and waited for a hold that has ended.
    ///
    /// - Throws: `.erasureUnfinished`: the next start carries it out.
    package func eraseWaiting(records: any GovernanceRecords) async throws(LogError) {
        // A copy is being made: the next run does it.
        guard !isBeingCopied.load(ordering: .acquiring) else { return }
        do {
            try await carryOut([], records)
        } catch {
            throw LogError(
                .erasureUnfinished,
                "an erasure that had waited for a hold is not finished; it goes on at the next start"
                    + " of the log", cause: error)
        }
    }

    private func carryOut(
        _ acts: [(ErasureAct, SequencedRecord)], _ records: any GovernanceRecords
    ) async throws {
        let own = acts.map { act, record in
            ErasureLedger.Entry(
                request: record.index, removals: act.removals, isPrune: act.isPrune,
                firstContent: act.firstContent)
        }
        guard own.allSatisfy(\.isSound) else {
            throw LogError(.beyondTree, "an erasure is of records that came before it")
        }
        let (head, statements) = (published.head, statements(records))
        let outcome = try await erasures.run { [eraser] in
            try eraser.run(own, under: head, statements)
        }
        try await tell(outcome, records)
    }

    private func statements(_ records: any GovernanceRecords) -> ErasureStatements {
        ErasureStatements(reader, keys, records)
    }

    /// Says what was done, in the log and then in the ledger, and in the log what waits for a hold.
    func tell(_ outcome: Eraser.Outcome, _ records: any GovernanceRecords) async throws {
        let requests = outcome.finished
        for start in stride(from: 0, to: requests.count, by: 1_024) {
            let part = requests[start..<min(start + 1_024, requests.count)]
            _ = try await submit(part.map { records.erasureComplete($0) })
            try await erasures.run { [eraser] in
                for request in part { try eraser.ledger.complete(request) }
            }
        }
        guard let first = outcome.waiting.first?.request else { return }
        let (head, statements) = (published.head, statements(records))
        let told = try await erasures.run {
            try statements.deferred(from: first + 1, under: head)
        }
        for waiting in outcome.waiting where !told.contains(waiting.request) {
            _ = try await submit([
                records.erasureDeferred(waiting.request, by: waiting.holds)
            ])
        }
    }

    // MARK: Holds

    /// Notes a hold beside the log that its records place, so that it is known to have stood should they
    /// be lost.
    package func note(hold: UInt64) async throws(LogError) {
        try await reading {
            try await self.erasures.run { [eraser] in try eraser.ledger.hold(hold) }
        }
    }

    /// Notes that a hold has ended, as the log's records say.
    package func note(released hold: UInt64) async throws(LogError) {
        try await reading {
            try await self.erasures.run { [eraser] in try eraser.ledger.release(hold) }
        }
    }

    /// Holds that stand and whose records a restore has lost: nobody knows what they keep.
    package func lostHolds() async throws(LogError) -> [UInt64] {
        guard !eraser.ledger.contents.standingHolds.isEmpty else { return [] }
        return try await reading {
            try await self.erasures.run { [eraser] in try eraser.lostHolds() }
        }
    }

    // MARK: What is gone

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
