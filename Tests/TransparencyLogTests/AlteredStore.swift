// SPDX-License-Identifier: Apache-2.0

import LogStorage
import StorageTesting
import Synchronization

/// A store in memory of which somebody has altered or taken away content.
final class AlteredStore: LogStore {
    private let base = NullStore()
    private let altered = Mutex<[UInt64: StoredContent?]>([:])

    /// Puts other content in the place of a record's; nil takes it away.
    func alter(_ index: UInt64, to content: StoredContent?) {
        altered.withLock { $0[index] = .some(content) }
    }

    var durability: StoreDurability { base.durability }
    var reader: any LogReader {
        AlteredReader(base: base.reader, altered: altered.withLock(\.self))
    }

    func transaction<Result>(_ body: (any LogTransaction) throws -> Result) throws -> Result {
        try base.transaction(body)
    }

    func wipe(_ ranges: [Range<UInt64>]) throws(StoreError) { try base.wipe(ranges) }
    func close() { base.close() }
}

private struct AlteredReader: ForwardingReader {
    let base: any LogReader
    let altered: [UInt64: StoredContent?]

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        if let other = altered[index] { return other }
        return try base.content(at: index)
    }

    func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        var found: [IndexedContent] = []
        for index in indexes {
            guard let content = try content(at: index) else { continue }
            found.append(IndexedContent(index: index, content: content))
        }
        return found
    }
}
