// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Synchronization

/// A store in memory whose commits can be held back, or made to fail.
final class GatedStore: LogStore {
    enum Gate: Sendable {
        case open, held, failing
    }

    private let store = NullStore()
    private let gate = Monitor(Gate.open)

    func set(_ next: Gate) { gate.update { $0 = next } }

    var durability: StoreDurability { store.durability }
    var reader: any LogReader { store.reader }

    func transaction<Result>(_ body: (any LogTransaction) throws -> Result) throws -> Result {
        let isFailing = gate.wait(for: { gate -> Bool? in
            switch gate {
            case .held: nil
            case .open: false
            case .failing: true
            }
        })
        if isFailing { throw StoreError(.full, "no room, as the test wishes") }
        return try store.transaction(body)
    }

    func wipe(_ ranges: [Range<UInt64>]) throws(StoreError) { try store.wipe(ranges) }
    func close() { store.close() }
}
