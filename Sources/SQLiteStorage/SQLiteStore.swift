// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogCrypto
package import LogStorage
package import Merkle

/// One log in one SQLite database, `log.sqlite` in the data folder.
///
/// WAL and `synchronous=FULL`: COMMIT returns when the write-ahead log is on stable storage. One
/// connection of one process writes, and it alone checkpoints; readers have their own, read-only
/// ones, and never block it. Every setting is read back at the opening, and a database whose
/// tables or rules are not this program's is refused.
package final class SQLiteStore: LogStore {
    package let durability = StoreDurability.durable
    package let reader: any LogReader
    /// The log that the store was made for.
    package let origin: String

    private let folder: StoreFolder
    private let lock: StoreLock
    private let lookups: IndexedKeys
    private let readers: ConnectionPool
    private let state: Monitor<State>

    private enum State {
        case idle(Writer)
        case writing(thread: pthread_t)
        case closed
    }

    /// Makes an empty store for a log.
    ///
    /// The folder exists. Throws `.mismatch` if there is one.
    ///
    /// A crash during this leaves a file that it can be called for again.
    package static func create(directory: String, origin: String) throws(StoreError) {
        try checkLibrary()
        let folder = StoreFolder(path: directory)
        let lock = try StoreLock(folder)
        try folder.makeDatabaseFile()
        let connection = try Connection(path: folder.database, .write)
        try SchemaCheck.create(in: connection, origin: origin)
        _ = try connection.checkpoint(truncating: true)
        connection.close()
        try folder.sync()
        withExtendedLifetime(lock) {}
    }

    /// Opens the store in a folder to read and write.
    ///
    /// - Parameters:
    ///   - origin: the log that it must be of; nil accepts any.
    ///   - lookupKeys: a record's own look-up keys, from its canonical text: what the look-ups
    ///     are rebuilt from. Must give what `SequencedEntry.lookups` gave.
    /// - Throws: `.locked`, `.settings`, `.mismatch`, or why it cannot be read.
    package static func open(
        directory: String, origin: String? = nil, options: SQLiteOptions = SQLiteOptions(),
        lookupKeys: @escaping RecordKeys
    ) throws(StoreError) -> SQLiteStore {
        try checkLibrary()
        let folder = StoreFolder(path: directory)
        guard folder.exists(folder.database) else {
            throw StoreError(.mismatch, "there is no log in this folder; make one with init")
        }
        let lock = try StoreLock(folder)
        let connection = try Connection(path: folder.database, .write)
        try SchemaCheck.verify(connection)
        try ConnectionSettings.writer.apply(to: connection)
        let found = try SchemaCheck.origin(connection)
        guard origin == nil || origin == found else {
            throw StoreError(.mismatch, "this folder holds another log", detail: found)
        }
        let writer = Writer(connection: connection, folder: folder, options: options)
        return try SQLiteStore(folder, lock, writer, found, options, lookupKeys)
    }

    private init(
        _ folder: StoreFolder, _ lock: StoreLock, _ writer: Writer, _ origin: String,
        _ options: SQLiteOptions, _ lookupKeys: @escaping RecordKeys
    ) throws(StoreError) {
        readers = ConnectionPool(limit: options.readers, waitMS: options.readerWaitMS) {
            () throws(StoreError) in
            let connection = try Connection(path: folder.database, .read)
            try ConnectionSettings.reader.apply(to: connection)
            return connection
        }
        let head = try StoredTables(connection: writer.connection).head()
        lookups = try IndexedKeys(
            directory: folder.lookups, size: head?.treeHead.size ?? 0,
            stored: StoredKeys(pool: readers, recordKeys: lookupKeys))
        reader = SQLiteReader(pool: readers, lookups: lookups)
        self.folder = folder
        self.origin = origin
        self.lock = lock
        state = Monitor(.idle(writer))
    }

    static func checkLibrary() throws(StoreError) {
        guard SQLiteVersion.current >= .minimum else {
            throw StoreError(
                .settings, "SQLite \(SQLiteVersion.minimum) or newer is needed",
                detail: "this is \(SQLiteVersion.current)")
        }
    }

    deinit { close() }

    /// How the look-ups stand.
    package var lookupStatus: LookupStatus { lookups.status }

    // MARK: Writing

    package func transaction<Result>(
        _ body: (any LogTransaction) throws -> Result
    ) throws -> Result {
        let writer = try takeWriter()
        defer { state.update { $0 = .idle(writer) } }
        try writer.begin()
        let transaction = SQLiteTransaction(connection: writer.connection, lookups: lookups)
        let result: Result
        do {
            defer { transaction.end() }
            result = try body(transaction)
            // Half a batch must not be committed because the body looked away.
            if let failure = transaction.failure { throw failure }
        } catch {
            try writer.rollback()
            throw error
        }
        try commit(transaction, by: writer)
        return result
    }

    /// Commits, and only then lets the look-ups know.
    ///
    /// A crash between the two is met by the next opening: the index reads what it lacks from the
    /// entries.
    private func commit(_ transaction: SQLiteTransaction, by writer: Writer) throws(StoreError) {
        if let newest = transaction.appended.last {
            lookups.announce(newest.head.treeHead.size)
        }
        do throws(StoreError) {
            try writer.commit()
        } catch {
            // Of unknown outcome, it may have happened: readers then see its entries by scanning.
            if error.code != .outcomeUnknown { lookups.retract() }
            throw error
        }
        for batch in transaction.appended { lookups.append(batch) }
    }

    /// Parts of the store that are wiped while nothing is committed.
    private static let spansOfTurn = 8

    package func wipe(_ ranges: [Range<UInt64>]) throws(StoreError) {
        try lookups.forget(ranges)
        let spans = Writer.spans(of: ranges)
        // Commits go between the turns, so that the log is emptied in each.
        for start in stride(from: 0, to: max(1, spans.count), by: Self.spansOfTurn) {
            // Who waits for the writer is only woken, and must come to its turn first.
            if start > 0 { usleep(1_000) }
            try wipeTurn(spans[start..<min(start + Self.spansOfTurn, spans.count)])
        }
    }

    private func wipeTurn(_ spans: ArraySlice<ClosedRange<UInt64>>) throws(StoreError) {
        let writer = try takeWriter()
        defer { state.update { $0 = .idle(writer) } }
        try writer.emptyLog()
        try writer.zeroUnused(near: spans)
    }

    package func copy(
        _ head: TreeHead, to directory: String, progress: (_ done: UInt64) throws -> Void
    ) throws {
        try StoreCopy(
            head: head, origin: origin, source: folder, readers: readers,
            target: StoreFolder(path: directory)
        ).run(progress)
    }

    private func takeWriter() throws(StoreError) -> Writer {
        let thread = pthread_self()
        let taken = state.wait { state -> Result<Writer, StoreError>? in
            switch state {
            case .idle(let writer):
                state = .writing(thread: thread)
                return .success(writer)
            case .writing(let other) where pthread_equal(other, thread) != 0:
                return .failure(
                    StoreError(.constraint, "a transaction was begun inside of another"))
            case .writing: return nil
            case .closed: return .failure(.closed)
            }
        }
        return try taken.get()
    }

    package func close() {
        let writer = state.wait { state -> Writer?? in
            switch state {
            case .idle(let writer):
                state = .closed
                return .some(writer)
            case .writing: return nil
            case .closed: return .some(nil)
            }
        }
        guard let writer else { return }
        // The index may still read; then the readers; the writer last, so that it is the one to
        // empty the log.
        lookups.close()
        readers.close()
        writer.close()
        lock.release()
    }
}
