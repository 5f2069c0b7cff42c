// SPDX-License-Identifier: Apache-2.0

/// A store of which only the reads are used.
package struct ReadOnlyStore: LogStore {
    package let reader: any LogReader
    package let durability = StoreDurability.durable
    private let end: @Sendable () -> Void

    /// - Parameter end: called once, when nothing is read any more.
    package init(reader: any LogReader, end: @escaping @Sendable () -> Void) {
        self.reader = reader
        self.end = end
    }

    package func transaction<Result>(
        _ body: (any LogTransaction) throws -> Result
    ) throws -> Result {
        throw StoreError(.closed, "the store is only read")
    }

    package func wipe(_ ranges: [Range<UInt64>]) throws(StoreError) {
        throw StoreError(.closed, "the store is only read")
    }

    package func close() { end() }
}
