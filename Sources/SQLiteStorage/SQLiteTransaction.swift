// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// One open write transaction.
///
/// It belongs to the thread that runs its body, and ends with it.
final class SQLiteTransaction: LogTransaction {
    let connection: Connection
    private let lookups: any LookupSource
    /// What was appended, for the look-ups, once it is committed.
    private(set) var appended: [SequencedBatch] = []
    /// The first error of a write.
    ///
    /// A body that hides it must not commit half a batch.
    private(set) var failure: StoreError?
    private var isEnded = false

    init(connection: Connection, lookups: any LookupSource) {
        self.connection = connection
        self.lookups = lookups
    }

    /// From here on every call throws `.closed`: the next transaction is not this one's.
    func end() { isEnded = true }

    private func tables() throws(StoreError) -> StoredTables {
        guard !isEnded else { throw .closed }
        // SQLite may have given the transaction up; what follows would then commit by itself.
        if let failure { throw failure }
        return StoredTables(connection: connection)
    }

    // MARK: Reading

    func head() throws(StoreError) -> StoredHead? { try tables().head() }

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        try tables().content(at: index)
    }

    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        try tables().hashTile(level: level, index: index)
    }

    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        let tables = try tables()
        for index in try lookups.candidates(of: key, .submissionKey)
        where try tables.submissions(index..<index + 1).first?.key == key {
            return index
        }
        return nil
    }

    func reread(_ range: Range<UInt64>) throws(StoreError) -> [RereadEntry] {
        let tables = try tables()
        let (leaves, submissions) = (try tables.leaves(range), try tables.submissions(range))
        var entries: [RereadEntry] = []
        entries.reserveCapacity(leaves.count)
        try tables.wholeContents(range) { (index, content) throws(StoreError) in
            let place = entries.count
            guard index == range.lowerBound + UInt64(place) else {
                throw .corruptEntry(range.lowerBound + UInt64(place), "the content")
            }
            entries.append(
                RereadEntry(
                    leaf: leaves[place], submission: submissions[place], content: content))
        }
        return entries
    }

    // MARK: Writing

    func number(of credential: StoredCredential) throws(StoreError) -> UInt32 {
        try writing { (tables) throws(StoreError) in
            let known = try connection.statement(.credentialNumber)
            defer { known.reset() }
            known.bind(1, text: credential.tenant)
            known.bind(2, text: credential.name)
            if try known.step() { return UInt32(truncatingIfNeeded: known.integer(0)) }
            let insert = try connection.statement(.insertCredential)
            defer { insert.reset() }
            insert.bind(1, text: credential.tenant)
            insert.bind(2, text: credential.name)
            insert.bind(3, StoredForm.checksum(of: credential))
            _ = try insert.step()
            let number = UInt32(truncatingIfNeeded: insert.integer(0))
            while try insert.step() {}
            return number
        }
    }

    func append(_ batch: SequencedBatch) throws(StoreError) {
        try append(batch) { (writer, isFirst) throws(StoreError) in
            try writer.write(isFirst: isFirst)
        }
    }

    /// The rule that a head covers content for every entry is lifted for one statement, and is
    /// back before the commit: a crash leaves the database with it, and without the entries.
    func appendLost(_ batch: SequencedBatch) throws(StoreError) {
        try append(batch) { (writer, isFirst) throws(StoreError) in
            let rule = isFirst ? "head_insert_covered" : "head_update_covered"
            let text = try connection.rows(
                "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = '\(rule)'"
            ) { (row) throws(StoreError) in row.text(0) }
            guard text.count == 1 else {
                throw StoreError(.mismatch, "the database's rules were changed")
            }
            try connection.execute("DROP TRIGGER \(rule)")
            try writer.write(isFirst: isFirst, withContent: false)
            try connection.execute(text[0])
        }
    }

    private func append(
        _ batch: SequencedBatch,
        _ write: (BatchWriter, _ isFirst: Bool) throws(StoreError) -> Void
    ) throws(StoreError) {
        try writing { (tables) throws(StoreError) in
            let size = try tables.head()?.treeHead.size ?? 0
            let end = size + UInt64(batch.entries.count)
            guard batch.firstIndex == size, batch.growth.oldHead.size == size,
                batch.growth.newHead == batch.head.treeHead, batch.head.treeHead.size == end
            else {
                throw StoreError(.constraint, "the batch does not begin where the log ends")
            }
            guard batch.entries.allSatisfy({ $0.leaf.timestampMS < StoredForm.timestampLimit })
            else { throw StoreError(.constraint, "a leaf's time is beyond what is stored") }
            try write(BatchWriter(connection: connection, batch: batch), size == 0)
            appended.append(batch)
        }
    }

    func remove(_ range: Range<UInt64>, by: UInt64) throws(StoreError) {
        try writing { (tables) throws(StoreError) in
            guard let last = range.last else { return }
            for gap in try gaps(range, tables) {
                let insert = try connection.statement(.insertRemoval)
                insert.bind(1, gap.lowerBound)
                insert.bind(2, gap.upperBound - 1)
                insert.bind(3, by)
                try insert.run()
            }
            for query in [Query.deleteContent, .deleteReduced] {
                let delete = try connection.statement(query)
                delete.bind(1, range.lowerBound)
                delete.bind(2, last)
                try delete.run()
            }
        }
    }

    /// The parts of `range` over which no removal lies.
    private func gaps(
        _ range: Range<UInt64>, _ tables: StoredTables
    ) throws(StoreError) -> [Range<UInt64>] {
        var gaps: [Range<UInt64>] = []
        var next = range.lowerBound
        if let before = try tables.removal(before: next), before.range.contains(next) {
            next = before.range.upperBound + 1
        }
        let statement = try connection.statement(.removals)
        defer { statement.reset() }
        guard next < range.upperBound else { return [] }
        statement.bind(1, next)
        statement.bind(2, range.upperBound - 1)
        while try statement.step() {
            let first = try statement.unsigned(0)
            if next < first { gaps.append(next..<first) }
            next = try statement.unsigned(1) + 1
        }
        if next < range.upperBound { gaps.append(next..<range.upperBound) }
        return gaps
    }

    func reduce(
        _ index: UInt64, to fields: [RemainingField], by: UInt64
    ) throws(StoreError) {
        try writing { (tables) throws(StoreError) in
            let bytes = StoredForm.bytes(fields, at: index)
            for query in [Query.updateReduced, .insertReduced] {
                let statement = try connection.statement(query)
                statement.bind(2, by)
                statement.bind(3, index)
                try BatchWriter.withBytes(bytes) { (bytes) throws(StoreError) in
                    statement.bind(1, bytes)
                    try statement.run()
                }
                if connection.changes == 1 { break }
            }
            let delete = try connection.statement(.deleteContent)
            delete.bind(1, index)
            delete.bind(2, index)
            try delete.run()
        }
    }

    private func writing<Result>(
        _ body: (StoredTables) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        let tables = try tables()
        do throws(StoreError) {
            return try body(tables)
        } catch {
            failure = failure ?? error
            throw error
        }
    }
}
