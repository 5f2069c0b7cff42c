// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import StorageTesting
import Synchronization

/// A store in memory whose reads of contents take as long as a test wishes, and are counted.
final class SlowStore: LogStore {
    private let store = NullStore()
    private let pauseMS = Atomic<Int>(0)
    private let count = Atomic<Int>(0)
    private let altered = Mutex<(text: String, other: String, index: UInt64)?>(nil)

    /// Milliseconds that each read of contents takes.
    func slow(byMS pause: Int) { pauseMS.store(pause, ordering: .relaxed) }

    /// From now on a record is another one than was stored.
    func alter(_ text: String, to other: String, at index: UInt64) {
        altered.withLock { $0 = (text, other, index) }
    }

    /// Reads of contents so far.
    var reads: Int { count.load(ordering: .relaxed) }

    var durability: StoreDurability { store.durability }
    var reader: any LogReader { Reader(base: store.reader, store: self) }

    func transaction<Result>(_ body: (any LogTransaction) throws -> Result) throws -> Result {
        try store.transaction(body)
    }

    func wipe(_ ranges: [Range<UInt64>]) throws(StoreError) { try store.wipe(ranges) }
    func close() { store.close() }

    private func read() {
        count.add(1, ordering: .relaxed)
        let pause = pauseMS.load(ordering: .relaxed)
        if pause > 0 { Thread.sleep(forTimeInterval: Double(pause) / 1_000) }
    }

    private func altering(_ found: IndexedContent) -> IndexedContent {
        guard let change = altered.withLock({ $0 }), change.index == found.index,
            let seed = found.content.seed, let digest = found.content.formDigest
        else { return found }
        let text = String(decoding: found.content.record, as: UTF8.self)
        let record = Array(text.replacing(change.text, with: change.other).utf8)
        return IndexedContent(
            index: found.index,
            content: StoredContent(record: record, seed: seed, formDigest: digest))
    }

    private struct Reader: ForwardingReader {
        let base: any LogReader
        let store: SlowStore

        func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
            store.read()
            return try base.contents(at: indexes).map(store.altering)
        }

        func content(at index: UInt64) throws(StoreError) -> StoredContent? {
            store.read()
            return try base.content(at: index)
        }
    }
}
