// SPDX-License-Identifier: Apache-2.0

import LogStorage
import StorageTesting
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
struct FaultyReader: ForwardingReader {
    let base: any LogReader
    let heads: HeadFaults

    func head() throws(StoreError) -> StoredHead? {
        switch heads.take() {
        case nil: return try base.head()
        case .missing: return nil
        case .fails(let code): throw StoreError(code, "injected")
        }
    }
}
