// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import Merkle

/// Writes one batch: content, what it seals, what stays open, tiles, and last of all the head.
struct BatchWriter {
    let connection: Connection
    let batch: SequencedBatch

    private var end: UInt64 { batch.firstIndex + UInt64(batch.entries.count) }

    func write(isFirst: Bool, withContent: Bool = true) throws(StoreError) {
        if withContent { try writeContent() }
        var next = batch.firstIndex
        for tile in batch.growth.sealed where tile.level == 0 {
            try seal(tile)
            next = (tile.index + 1) * Schema.segmentWidth
        }
        try writeOpenEntries(from: next)
        for tile in batch.growth.sealed where tile.level > 0 {
            try writeTile(tile.level, tile.index, tile.bytes)
        }
        for tile in batch.growth.partials where tile.level > 0 {
            try writeTile(tile.level, tile.index, tile.bytes)
        }
        try Self.write(batch.head, isFirst ? .insertHead : .updateHead, connection)
    }

    private func writeContent() throws(StoreError) {
        let statement = try connection.statement(.insertContent)
        for (index, entry) in zip(batch.firstIndex..., batch.entries) {
            let content = entry.content
            guard case .whole(let seed, let formDigest) = content.opening else {
                throw StoreError(.constraint, "a new record has all of its fields")
            }
            statement.bind(1, index)
            try seed.withUnsafeBytes { (seed) throws(StoreError) in
                try StoredForm.withForm(formDigest, at: index) {
                    (form) throws(StoreError) in
                    try Self.withBytes(content.record) { (record) throws(StoreError) in
                        statement.bind(2, seed)
                        statement.bind(3, form)
                        statement.bind(4, record)
                        try statement.run()
                    }
                }
            }
        }
    }

    /// Replaces 256 entries, open ones and new ones, by the segment that holds them.
    private func seal(_ tile: SealedTile) throws(StoreError) {
        let first = tile.index * Schema.segmentWidth
        var (leaves, submissions) = ([UInt8](), [UInt8]())
        leaves.reserveCapacity(Int(Schema.segmentWidth) * StoredForm.leafWidth)
        submissions.reserveCapacity(Int(Schema.segmentWidth) * StoredForm.submissionWidth)
        if first < batch.firstIndex { try readOpenEntries(from: first, &leaves, &submissions) }
        for index in max(first, batch.firstIndex)..<first + Schema.segmentWidth {
            // Not the entry itself: a copy of it counts references to all of its parts.
            let place = Int(index - batch.firstIndex)
            StoredForm.append(batch.entries[place].leaf, to: &leaves)
            StoredForm.append(batch.entries[place].submission, at: index, to: &submissions)
        }
        let statement = try connection.statement(.insertSegment)
        statement.bind(1, tile.index)
        try Self.withBytes(tile.bytes) { (hashes) throws(StoreError) in
            try Self.withBytes(leaves) { (leaves) throws(StoreError) in
                try Self.withBytes(submissions) { (submissions) throws(StoreError) in
                    statement.bind(2, hashes)
                    statement.bind(3, leaves)
                    statement.bind(4, submissions)
                    try statement.run()
                }
            }
        }
        guard first < batch.firstIndex else { return }
        let delete = try connection.statement(.deleteOpenEntries)
        delete.bind(1, first)
        delete.bind(2, first + Schema.segmentWidth - 1)
        try delete.run()
    }

    /// The rows that a segment takes over, byte for byte.
    private func readOpenEntries(
        from first: UInt64, _ leaves: inout [UInt8], _ submissions: inout [UInt8]
    ) throws(StoreError) {
        let statement = try connection.statement(.openEntries)
        defer { statement.reset() }
        for index in first..<batch.firstIndex {
            guard try statement.step(), try statement.unsigned(0) == index else {
                throw .corruptEntry(index, "the entry")
            }
            leaves.append(contentsOf: statement.bytes(1))
            submissions.append(contentsOf: statement.bytes(2))
        }
    }

    private func writeOpenEntries(from next: UInt64) throws(StoreError) {
        let statement = try connection.statement(.insertOpenEntry)
        var (leaf, submission) = ([UInt8](), [UInt8]())
        for index in max(next, batch.firstIndex)..<end {
            let place = Int(index - batch.firstIndex)
            leaf.removeAll(keepingCapacity: true)
            submission.removeAll(keepingCapacity: true)
            StoredForm.append(batch.entries[place].leaf, to: &leaf)
            StoredForm.append(batch.entries[place].submission, at: index, to: &submission)
            statement.bind(1, index)
            try Self.withBytes(leaf) { (leaf) throws(StoreError) in
                try Self.withBytes(submission) { (submission) throws(StoreError) in
                    statement.bind(2, leaf)
                    statement.bind(3, submission)
                    try statement.run()
                }
            }
        }
    }

    private func writeTile(
        _ level: UInt8, _ index: UInt64, _ hashes: [UInt8]
    ) throws(StoreError) {
        for query in [Query.updateTile, .insertTile] {
            let statement = try connection.statement(query)
            statement.bind(2, Int64(level))
            statement.bind(3, index)
            try Self.withBytes(hashes) { (bytes) throws(StoreError) in
                statement.bind(1, bytes)
                try statement.run()
            }
            if connection.changes == 1 { return }
        }
    }

    static func write(
        _ head: StoredHead, _ query: Query, _ connection: Connection
    ) throws(StoreError) {
        let statement = try connection.statement(query)
        statement.bind(1, head.treeHead.size)
        statement.bind(3, head.commit)
        statement.bind(4, head.lastLeafTimestampMS)
        statement.bind(6, head.committedAtMS)
        statement.bind(7, StoredForm.checksum(of: head))
        try head.treeHead.root.withUnsafeBytes { (root) throws(StoreError) in
            try head.lastMAC.withUnsafeBytes { (mac) throws(StoreError) in
                statement.bind(2, root)
                statement.bind(5, mac)
                try statement.run()
            }
        }
    }

    /// The standard library's closure does not yet say what it throws.
    static func withBytes(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) {
        var outcome = Result<Void, StoreError>.success(())
        bytes.withUnsafeBytes { raw in
            outcome = Result { () throws(StoreError) in try body(raw) }
        }
        try outcome.get()
    }
}
