// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle

extension Log {
    /// Puts records into the log as one unit: one transaction, in the order given.
    ///
    /// Returns when all of them are durable, anchored and published; all outcomes are under one
    /// checkpoint. A thrown error says that none was taken, but for `.notPublished` and
    /// `.storageFailed`, which a retry with the same keys settles.
    package func submit(_ unit: [Submission]) async throws(LogError) -> [SubmissionOutcome] {
        try refuseUnlessSequencing()
        submissions.enter()
        defer { submissions.leave() }
        let publication = try await withCheckedContinuation { continuation in
            sequencer.submit(unit) { continuation.resume(returning: $0) }
        }.get()
        return try await settle(publication)
    }

    /// The same for callers that are no task: `answer` is called once, on the publisher's thread
    /// or on the caller's, and has to return at once.
    ///
    /// What it is given is for ``newRecord(of:)`` and, where that says nil, ``outcomes(of:)``.
    package func submit(_ unit: [Submission], answer: @escaping UnitAnswer) {
        do throws(LogError) {
            try refuseUnlessSequencing()
        } catch {
            return answer(.failure(error))
        }
        submissions.enter()
        sequencer.submit(unit) { [submissions] result in
            answer(result)
            submissions.leave()
        }
    }

    /// The record that a unit of one has added; nil where it was a repeat or a conflict.
    package func newRecord(
        of publication: UnitPublication
    ) throws(LogError) -> SequencedRecord? {
        guard publication.settlements.count == 1, let batch = publication.batch,
            case .added(let offset) = publication.settlements[0]
        else { return nil }
        var checker = ProofChecker?.some(ProofChecker(head: batch.head.treeHead))
        return try Self.record(offset, of: batch, publication.note, &checker)
    }

    /// What became of a published unit; repeats are read from the store.
    package func outcomes(
        of publication: UnitPublication
    ) async throws(LogError) -> [SubmissionOutcome] {
        submissions.enter()
        defer { submissions.leave() }
        return try await settle(publication)
    }

    private func settle(
        _ publication: UnitPublication
    ) async throws(LogError) -> [SubmissionOutcome] {
        // Repeats are proven under the newest head, which may be newer than this unit's own.
        let published = published
        let hasRepeats = publication.settlements.contains(where: \.isRepeat)
        let isOwnHead = !hasRepeats || publication.note == published.note
        var outcomes: [SubmissionOutcome] = []
        outcomes.reserveCapacity(publication.settlements.count)
        var checker = publication.batch.map { ProofChecker(head: $0.head.treeHead) }
        for settlement in publication.settlements {
            switch settlement {
            case .added(let offset):
                guard let batch = publication.batch else { preconditionFailure("nothing added") }
                let record =
                    isOwnHead
                    ? try Self.record(offset, of: batch, publication.note, &checker)
                    : try await record(at: batch.firstIndex + UInt64(offset), under: published)
                outcomes.append(.accepted(record))
            case .replayed(let index, let erased):
                guard index < published.head.size else { throw Publisher.notPublished }
                let record = try await record(at: index, under: published)
                outcomes.append(.replayed(record, erased: erased))
            case .conflict(let index):
                guard index < published.head.size else { throw Publisher.notPublished }
                outcomes.append(.conflict(index: index))
            }
        }
        return outcomes
    }

    /// Cuts a receipt's contents out of a published batch, and verifies the proof before it goes.
    static func record(
        _ offset: Int, of batch: SequencedBatch, _ note: String, _ checker: inout ProofChecker?
    ) throws(LogError) -> SequencedRecord {
        let index = batch.firstIndex + UInt64(offset)
        // The two parts alone: a copy of the entry counts references to all of its others.
        let (leaf, leafHash) = (batch.entries[offset].leaf, batch.entries[offset].leafHash)
        let proof = batch.growth.inclusionProof(of: index)
        do {
            try checker?.verify(proof, leafHash: leafHash)
        } catch {
            throw LogError(.corrupt, "a new proof does not verify", cause: error)
        }
        return SequencedRecord(index: index, leaf: leaf, proof: proof, checkpoint: note)
    }
}
