// SPDX-License-Identifier: Apache-2.0

import LogStorage
package import Merkle
import Synchronization

/// What belongs to a copy of a log's store, all of one moment.
package struct LogCopy: Sendable {
    /// The head that the copy ends with.
    package let head: TreeHead
    /// The note over it, with the log's Ed25519 signature.
    package let note: String
    /// What had been announced for erasure, as a ledger's file has it.
    package let ledger: [UInt8]
}

extension Log {
    /// Copies the store up to the newest published head into a folder that holds none.
    ///
    /// Records are taken meanwhile; nothing is erased: an erasure that is under way ends before, and
    /// one that is asked for is refused. One copy is made at a time.
    ///
    /// - Parameter progress: called with the entries done and of all; what it throws ends the copy.
    /// - Throws: the store's error; `.backupRunning`.
    package func copy(
        to folder: String,
        progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) throws -> Void
    ) async throws -> LogCopy {
        let (isMine, _) = isBeingCopied.compareExchange(
            expected: false, desired: true, ordering: .acquiringAndReleasing)
        guard isMine else { throw Self.backupRunning }
        defer { isBeingCopied.store(false, ordering: .releasing) }
        return try await erasures.run { [self] in
            let published = published
            guard !published.note.isEmpty, published.head.size > 0 else {
                throw LogError(.evidenceOnly, "no signed head covers what is here")
            }
            try store.copy(published.head, to: folder) {
                try progress($0, published.head.size)
            }
            return LogCopy(
                head: published.head, note: published.note, ledger: eraser.ledger.contents.text)
        }
    }

    static let backupRunning = LogError(.backupRunning, "a backup is being made")
}
