// SPDX-License-Identifier: Apache-2.0

import CSQLite
import LogStorage

/// One connection to a database, and its prepared statements.
///
/// Used by one thread at a time.
final class Connection {
    /// How a database is opened.
    enum Access {
        /// To write and to checkpoint: one of them a store.
        case write
        /// To write a copy, with the store that it is of attached to be read.
        case copy
        /// To read what a running server writes, or what one left behind.
        case read
        /// To read a file that nobody writes, leaving no trace in its folder.
        case readImmutable
    }

    private let handle: OpaquePointer
    private var prepared: [Statement?] = Array(repeating: nil, count: Query.allCases.count)
    private let begin: Statement
    private let beginRead: Statement
    private let commitStatement: Statement
    private let rollbackStatement: Statement

    /// Opens the database at a path.
    ///
    /// The file is not made, and no setting is changed.
    init(path: String, _ access: Access) throws(StoreError) {
        let flags =
            switch access {
            case .write: SQLITE_OPEN_READWRITE
            case .copy: SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI
            case .read, .readImmutable: SQLITE_OPEN_READONLY
            }
        var name = path.hasPrefix("/") || path == Self.inMemory ? path : "./\(path)"
        switch access {
        case .write, .read: break
        case .readImmutable: name = Self.address(of: name, "immutable=1")
        case .copy: name = Self.address(of: name, "mode=rw")
        }
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(
            name, &handle,
            flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE
                | (access == .readImmutable ? SQLITE_OPEN_URI : 0), nil)
        guard code == SQLITE_OK, let handle else {
            let text = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? ""
            sqlite3_close_v2(handle)
            throw StoreError(
                .inputOutput, "the database could not be opened; check that it exists and its mode",
                detail: "SQLite \(code): \(text)")
        }
        self.handle = handle
        do throws(StoreError) {
            begin = try Self.prepare("BEGIN IMMEDIATE", handle)
            beginRead = try Self.prepare("BEGIN", handle)
            commitStatement = try Self.prepare("COMMIT", handle)
            rollbackStatement = try Self.prepare("ROLLBACK", handle)
        } catch {
            sqlite3_close_v2(handle)
            throw error
        }
    }

    /// Makes another database readable under a name, to this connection alone.
    func attach(_ path: String, as name: String) throws(StoreError) {
        let file = path.hasPrefix("/") ? path : "./\(path)"
        // An address holds nothing that would end the text.
        try execute("ATTACH '\(Self.address(of: file, "mode=ro"))' AS \(name)")
    }

    /// The name of a database that has no file.
    static let inMemory = ":memory:"

    deinit { close() }

    private var isClosed = false

    /// Finalizes every statement and closes.
    ///
    /// Nothing may be called after it.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        let transaction = [begin, beginRead, commitStatement, rollbackStatement]
        for statement in transaction + prepared.compactMap({ $0 }) {
            sqlite3_finalize(statement.handle)
        }
        sqlite3_close_v2(handle)
    }

    // MARK: Statements

    /// The prepared statement of a query, which is kept.
    func statement(_ query: Query) throws(StoreError) -> Statement {
        if let known = prepared[query.rawValue] { return known }
        let statement = try Self.prepare(query.sql, handle)
        prepared[query.rawValue] = statement
        return statement
    }

    /// Runs SQL that is used once.
    func execute(_ sql: String) throws(StoreError) {
        let statement = try Self.prepare(sql, handle)
        defer { sqlite3_finalize(statement.handle) }
        while try statement.step() {}
    }

    /// The rows of SQL that is used once, each read by `row`.
    func rows<Row>(
        _ sql: String, _ row: (Statement) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        let statement = try Self.prepare(sql, handle)
        defer { sqlite3_finalize(statement.handle) }
        var rows: [Row] = []
        while try statement.step() { rows.append(try row(statement)) }
        return rows
    }

    /// How many rows the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }

    private static func prepare(
        _ sql: String, _ handle: OpaquePointer
    ) throws(StoreError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else {
            let text = sqlite3_errmsg(handle).map { String(cString: $0) } ?? ""
            throw StoreError(sqlite: code, detail: "SQLite \(code): \(text)")
        }
        return Statement(handle: statement)
    }

    // MARK: Transactions

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Takes the write lock, so that nothing in the transaction can fail for want of it.
    func beginWriting() throws(StoreError) { try begin.run() }

    /// What SQLite says to COMMIT.
    func commit() -> (code: Int32, detail: String) {
        let code = sqlite3_step(commitStatement.handle)
        let detail = code == SQLITE_DONE ? "" : commitStatement.error(code).detail
        commitStatement.reset()
        return (code == SQLITE_DONE ? SQLITE_OK : code, detail)
    }

    /// Undoes the open transaction, if SQLite has not done so already.
    func rollback() throws(StoreError) {
        if isInTransaction { try rollbackStatement.run() }
    }

    /// Runs reads that must all see one commit.
    func snapshot<Result>(
        _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        try beginRead.run()
        do throws(StoreError) {
            let result = try body()
            try commitStatement.run()
            return result
        } catch {
            try rollback()
            throw error
        }
    }

    // MARK: Options and the log

    /// Sets an option of the connection and returns what it is then; nil only reads it.
    func option(_ option: Int32, _ isOn: Bool? = nil) -> Bool? {
        var actual: Int32 = -1
        let value: Int32 = isOn.map { $0 ? 1 : 0 } ?? -1
        guard csqlite_db_config(handle, option, value, &actual) == SQLITE_OK else { return nil }
        return actual == 1
    }

    func setBusyTimeout(milliseconds: Int32) { sqlite3_busy_timeout(handle, milliseconds) }

    /// Counts the log's pages into `pages` at each commit, until the connection is closed.
    func countLogPages(in pages: UnsafeMutablePointer<Int32>) {
        csqlite_count_wal_pages(handle, pages)
    }

    /// Moves the log's pages into the database.
    ///
    /// Returns whether all of them went.
    func checkpoint(truncating: Bool) throws(StoreError) -> Bool {
        var (pages, moved): (Int32, Int32) = (0, 0)
        let mode = truncating ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE
        let code = sqlite3_wal_checkpoint_v2(handle, "main", mode, &pages, &moved)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else {
            let text = sqlite3_errmsg(handle).map { String(cString: $0) } ?? ""
            throw StoreError(sqlite: code, detail: "SQLite \(code): \(text)")
        }
        return code == SQLITE_OK && pages == moved
    }

    /// Overwrites what no row uses near these keys of the table with this root page, in the database's
    /// file: of the connection that writes, outside of a transaction, when its log is empty.
    func zeroUnused(root: UInt32, from first: Int64, to last: Int64) throws(StoreError) {
        let code = csqlite_zero_unused(handle, root, first, last)
        guard code == SQLITE_OK else { throw StoreError(sqlite: code, detail: "SQLite \(code)") }
    }

    private static func address(of path: String, _ query: String) -> String {
        "file:\(escaped(path))?\(query)"
    }

    /// A path as it stands in a URI.
    private static func escaped(_ path: String) -> String {
        path.utf8.map { byte in
            let isPlain =
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
                || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "/._-".utf8.contains(byte)
            if isPlain { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "%0\(digits)" : "%\(digits)"
        }.joined()
    }
}
