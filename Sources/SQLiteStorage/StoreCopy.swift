// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage
import Merkle

/// Writes the first entries of a store into a new one, while the store is written to.
///
/// Nothing under a head ever changes but by erasure, which does not happen meanwhile; so what is
/// read in many short transactions is the same as what one long one would read, and the write-ahead
/// log is never held back. Only what a head says of the tree's edge depends on its size: that is made
/// here, of the leaves and full tiles.
///
/// Rows are copied inside of SQLite, before the new database has its rules, which are then the last
/// thing that is written; the copy is for the caller to verify.
struct StoreCopy {
    let head: TreeHead
    let origin: String
    let source: StoreFolder
    let readers: ConnectionPool
    let target: StoreFolder

    /// Entries that one transaction copies: a few megabytes, which are durable before the next.
    private static let step: UInt64 = 4_096
    /// Bytes that stay free on the copy's volume, at most a tenth of it: twice what the log itself
    /// leaves free, so that a copy on its volume never takes the room that it writes in.
    private static let reserve = (bytes: UInt64(512 << 20), part: UInt64(10))

    private var sealed: UInt64 { head.size / Schema.segmentWidth }

    func run(_ progress: (_ done: UInt64) throws -> Void) throws {
        precondition(head.size > 0, "there is nothing to copy")
        guard !target.exists(target.database) else {
            throw StoreError(.mismatch, "there is a store already; it is not touched")
        }
        try target.makeDatabaseFile()
        let connection = try Connection(path: target.database, .copy)
        defer { connection.close() }
        try connection.execute("PRAGMA page_size = \(Schema.pageSize)")
        try ConnectionSettings.copier.apply(to: connection)
        try connection.snapshot { () throws(StoreError) in
            for table in Schema.tables { try connection.execute(table) }
        }
        try connection.attach(source.database, as: "source")
        for start in stride(from: 0, to: head.size, by: Int(Self.step)) {
            let range = start..<min(start + Self.step, head.size)
            try target.checkFree(reserve: Self.reserve.bytes, part: Self.reserve.part)
            try connection.snapshot { () throws(StoreError) in
                try copyEntries(range, connection)
            }
            try progress(range.upperBound)
        }
        let edge = try loadEdge()
        try connection.snapshot { () throws(StoreError) in
            try copyRest(edge, connection)
            for rule in Schema.rules { try connection.execute(rule) }
            try connection.execute("PRAGMA main.application_id = \(Schema.applicationID)")
            try connection.execute("PRAGMA main.user_version = \(Schema.version)")
        }
    }

    private func copyEntries(
        _ range: Range<UInt64>, _ connection: Connection
    ) throws(StoreError) {
        try connection.execute(
            """
            INSERT INTO main.content SELECT idx, seed, form, record FROM source.content
            WHERE idx BETWEEN \(range.lowerBound) AND \(range.upperBound - 1) ORDER BY idx
            """)
        let width = Schema.segmentWidth
        let (first, end) = (range.lowerBound / width, min(range.upperBound / width, sealed))
        guard first < end else { return }
        try connection.execute(
            """
            INSERT INTO main.segment SELECT number, hashes, leaves, submissions FROM source.segment
            WHERE number BETWEEN \(first) AND \(end - 1) ORDER BY number
            """)
        guard connection.changes == Int(end - first) else {
            throw .corruptEntry(range.lowerBound, "an entry of the segment")
        }
    }

    /// The tiles at the edge of the tree of that size, which is not the newest one any more.
    private func loadEdge() throws -> TreeEdge {
        let edge = try TreeEdge(size: head.size) { level, index, width in
            let bytes = try readers.snapshot { (tables) throws(StoreError) in
                try tables.hashTile(level: level, index: index)
            }
            return Array((bytes ?? []).prefix(width * 32))
        }
        guard edge.head == head else {
            throw StoreError(
                .corrupt, "the edge of the stored tree does not hash to the signed root; run fsck")
        }
        return edge
    }

    private func copyRest(_ edge: TreeEdge, _ connection: Connection) throws(StoreError) {
        for level in UInt64(1)..<8 {
            try connection.execute(
                """
                INSERT INTO main.tile SELECT level, number, hashes FROM source.tile
                WHERE level = \(level) AND number < \(head.size >> (8 * (level + 1)))
                """)
        }
        for tile in edge.partials where tile.level > 0 {
            let insert = try connection.statement(.insertTile)
            insert.bind(2, Int64(tile.level))
            insert.bind(3, tile.index)
            try BatchWriter.withBytes(tile.bytes) { (bytes) throws(StoreError) in
                insert.bind(1, bytes)
                try insert.run()
            }
        }
        for table in ["meta", "credential"] {
            try connection.execute("INSERT INTO main.\(table) SELECT * FROM source.\(table)")
        }
        try connection.execute(
            "INSERT INTO main.removal SELECT * FROM source.removal WHERE last < \(head.size)")
        try connection.execute(
            "INSERT INTO main.reduced SELECT * FROM source.reduced WHERE idx < \(head.size)")
        try writeOpenEntries(connection)
        try writeHead(connection)
    }

    /// The entries of no full segment: they may lie in one by now.
    private func writeOpenEntries(_ connection: Connection) throws(StoreError) {
        let range = sealed * Schema.segmentWidth..<head.size
        let (leaves, submissions) = try readers.snapshot { (tables) throws(StoreError) in
            (try tables.leaves(range), try tables.submissions(range))
        }
        let insert = try connection.statement(.insertOpenEntry)
        for (place, index) in range.enumerated() {
            var (leaf, submission) = ([UInt8](), [UInt8]())
            StoredForm.append(leaves[place], to: &leaf)
            StoredForm.append(submissions[place], at: index, to: &submission)
            insert.bind(1, index)
            try BatchWriter.withBytes(leaf) { (leaf) throws(StoreError) in
                try BatchWriter.withBytes(submission) { (submission) throws(StoreError) in
                    insert.bind(2, leaf)
                    insert.bind(3, submission)
                    try insert.run()
                }
            }
        }
    }

    private func writeHead(_ connection: Connection) throws(StoreError) {
        let (last, newest) = try readers.snapshot { (tables) throws(StoreError) in
            (try tables.leaves(head.size - 1..<head.size)[0], try tables.head())
        }
        guard let newest, newest.treeHead.size >= head.size else {
            throw StoreError(.corrupt, "the store ends before the head that was signed; run fsck")
        }
        let stored = StoredHead(
            treeHead: head, commit: newest.commit, lastLeafTimestampMS: last.timestampMS,
            lastMAC: last.mac, committedAtMS: newest.committedAtMS)
        try BatchWriter.write(stored, .insertHead, connection)
    }
}
