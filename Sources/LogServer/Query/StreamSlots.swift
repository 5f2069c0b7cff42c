// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts the streams that are open, all together and by credential.
final class StreamSlots: Sendable {
    /// One open stream; its end is that of the last reference to it, so that none stays counted
    /// whose answer was never begun.
    final class Slot: Sendable {
        private let owner: StreamSlots
        private let name: String

        fileprivate init(_ owner: StreamSlots, _ name: String) {
            self.owner = owner
            self.name = name
        }

        deinit { owner.leave(name) }
    }

    private struct Counts {
        var all = 0
        var byName: [String: Int] = [:]
    }

    private let limit: Int
    private let limitPerCredential: Int
    private let counts = Mutex(Counts())

    init(limit: Int, perCredential: Int) {
        self.limit = limit
        limitPerCredential = perCredential
    }

    /// Streams that are open.
    var open: Int { counts.withLock { $0.all } }

    func enter(_ credential: Credential) throws(Problem) -> Slot {
        let isAdmitted = counts.withLock { counts in
            let own = counts.byName[credential.name, default: 0]
            guard counts.all < limit, own < limitPerCredential else { return false }
            counts.all += 1
            counts.byName[credential.name] = own + 1
            return true
        }
        guard isAdmitted else { throw Problem(.tooManyStreams) }
        return Slot(self, credential.name)
    }

    private func leave(_ name: String) {
        counts.withLock { counts in
            counts.all -= 1
            let own = counts.byName[name, default: 1] - 1
            counts.byName[name] = own > 0 ? own : nil
        }
    }
}
