// SPDX-License-Identifier: Apache-2.0

import Synchronization

@testable import TransparencyLog

/// An anchor's file whose next write goes wrong in a chosen way.
final class FaultyAnchorFile: AnchorFile {
    enum Fault: Sendable {
        /// Nothing is written.
        case failsBefore
        /// All is written, and fdatasync fails.
        case failsAfterPersisting
    }

    private struct State {
        var fault: Fault?
        var hasFailed = false
        var writesAfterFault = 0
    }

    private let base: any AnchorFile
    private let state = Mutex(State())

    init(_ base: any AnchorFile) { self.base = base }

    func next(_ fault: Fault) { state.withLock { $0.fault = fault } }

    /// Writes that were tried after the one that failed.
    var writesAfterFault: Int { state.withLock { $0.writesAfterFault } }

    func write(_ bytes: [UInt8], at offset: Int) throws(AnchorError) {
        let fault = state.withLock { state in
            if state.hasFailed { state.writesAfterFault += 1 }
            defer { state.fault = nil }
            state.hasFailed = state.hasFailed || state.fault != nil
            return state.fault
        }
        if fault != .failsBefore { try base.write(bytes, at: offset) }
        if fault != nil { throw AnchorError(code: .inputOutput, message: "injected") }
    }

    func release() { base.release() }
}
