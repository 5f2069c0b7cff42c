// SPDX-License-Identifier: Apache-2.0

import CSQLite
import LogStorage

/// The one connection that writes and checkpoints.
///
/// Used by one thread at a time.
final class Writer {
    let connection: Connection
    private let folder: StoreFolder
    private let reserveBytes: UInt64
    private let checkpointPages: Int32
    /// Pages in the log after the newest commit, counted by SQLite.
    private let logPages = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    /// Checkpoint when the log has so many pages.
    private var nextCheckpoint: Int32
    /// Why nothing may be written any more.
    private var failure: StoreError?

    /// A log that readers hold back may grow to this many times the limit before the writer waits
    /// for them.
    private static let patience: Int32 = 8

    init(connection: Connection, folder: StoreFolder, options: SQLiteOptions) {
        self.connection = connection
        self.folder = folder
        reserveBytes = options.reserveBytes
        checkpointPages = Int32(clamping: max(1, options.checkpointBytes / Int(Schema.pageSize)))
        nextCheckpoint = checkpointPages
        logPages.initialize(to: 0)
        connection.countLogPages(in: logPages)
    }

    deinit {
        connection.close()
        logPages.deallocate()
    }

    func begin() throws(StoreError) {
        if let failure { throw failure }
        if logPages.pointee >= nextCheckpoint { try checkpoint() }
        try folder.checkFree(reserve: reserveBytes)
        try connection.beginWriting()
    }

    /// Undoes what the transaction did.
    ///
    /// A rollback that fails closes the store to writes: what the next transaction would build on
    /// is not known.
    func rollback() throws(StoreError) {
        do throws(StoreError) {
            try connection.rollback()
            guard !connection.isInTransaction else {
                throw StoreError(.inputOutput, "a failed transaction could not be undone")
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// Commits; when this returns, the log is on stable storage.
    ///
    /// If COMMIT fails, a crash may yet find the transaction in the log, or not. Only BUSY says
    /// for certain that nothing was written.
    func commit() throws(StoreError) {
        guard connection.isInTransaction else {
            throw StoreError(.inputOutput, "the database gave up the transaction; nothing is kept")
        }
        let (code, detail) = connection.commit()
        if code == SQLITE_OK { return }
        if code & 0xFF == SQLITE_BUSY, connection.isInTransaction {
            try rollback()
            throw StoreError(sqlite: code, detail: detail)
        }
        let error = StoreError(
            .outcomeUnknown, "a commit failed; restart, so that recovery can find out its outcome",
            detail: detail)
        failure = error
        try? connection.rollback()
        throw error
    }

    /// Moves the log into the database, so that it starts again from its beginning.
    ///
    /// Commits are safe in the log already, so a full volume only puts this off. Any other error
    /// means that synced pages may not be what they seem: no more is written.
    private func checkpoint() throws(StoreError) {
        let isUrgent = logPages.pointee >= Self.patience * checkpointPages
        if isUrgent { connection.setBusyTimeout(milliseconds: 250) }
        defer { if isUrgent { connection.setBusyTimeout(milliseconds: 5000) } }
        do throws(StoreError) {
            let isDone = try connection.checkpoint(truncating: isUrgent)
            nextCheckpoint = isDone ? checkpointPages : logPages.pointee + checkpointPages / 4
        } catch {
            guard error.code == .full else {
                failure = error
                throw error
            }
            nextCheckpoint = logPages.pointee + checkpointPages / 4
        }
    }

    /// Moves the whole log into the database and empties its file, waiting for readers in the way.
    ///
    /// Throws `.locked` if one of them does not end.
    func emptyLog() throws(StoreError) {
        if let failure { throw failure }
        for _ in 0..<12 {
            // Each try waits as long as the busy timeout.
            if try connection.checkpoint(truncating: true) {
                nextCheckpoint = checkpointPages
                return
            }
        }
        throw StoreError(
            .locked, "a reader keeps the log of writes from being emptied; end it and try again")
    }

    /// Moves the whole log into the database and empties it, if no reader is in the way.
    func close() {
        if failure == nil { _ = try? connection.checkpoint(truncating: true) }
        connection.close()
    }
}
