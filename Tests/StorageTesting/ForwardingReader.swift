// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogCrypto
package import LogStorage

/// A reader that is another one but for what it says itself.
package protocol ForwardingReader: LogReader {
    var base: any LogReader { get }
}

extension ForwardingReader {
    package func head() throws(StoreError) -> StoredHead? { try base.head() }

    package func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf] {
        try base.leaves(range)
    }

    package func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        try base.hashTile(level: level, index: index)
    }

    package func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        try base.content(at: index)
    }

    package func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        try base.contents(at: indexes)
    }

    package func removal(at index: UInt64) throws(StoreError) -> UInt64? {
        try base.removal(at: index)
    }

    package func submission(at index: UInt64) throws(StoreError) -> StoredSubmission {
        try base.submission(at: index)
    }

    package func index(ofLeafHash hash: Digest) throws(StoreError) -> UInt64? {
        try base.index(ofLeafHash: hash)
    }

    package func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        try base.index(ofSubmissionKey: key)
    }

    package func indexes(
        of key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        try base.indexes(of: key, in: range, descending: descending, limit: limit)
    }

    package func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        try base.stretches(of: span, in: range)
    }

    package func credential(_ number: UInt32) throws(StoreError) -> StoredCredential? {
        try base.credential(number)
    }
}
