// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogCrypto
package import Merkle

/// Where one log's committed state lives.
///
/// **Durability.** When `transaction` returns, all that its body wrote is on stable storage and
/// survives a power cut (`durability == .durable`), or the store says plainly that it is not.
/// **Order.** Transactions are serial. A reader sees a prefix of them: all of a commit or none of
/// it, never a later one without an earlier one.
/// **Append-only.** A committed leaf, submission key or full tile never changes. A partial tile is
/// only ever extended. Content (record, seed, form digest) lives apart, so that erasing it later
/// touches nothing that is committed to; it goes only with a note of the record that announced it.
/// **Look-ups** are complete up to the newest commit, however the store finds them.
///
/// All calls block, and are safe from any thread. `transaction` is called by one thread at a time.
package protocol LogStore: Sendable {
    /// What a returned commit is worth.
    var durability: StoreDurability { get }

    /// Runs `body` in one write transaction and commits it when it returns.
    ///
    /// Throws the body's error after a clean rollback, or a `StoreError`. Code `.outcomeUnknown`
    /// means that the commit itself failed: whether it happened is for recovery to find out, and
    /// the caller must not write again.
    func transaction<Result>(
        _ body: (any LogTransaction) throws -> Result
    ) throws -> Result

    /// A view of what is committed at the time of each call.
    var reader: any LogReader { get }

    /// Wipes what is left of removed content outside of the database's own rows: the log of writes,
    /// and the look-ups by its values.
    ///
    /// When it returns, no file of the store holds a byte of it any more. `ranges` rise and do not
    /// overlap; a call for the same ones again does no harm. Cost: the look-ups of 65,536 records or
    /// more are made again for each stretch of them.
    func wipe(_ ranges: [Range<UInt64>]) throws(StoreError)

    /// Writes a store of the first entries, those under `head`, into a folder that holds none.
    ///
    /// Commits go on meanwhile, and what is read holds none of them back for long; no content may be
    /// removed meanwhile, which is the caller's to see to. When it returns, the copy is on stable
    /// storage but for its name in the folder, and nothing of it has been verified. Look-ups are left
    /// out: the first opening makes them again. What a failed copy leaves is worth nothing.
    ///
    /// - Parameter progress: called with the entries done; what it throws ends the copy.
    func copy(
        _ head: TreeHead, to directory: String, progress: (_ done: UInt64) throws -> Void
    ) throws

    /// Stops background work and closes every connection. Later calls throw `.closed`.
    func close()
}

extension LogStore {
    /// A store that lies in no folder has no copy in one.
    package func copy(
        _ head: TreeHead, to directory: String, progress: (_ done: UInt64) throws -> Void
    ) throws {
        throw StoreError(.constraint, "this store keeps nothing that could be copied")
    }
}

/// The reads of a store.
///
/// Each call sees the newest commit; none ever blocks the writer.
package protocol LogReader: Sendable {
    /// The newest committed head; nil in a store that holds no log yet.
    func head() throws(StoreError) -> StoredHead?

    /// The leaves of `range`, in order. Throws `.corrupt` if one that the head covers is missing.
    func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf]

    /// The widest stored bytes of a hash tile (32 bytes a hash); nil if there is none.
    ///
    /// The open tile of level 0 is derived from the stored leaves.
    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]?

    /// What is kept of the record at `index`; nil if all of it was removed.
    func content(at index: UInt64) throws(StoreError) -> StoredContent?

    /// The index of the record that announced the removal of all content at `index`; nil if it was
    /// not removed.
    func removal(at index: UInt64) throws(StoreError) -> UInt64?

    /// The parts of `range` of which all content was removed, rising.
    func removals(in range: Range<UInt64>) throws(StoreError) -> [StoredRemoval]

    /// What is kept of the records at `indexes`, each once and rising or falling; what was removed is
    /// left out.
    ///
    /// All of one commit. Cost: neighbours are read by one statement.
    func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent]

    /// Who submitted `index`, and under which key. Stays when content is erased.
    func submission(at index: UInt64) throws(StoreError) -> StoredSubmission

    /// The index of the leaf with this hash.
    func index(ofLeafHash hash: Digest) throws(StoreError) -> UInt64?

    /// The index that a submission key was given.
    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64?

    /// Indexes in `range` that bear `key`, rising or falling, at most `limit`.
    ///
    /// A key is a truncated hash: the caller compares the record's own value.
    func indexes(
        of key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64]

    /// The parts of `range` that hold every record in `span`, rising; others may lie in them too.
    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch]

    /// The credential that a stored number stands for.
    func credential(_ number: UInt32) throws(StoreError) -> StoredCredential?
}

extension LogReader {
    /// One by one, for stores that hold few entries.
    package func removals(in range: Range<UInt64>) throws(StoreError) -> [StoredRemoval] {
        var found: [StoredRemoval] = []
        for index in range {
            guard let by = try removal(at: index) else { continue }
            if let last = found.last, last.range.upperBound == index, last.by == by {
                found[found.count - 1] = StoredRemoval(last.range.lowerBound..<index + 1, by: by)
            } else {
                found.append(StoredRemoval(index..<index + 1, by: by))
            }
        }
        return found
    }
}

/// A part of a log of which all content was removed.
package struct StoredRemoval: Hashable, Sendable {
    package let range: Range<UInt64>
    /// The index of the record that announced it.
    package let by: UInt64

    package init(_ range: Range<UInt64>, by: UInt64) {
        self.range = range
        self.by = by
    }
}

/// One open write transaction.
package protocol LogTransaction {
    /// The head row as this transaction reads it; nil before the first commit.
    func head() throws(StoreError) -> StoredHead?

    /// The index that a submission key was given by any earlier commit.
    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64?

    /// The form digest's inputs at `index`, for the comparison of a repeated key; nil if erased.
    func content(at index: UInt64) throws(StoreError) -> StoredContent?

    /// The number of a credential, given at its first use.
    func number(of credential: StoredCredential) throws(StoreError) -> UInt32

    /// Writes the entries, the tiles that they filled or widened, and the unsigned head.
    ///
    /// `batch.firstIndex` is the size of the head before it. A constraint error is a defect of
    /// the caller and is thrown as `.constraint`.
    func append(_ batch: SequencedBatch) throws(StoreError)

    /// Writes entries of which nothing is left but the leaves: as ``append(_:)``, without content.
    ///
    /// For recovery alone. What is written is as if the content had been erased.
    func appendLost(_ batch: SequencedBatch) throws(StoreError)

    /// Destroys the content of `range`, all of it; what was removed before stays so.
    ///
    /// `by` is the committed record that announces it, above the range.
    func remove(_ range: Range<UInt64>, by: UInt64) throws(StoreError)

    /// Puts what an erasure of fields leaves in the place of the content at `index`, which is there.
    ///
    /// `by` as in ``remove(_:by:)``, and above every one before for this index.
    func reduce(_ index: UInt64, to fields: [RemainingField], by: UInt64) throws(StoreError)

    /// What is stored for `range` now, read back through the database.
    func reread(_ range: Range<UInt64>) throws(StoreError) -> [RereadEntry]

    /// The widest stored bytes of a hash tile, as this transaction sees it.
    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]?
}

extension LogTransaction {
    /// A store that nothing can be lost from takes no such entries.
    package func appendLost(_ batch: SequencedBatch) throws(StoreError) {
        throw StoreError(.constraint, "this store takes no entries without content")
    }
}
