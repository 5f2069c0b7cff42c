// SPDX-License-Identifier: Apache-2.0

import CSQLite
import LogStorage

/// What a connection must be set to before its answers count.
///
/// Set, and then read back: SQLite ignores what it does not know, and a distributor's build may
/// know less.
struct ConnectionSettings {
    /// PRAGMAs and their values, in the order in which they are set.
    let pragmas: [(name: String, value: String)]
    /// Options of `sqlite3_db_config`.
    let options: [(name: String, option: Int32, isOn: Bool)]

    private static let everywhere = [
        ("mmap_size", "0"),  // an I/O error is an error, not a signal that ends the process
        ("trusted_schema", "0"),
        ("cell_size_check", "1"),
        ("foreign_keys", "1"),
        ("recursive_triggers", "1"),  // REPLACE fires the DELETE rules too
        ("busy_timeout", "5000"),
        ("wal_autocheckpoint", "0"),
        ("temp_store", "2"),  // no content in temporary files
        ("cache_size", "-4096"),
    ]

    private static let safety = [
        ("DEFENSIVE", SQLITE_DBCONFIG_DEFENSIVE, true),
        ("ENABLE_LOAD_EXTENSION", SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, false),
        ("ENABLE_TRIGGER", SQLITE_DBCONFIG_ENABLE_TRIGGER, true),
        ("TRUSTED_SCHEMA", SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        ("WRITABLE_SCHEMA", SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
        ("DQS_DML", SQLITE_DBCONFIG_DQS_DML, false),
        ("DQS_DDL", SQLITE_DBCONFIG_DQS_DDL, false),
    ]

    /// The connection that writes.
    ///
    /// FULL: COMMIT returns when the log is on stable storage.
    static let writer = ConnectionSettings(
        pragmas: [
            ("journal_mode", "wal"), ("synchronous", "2"), ("locking_mode", "normal"),
            ("secure_delete", "1"), ("query_only", "0"),
        ] + everywhere,
        options: safety + [("NO_CKPT_ON_CLOSE", SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)])

    /// The connection that makes a copy of a store, and reads the store beside it.
    ///
    /// Rows are only added, so what a rollback needs is little, and stays in memory: a copy that was
    /// interrupted is worth nothing anyway. FULL: a commit returns when it is on stable storage, so
    /// that what is to be written never piles up before the log's own commits.
    static let copier = ConnectionSettings(
        pragmas: [("journal_mode", "memory"), ("synchronous", "2"), ("query_only", "0")]
            + everywhere,
        options: safety + [("NO_CKPT_ON_CLOSE", SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)])

    /// Every other connection: it never writes, nor checkpoints, nor does so by closing.
    static let reader = ConnectionSettings(
        pragmas: everywhere + [("query_only", "1")],
        options: safety + [("NO_CKPT_ON_CLOSE", SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)])

    /// Sets everything; throws `.settings`, with the name, for what does not stay set.
    func apply(to connection: Connection) throws(StoreError) {
        for (name, option, isOn) in options
        where connection.option(option, isOn) != isOn {
            throw Self.refused(name)
        }
        for (name, value) in pragmas {
            try connection.execute("PRAGMA \(name) = \(value)")
            let actual = try connection.rows("PRAGMA \(name)") { (row) throws(StoreError) in
                row.text(0)
            }
            guard actual == [value] else { throw Self.refused(name) }
        }
    }

    private static func refused(_ name: String) -> StoreError {
        StoreError(
            .settings, "SQLite does not accept the setting \(name), which this store needs",
            detail: "SQLite \(SQLiteVersion.current)")
    }
}
