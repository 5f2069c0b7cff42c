// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage

/// Makes the schema, and recognises it.
enum SchemaCheck {
    /// Makes all tables and rules in one transaction.
    ///
    /// Throws `.mismatch` if anything is there.
    static func create(in connection: Connection, origin: String) throws(StoreError) {
        try connection.execute("PRAGMA page_size = \(Schema.pageSize)")
        try ConnectionSettings.writer.apply(to: connection)
        try connection.beginWriting()
        do throws(StoreError) {
            guard try listing(of: connection).isEmpty else {
                throw StoreError(.mismatch, "there is a store already; it is not touched")
            }
            for statement in Schema.statements { try connection.execute(statement) }
            try insert(origin: origin, connection)
            try connection.execute("PRAGMA application_id = \(Schema.applicationID)")
            try connection.execute("PRAGMA user_version = \(Schema.version)")
            let (code, detail) = connection.commit()
            guard code == 0 else { throw StoreError(sqlite: code, detail: detail) }
        } catch {
            try connection.rollback()
            throw error
        }
    }

    private static func insert(
        origin: String, _ connection: Connection
    ) throws(StoreError) {
        let hex = origin.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        try connection.execute(
            "INSERT INTO meta VALUES ('origin', CAST(X'\(hex.joined())' AS TEXT))")
    }

    /// Throws `.mismatch` unless the database has exactly the tables, indexes and triggers of
    /// this version: a foreign trigger or view could change rows on their way in.
    static func verify(_ connection: Connection) throws(StoreError) {
        let numbers = try ["application_id", "user_version"].map { (name) throws(StoreError) in
            try connection.rows("PRAGMA \(name)") { (row) throws(StoreError) in row.integer(0) }
        }
        guard numbers == [[Schema.applicationID], [Schema.version]] else {
            throw StoreError(
                .mismatch, "the database is not a log, or is of another version of the program")
        }
        guard try digest(of: connection) == digest(of: reference()) else {
            throw StoreError(
                .mismatch,
                "the database's tables or rules were changed; nothing is written to it")
        }
    }

    /// The origin that the store was made for.
    static func origin(_ connection: Connection) throws(StoreError) -> String {
        let origins = try connection.rows("SELECT value FROM meta WHERE name = 'origin'") {
            (row) throws(StoreError) in row.text(0)
        }
        guard origins.count == 1 else {
            throw StoreError(.mismatch, "the database does not say which log it holds")
        }
        return origins[0]
    }

    /// The SHA-256 of the schema's own text, as SQLite keeps it.
    static func digest(of connection: Connection) throws(StoreError) -> Digest {
        var bytes: [UInt8] = []
        for field in try listing(of: connection).joined() {
            bytes.appendBigEndian(UInt64(field.utf8.count))
            bytes += field.utf8
        }
        return SHA256.hash(bytes)
    }

    private static func listing(of connection: Connection) throws(StoreError) -> [[String]] {
        try connection.rows(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
        ) { (row) throws(StoreError) in (0..<4).map { row.text($0) } }
    }

    /// The same schema in memory: what SQLite makes of it today.
    private static func reference() throws(StoreError) -> Connection {
        let connection = try Connection(path: Connection.inMemory, .write)
        for statement in Schema.statements { try connection.execute(statement) }
        return connection
    }
}
