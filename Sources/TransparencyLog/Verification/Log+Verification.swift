// SPDX-License-Identifier: Apache-2.0

import LogStorage

extension Log {
    /// Verifies what is stored of this log with the keys that it has, up to the newest commit.
    ///
    /// It reads on a thread of low priority, a part at a time, and never waits for the writer or
    /// keeps it waiting. What lies around the entries in the store is left to a check of the store.
    ///
    /// - Parameters:
    ///   - range: the first entry, and where to end; nil for the end of the log.
    ///   - isDeep: opens payloads too.
    ///   - given: the note of a checkpoint that whoever asks has kept.
    ///   - progress: called with the entries done and of all, now and then.
    /// - Throws: `CancellationError`; a `LogError` where the store could not be asked.
    package func verify(
        from: UInt64 = 0, end: UInt64? = nil, isDeep: Bool = true, given: [UInt8]? = nil,
        records: any VerificationRecords,
        progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) async throws -> VerificationReport {
        var options = ChainVerifier.Options()
        options.from = from
        options.end = end
        options.isDeep = isDeep
        options.niceness = 10
        let kept = witnessed.map {
            WitnessedNote(Array($0.note.utf8), policy: witnessSettings?.policy)
        }
        do {
            return try await ChainVerifier(
                source: LiveStore(reader: store.reader), keys: VerificationKeys(keys),
                records: records, published: Array(published.note.utf8), given: given,
                witnessed: kept, options: options
            ).run(progress: progress)
        } catch let error as StoreError {
            throw LogError(
                error.code == .closed ? .shuttingDown : .storageFailed,
                "the store could not be read", cause: error)
        }
    }

    private struct LiveStore: VerificationSource {
        let reader: any LogReader
    }
}
