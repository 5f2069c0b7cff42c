// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// The reads of the store over one connection, inside whatever transaction that is in.
///
/// Where a call takes more than one statement, the caller has a transaction open, so that all of
/// them see one commit.
struct StoredTables {
    let connection: Connection

    func head() throws(StoreError) -> StoredHead? {
        let statement = try connection.statement(.head)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        guard let root = statement.digest(1), let mac = statement.digest(4) else {
            throw Self.damagedHead
        }
        let head = StoredHead(
            treeHead: TreeHead(size: try statement.unsigned(0), root: root),
            commit: try statement.unsigned(2), lastLeafTimestampMS: try statement.unsigned(3),
            lastMAC: mac, committedAtMS: try statement.unsigned(5))
        guard statement.integer(6) == StoredForm.checksum(of: head) else { throw Self.damagedHead }
        return head
    }

    private static let damagedHead = StoreError(
        .corrupt, "the head row is damaged; run fsck and restore a backup")

    // MARK: Entries

    /// The part of `range` that the head covers.
    func committed(_ range: Range<UInt64>) throws(StoreError) -> Range<UInt64> {
        range.clamped(to: 0..<(try head()?.treeHead.size ?? 0))
    }

    func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf] {
        try entries(range, .segmentLeaves, .openLeaves, StoredForm.leafWidth, "the leaf") {
            StoredForm.leaf($1)
        }
    }

    func submissions(_ range: Range<UInt64>) throws(StoreError) -> [StoredSubmission] {
        try entries(
            range, .segmentSubmissions, .openSubmissions, StoredForm.submissionWidth,
            "the submission"
        ) { StoredForm.submission($1, at: $0) }
    }

    /// The leaf hashes: of sealed entries from their tile, of open ones from the leaf.
    func leafHashes(_ range: Range<UInt64>) throws(StoreError) -> [Digest] {
        let sealed = range.clamped(to: 0..<(range.upperBound & ~(Schema.segmentWidth - 1)))
        var hashes = try sealedEntries(sealed, .segmentHashes, Digest.byteCount) { Digest($1) }
        let next = range.lowerBound + UInt64(hashes.count)
        hashes += try leaves(next..<range.upperBound).map(\.hash)
        return hashes
    }

    /// What every index of `range` has, first in segments and then in open rows.
    ///
    /// Throws `.corrupt` with the first index that is in neither, or that `decode` does not
    /// understand.
    private func entries<Entry>(
        _ range: Range<UInt64>, _ segments: Query, _ open: Query, _ width: Int, _ what: String,
        decode: (UInt64, UnsafeRawBufferPointer) -> Entry?
    ) throws(StoreError) -> [Entry] {
        guard !range.isEmpty else { return [] }
        var found = try sealedEntries(range, segments, width, decode)
        var next = range.lowerBound + UInt64(found.count)
        guard next < range.upperBound else { return found }
        let statement = try connection.statement(open)
        defer { statement.reset() }
        statement.bind(1, next)
        statement.bind(2, range.upperBound - 1)
        while next < range.upperBound {
            guard try statement.step(), try statement.unsigned(0) == next,
                let entry = decode(next, statement.bytes(1))
            else { throw .corruptEntry(next, what) }
            found.append(entry)
            next += 1
        }
        return found
    }

    /// What segments hold of `range`, up to the first entry that none holds.
    private func sealedEntries<Entry>(
        _ range: Range<UInt64>, _ query: Query, _ width: Int,
        _ decode: (UInt64, UnsafeRawBufferPointer) -> Entry?
    ) throws(StoreError) -> [Entry] {
        guard !range.isEmpty else { return [] }
        let statement = try connection.statement(query)
        defer { statement.reset() }
        statement.bind(1, range.lowerBound / Schema.segmentWidth)
        statement.bind(2, (range.upperBound - 1) / Schema.segmentWidth)
        var found: [Entry] = []
        found.reserveCapacity(range.count)
        while try statement.step() {
            let next = range.lowerBound + UInt64(found.count)
            let number = try statement.unsigned(0)
            guard number == next / Schema.segmentWidth else { break }
            let bytes = statement.bytes(1)
            let first = number * Schema.segmentWidth
            for index in next..<min(range.upperBound, first + Schema.segmentWidth) {
                let start = Int(index - first) * width
                guard start + width <= bytes.count,
                    let entry = decode(
                        index, UnsafeRawBufferPointer(rebasing: bytes[start..<start + width]))
                else { throw .corruptEntry(index, "the entry") }
                found.append(entry)
            }
        }
        return found
    }

    // MARK: Content

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        guard index < Schema.indexLimit else { return nil }
        var found: StoredContent?
        try contents(index..<index + 1) { found = $1 }
        return found
    }

    /// Calls `body` with what is there of `range`, in order, whole or reduced.
    func contents(
        _ range: Range<UInt64>, _ body: (UInt64, StoredContent) throws(StoreError) -> Void
    ) throws(StoreError) {
        try scan(.kept, range) { (index, row) throws(StoreError) in
            if row.isNull(1) {
                try body(index, try Self.reduced(row.bytes(3), at: index))
            } else {
                try body(index, try Self.whole(row, at: index))
            }
        }
    }

    /// Calls `body` with what was not reduced of `range`, in order.
    func wholeContents(
        _ range: Range<UInt64>, _ body: (UInt64, StoredContent) throws(StoreError) -> Void
    ) throws(StoreError) {
        try scan(.contents, range) { (index, row) throws(StoreError) in
            try body(index, try Self.whole(row, at: index))
        }
    }

    private static func whole(
        _ row: Statement, at index: UInt64
    ) throws(StoreError) -> StoredContent {
        guard let seed = row.digest(1), let form = StoredForm.form(row.bytes(2), at: index) else {
            throw .corruptEntry(index, "the content")
        }
        return StoredContent(record: [UInt8](row.bytes(3)), seed: seed, formDigest: form)
    }

    private static func reduced(
        _ bytes: UnsafeRawBufferPointer, at index: UInt64
    ) throws(StoreError) -> StoredContent {
        guard let fields = StoredForm.fields(bytes, at: index) else {
            throw .corruptEntry(index, "the content")
        }
        return StoredContent(reducedTo: fields)
    }

    /// Calls `body` with the records that are there of `range`, in order.
    func records(
        _ range: Range<UInt64>, _ body: (UInt64, [UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        try scan(.keptRecords, range) { (index, row) throws(StoreError) in
            let isWhole = row.integer(1) == 1
            try body(
                index,
                isWhole ? [UInt8](row.bytes(2)) : try Self.reduced(row.bytes(2), at: index).record)
        }
    }

    /// The removal that lies over an index, or begins last before it.
    func removal(
        before index: UInt64
    ) throws(StoreError) -> (range: ClosedRange<UInt64>, by: UInt64)? {
        guard index < Schema.indexLimit else { return nil }
        let statement = try connection.statement(.removalBefore)
        defer { statement.reset() }
        statement.bind(1, index)
        guard try statement.step() else { return nil }
        let (first, last) = (try statement.unsigned(0), try statement.unsigned(1))
        guard first <= last else { throw .corruptEntry(index, "the removal") }
        return (first...last, try statement.unsigned(2))
    }

    /// The index of the record that announced the removal of all content at an index.
    func removal(at index: UInt64) throws(StoreError) -> UInt64? {
        guard let removal = try removal(before: index), removal.range.contains(index) else {
            return nil
        }
        return removal.by
    }

    /// The parts of a range over which removals lie, rising.
    func removals(in range: Range<UInt64>) throws(StoreError) -> [StoredRemoval] {
        let range = range.clamped(to: 0..<Schema.indexLimit)
        var found: [StoredRemoval] = []
        func add(_ removed: ClosedRange<UInt64>, _ by: UInt64) {
            let part = (removed.lowerBound..<removed.upperBound + 1).clamped(to: range)
            if !part.isEmpty { found.append(StoredRemoval(part, by: by)) }
        }
        guard !range.isEmpty else { return [] }
        if let before = try removal(before: range.lowerBound) { add(before.range, before.by) }
        let statement = try connection.statement(.removals)
        defer { statement.reset() }
        statement.bind(1, range.lowerBound + 1)
        statement.bind(2, range.upperBound - 1)
        while try statement.step() {
            let (first, last) = (try statement.unsigned(0), try statement.unsigned(1))
            guard first <= last else { throw .corruptEntry(first, "the removal") }
            add(first...last, try statement.unsigned(2))
        }
        return found
    }

    private func scan(
        _ query: Query, _ range: Range<UInt64>,
        _ body: (UInt64, Statement) throws(StoreError) -> Void
    ) throws(StoreError) {
        guard !range.isEmpty else { return }
        let statement = try connection.statement(query)
        defer { statement.reset() }
        statement.bind(1, range.lowerBound)
        statement.bind(2, range.upperBound - 1)
        while try statement.step() { try body(try statement.unsigned(0), statement) }
    }

    // MARK: Tiles and credentials

    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        guard level == 0 else { return try storedTile(level: level, index: index) }
        let statement = try connection.statement(.segmentHashes)
        defer { statement.reset() }
        statement.bind(1, index)
        statement.bind(2, index)
        if try statement.step() { return [UInt8](statement.bytes(1)) }
        let (first, overflow) = index.multipliedReportingOverflow(by: Schema.segmentWidth)
        guard !overflow, first <= .max - Schema.segmentWidth else { return nil }
        let open = try committed(first..<first + Schema.segmentWidth)
        guard !open.isEmpty else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(open.count * Digest.byteCount)
        for leaf in try leaves(open) { bytes.append(leaf.hash) }
        return bytes
    }

    private func storedTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        let statement = try connection.statement(.tile)
        defer { statement.reset() }
        statement.bind(1, Int64(level))
        statement.bind(2, index)
        return try statement.step() ? [UInt8](statement.bytes(0)) : nil
    }

    func credential(_ number: UInt32) throws(StoreError) -> StoredCredential? {
        let statement = try connection.statement(.credential)
        defer { statement.reset() }
        statement.bind(1, Int64(number))
        guard try statement.step() else { return nil }
        let credential = StoredCredential(tenant: statement.text(0), name: statement.text(1))
        guard statement.integer(2) == StoredForm.checksum(of: credential) else {
            throw StoreError(.corrupt, "credential \(number) is damaged; restore a backup")
        }
        return credential
    }
}
