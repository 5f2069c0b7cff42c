// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogCrypto
package import LogStorage

/// The reads of a store, on a pool of read-only connections.
///
/// Nothing waits for the index while it holds a connection: the index may be waiting for one.
package struct SQLiteReader: LogReader {
    let pool: ConnectionPool
    let lookups: any LookupSource

    package func head() throws(StoreError) -> StoredHead? {
        try pool.read { (tables) throws(StoreError) in try tables.head() }
    }

    package func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf] {
        try pool.snapshot { (tables) throws(StoreError) in
            try tables.leaves(try tables.committed(range))
        }
    }

    package func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        try pool.snapshot { (tables) throws(StoreError) in
            try tables.hashTile(level: level, index: index)
        }
    }

    package func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        try pool.read { (tables) throws(StoreError) in try tables.content(at: index) }
    }

    package func removal(at index: UInt64) throws(StoreError) -> UInt64? {
        try pool.read { (tables) throws(StoreError) in try tables.removal(at: index) }
    }

    package func removals(in range: Range<UInt64>) throws(StoreError) -> [StoredRemoval] {
        try pool.snapshot { (tables) throws(StoreError) in try tables.removals(in: range) }
    }

    package func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        try pool.snapshot { (tables) throws(StoreError) in
            var found: [IndexedContent] = []
            found.reserveCapacity(indexes.count)
            for part in Self.neighbours(indexes.filter { $0 < Schema.indexLimit }) {
                let start = found.count
                try tables.contents(part.range) {
                    found.append(IndexedContent(index: $0, content: $1))
                }
                if part.isFalling { found[start...].reverse() }
            }
            return found
        }
    }

    /// The ranges that indexes make up, in their order.
    private static func neighbours(
        _ indexes: [UInt64]
    ) -> [(range: Range<UInt64>, isFalling: Bool)] {
        var parts: [(range: Range<UInt64>, isFalling: Bool)] = []
        for index in indexes {
            let last = parts.last
            if let last, last.range.upperBound == index, last.range.count == 1 || !last.isFalling {
                parts[parts.count - 1] = (last.range.lowerBound..<index + 1, false)
            } else if let last, last.range.lowerBound == index + 1,
                last.range.count == 1 || last.isFalling
            {
                parts[parts.count - 1] = (index..<last.range.upperBound, true)
            } else {
                parts.append((index..<index + 1, false))
            }
        }
        return parts
    }

    package func submission(at index: UInt64) throws(StoreError) -> StoredSubmission {
        guard let submission = try submission(maybeAt: index) else {
            throw .corruptEntry(index, "the submission")
        }
        return submission
    }

    package func index(ofLeafHash hash: Digest) throws(StoreError) -> UInt64? {
        for index in try lookups.candidates(of: hash, .leafHash)
        where try leaves(index..<index + 1).first?.hash == hash {
            return index
        }
        return nil
    }

    package func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        for index in try lookups.candidates(of: key, .submissionKey)
        where try submission(maybeAt: index)?.key == key {
            return index
        }
        return nil
    }

    package func indexes(
        of key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        try lookups.candidates(key, in: range, descending: descending, limit: limit)
    }

    package func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        try lookups.stretches(of: span, in: range)
    }

    package func credential(_ number: UInt32) throws(StoreError) -> StoredCredential? {
        try pool.read { (tables) throws(StoreError) in try tables.credential(number) }
    }

    private func submission(maybeAt index: UInt64) throws(StoreError) -> StoredSubmission? {
        guard index < Schema.indexLimit else { return nil }
        return try pool.snapshot { (tables) throws(StoreError) in
            try tables.submissions(try tables.committed(index..<index + 1)).first
        }
    }
}
