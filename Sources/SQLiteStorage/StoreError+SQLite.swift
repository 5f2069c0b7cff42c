// SPDX-License-Identifier: Apache-2.0

import CSQLite
import LogStorage

extension StoreError {
    /// What an error of a statement other than COMMIT means: nothing of it is committed.
    init(sqlite code: Int32, detail: String) {
        switch code & 0xFF {
        case SQLITE_FULL:
            self.init(.full, "the volume of the store is full; free some space", detail: detail)
        case SQLITE_CONSTRAINT, SQLITE_MISMATCH:
            self.init(
                .constraint, "the store refused a write that breaks its rules", detail: detail)
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            self.init(
                .corrupt, "the database file is damaged; run fsck and restore a backup",
                detail: detail)
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(.locked, "another process uses the database; stop it", detail: detail)
        case SQLITE_MISUSE, SQLITE_RANGE, SQLITE_ERROR, SQLITE_SCHEMA:
            self.init(
                .mismatch, "the database is not one that this program wrote", detail: detail)
        default:
            self.init(
                .inputOutput, "the database could not be read or written; check the volume",
                detail: detail)
        }
    }

    static let closed = StoreError(.closed, "the store is closed")

    static func corruptEntry(_ index: UInt64, _ what: String) -> StoreError {
        StoreError(
            .corrupt, "\(what) of index \(index) is missing or damaged; run fsck",
            firstBadIndex: index)
    }
}
