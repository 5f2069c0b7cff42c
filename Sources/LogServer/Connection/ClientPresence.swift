// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Whether the client of a request is still there, for work that nobody else has any use for.
///
/// A client that has ended its side of the connection counts as gone: until something is sent to
/// it, nothing tells it from one that has left altogether.
final class ClientPresence: Sendable {
    private let hasLeft = Atomic(false)

    /// Throws ``ProblemCode/clientLeft`` if it is gone.
    func require() throws(Problem) {
        if hasLeft.load(ordering: .relaxed) { throw Problem(.clientLeft) }
    }

    func leave() { hasLeft.store(true, ordering: .relaxed) }
}
