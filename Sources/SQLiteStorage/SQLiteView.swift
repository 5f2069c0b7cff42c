// SPDX-License-Identifier: Apache-2.0

package import LogStorage

/// A store opened only to be read: by fsck and verify, beside a running server or on a copy.
///
/// It takes no lock and writes nothing to the database. A folder that nobody has open (no
/// `log.sqlite-wal`) is left without a trace; it must then not be opened by a server meanwhile.
package final class SQLiteView: Sendable {
    package let reader: any LogReader
    /// The log that the store was made for.
    package let origin: String
    let pool: ConnectionPool
    private let folder: StoreFolder
    private let isLive: Bool

    fileprivate init(
        _ folder: StoreFolder, isLive: Bool, pool: ConnectionPool, origin: String,
        lookupKeys: RecordKeys?
    ) {
        self.folder = folder
        self.isLive = isLive
        self.pool = pool
        self.origin = origin
        reader = SQLiteReader(
            pool: pool, lookups: StoredKeys(pool: pool, recordKeys: lookupKeys))
    }

    package func close() { pool.close() }

    /// Whether the file could change under this view without its notice: nobody had the store open
    /// at first, and somebody has it now.
    ///
    /// What was then found wrong may be right; open it again.
    package var isDisturbed: Bool { !isLive && folder.exists(folder.log) }

    // MARK: What a check needs besides

    /// What SQLite's own check of the file finds wrong; nothing if it is sound.
    ///
    /// Reads all of it.
    package func integrityFindings() throws(StoreError) -> [String] {
        try pool.use { (connection) throws(StoreError) in
            let lines = try connection.rows("PRAGMA integrity_check") {
                (row) throws(StoreError) in row.text(0)
            }
            return lines == ["ok"] ? [] : lines
        }
    }

    /// The 256 entries of a segment as they are stored; nil if it is not sealed.
    package func segment(_ number: UInt64) throws(StoreError) -> StoredSegment? {
        try pool.use { (connection) throws(StoreError) in
            let statement = try connection.statement(.segment)
            defer { statement.reset() }
            statement.bind(1, number)
            guard try statement.step() else { return nil }
            return StoredSegment(
                hashes: [UInt8](statement.bytes(0)), leaves: [UInt8](statement.bytes(1)),
                submissions: [UInt8](statement.bytes(2)))
        }
    }

    /// The entries that are not sealed, as they are stored, in order.
    package func openEntries() throws(StoreError) -> [StoredOpenEntry] {
        try pool.use { (connection) throws(StoreError) in
            let statement = try connection.statement(.openEntries)
            defer { statement.reset() }
            var entries: [StoredOpenEntry] = []
            while try statement.step() {
                entries.append(
                    StoredOpenEntry(
                        index: try statement.unsigned(0), leaf: [UInt8](statement.bytes(1)),
                        submission: [UInt8](statement.bytes(2))))
            }
            return entries
        }
    }

    /// How many rows each table has and where they begin and end: rows beyond the head, and gaps,
    /// show here.
    package func extents() throws(StoreError) -> [StoredExtent] {
        let tables = [
            ("content", "idx"), ("open_entry", "idx"), ("segment", "number"),
            ("credential", "number"),
        ]
        return try pool.use { (connection) throws(StoreError) in
            try connection.snapshot { () throws(StoreError) in
                try tables.map { (table, key) throws(StoreError) in
                    try Self.extent(of: table, by: key, connection)
                }
            }
        }
    }

    private static func extent(
        of table: String, by key: String, _ connection: Connection
    ) throws(StoreError) -> StoredExtent {
        let rows = try connection.rows(
            "SELECT count(*), coalesce(min(\(key)), 0), coalesce(max(\(key)), 0) FROM \(table)"
        ) { (row) throws(StoreError) in
            (try row.unsigned(0), try row.unsigned(1), try row.unsigned(2))
        }
        let (count, first, last) = rows[0]
        return StoredExtent(table: table, rowCount: count, keys: count == 0 ? nil : first...last)
    }

    /// Level and index of every stored tile above level 0, in order.
    package func tiles() throws(StoreError) -> [(level: UInt8, index: UInt64)] {
        try pool.use { (connection) throws(StoreError) in
            try connection.rows("SELECT level, number FROM tile ORDER BY level, number") {
                (row) throws(StoreError) in
                (UInt8(truncatingIfNeeded: row.integer(0)), try row.unsigned(1))
            }
        }
    }
}

extension SQLiteStore {
    /// Opens a store to be read and checked, beside a running server or not.
    ///
    /// - Parameter lookupKeys: a record's own look-up keys; without it, only leaf hashes and
    ///   submission keys can be looked up. Look-ups here read the whole log.
    package static func openReadOnly(
        directory: String, lookupKeys: RecordKeys? = nil
    ) throws(StoreError) -> SQLiteView {
        try checkLibrary()
        let folder = StoreFolder(path: directory)
        guard folder.exists(folder.database) else {
            throw StoreError(.mismatch, "there is no log in this folder")
        }
        let isLive = folder.exists(folder.log)
        let pool = ConnectionPool(limit: 2, waitMS: 60_000) { () throws(StoreError) in
            let connection = try Connection(
                path: folder.database, isLive ? .read : .readImmutable)
            try ConnectionSettings.reader.apply(to: connection)
            return connection
        }
        let origin = try pool.use { (connection) throws(StoreError) in
            try SchemaCheck.verify(connection)
            return try SchemaCheck.origin(connection)
        }
        return SQLiteView(
            folder, isLive: isLive, pool: pool, origin: origin, lookupKeys: lookupKeys)
    }
}

/// One sealed segment, undecoded: 256 hashes of 32 bytes, leaves of 70, submissions of 40.
package struct StoredSegment: Hashable, Sendable {
    package let hashes: [UInt8]
    package let leaves: [UInt8]
    package let submissions: [UInt8]
}

/// One open entry, undecoded: a leaf of 70 bytes and a submission of 40.
package struct StoredOpenEntry: Hashable, Sendable {
    package let index: UInt64
    package let leaf: [UInt8]
    package let submission: [UInt8]
}

/// The rows of one table by its integer key.
package struct StoredExtent: Hashable, Sendable {
    package let table: String
    package let rowCount: UInt64
    /// The first and the last key; nil if there are no rows.
    package let keys: ClosedRange<UInt64>?
}
