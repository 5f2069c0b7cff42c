// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Synchronization

/// What becomes of the next reads of the head.
final class HeadFaults: Sendable {
    enum Fault: Sendable, Equatable {
        case fails(StoreError.Code)
        /// There is none, as in a store that was set back to its beginning.
        case missing
    }

    private struct State {
        var fault: Fault?
        var left = 0
        var reads = 0
    }

    private let state = Mutex(State())

    /// Lets the next `count` reads go wrong.
    func next(_ fault: Fault, count: Int = .max) {
        state.withLock { $0 = State(fault: fault, left: count) }
    }

    /// Reads since then, the good ones included.
    var reads: Int { state.withLock { $0.reads } }

    fileprivate func take() -> Fault? {
        state.withLock { state in
            state.reads += 1
            guard state.left > 0 else { return nil }
            state.left -= 1
            return state.fault
        }
    }
}

/// A reader whose reads of the head go wrong as they are told to.
struct FaultyReader: LogReader {
    let base: any LogReader
    let heads: HeadFaults

    func head() throws(StoreError) -> StoredHead? {
        switch heads.take() {
        case nil: return try base.head()
        case .missing: return nil
        case .fails(let code): throw StoreError(code, "injected")
        }
    }

    func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf] { try base.leaves(range) }

    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        try base.hashTile(level: level, index: index)
    }

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        try base.content(at: index)
    }

    func removal(at index: UInt64) throws(StoreError) -> UInt64? { try base.removal(at: index) }

    func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        try base.contents(at: indexes)
    }

    func submission(at index: UInt64) throws(StoreError) -> StoredSubmission {
        try base.submission(at: index)
    }

    func index(ofLeafHash hash: Digest) throws(StoreError) -> UInt64? {
        try base.index(ofLeafHash: hash)
    }

    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        try base.index(ofSubmissionKey: key)
    }

    func indexes(
        of key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        try base.indexes(of: key, in: range, descending: descending, limit: limit)
    }

    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        try base.stretches(of: span, in: range)
    }

    func credential(_ number: UInt32) throws(StoreError) -> StoredCredential? {
        try base.credential(number)
    }
}
