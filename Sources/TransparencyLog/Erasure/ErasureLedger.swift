// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LogStorage
import Synchronization

/// What has been announced for removal, and what may not be removed, kept beside the anchor and not in
/// the store.
///
/// So a store that is put back from a backup loses again what it had lost before: everything in
/// here is carried out at each start, before anything is served. And a hold whose record is lost with the
/// end of a store is known to have stood. Names indexes and fields, never content. One line of canonical
/// JSON for each event, on stable storage when a call returns; a last line that a crash cut short counts
/// as not written.
///
/// One thread uses it at a time.
package final class ErasureLedger: Sendable {
    /// What one record of the log announced.
    package struct Entry: Hashable, Sendable {
        /// The index of that record.
        package let request: UInt64
        package let removals: [Removal]
        /// It goes because of its age, and is then called pruned.
        package let isPrune: Bool
        /// Of a prune: below it, only records of the log's own have content from then on.
        package var firstContent: UInt64?
        /// Whether a later record says that it is done.
        package var isComplete = false

        package init(
            request: UInt64, removals: [Removal], isPrune: Bool = false,
            firstContent: UInt64? = nil, isComplete: Bool = false
        ) {
            self.request = request
            self.removals = removals
            self.isPrune = isPrune || firstContent != nil
            self.firstContent = firstContent
            self.isComplete = isComplete
        }

        /// Whether it names something, and only what was there before it.
        var isSound: Bool {
            (firstContent ?? 0) <= request && !removals.isEmpty
                && removals.allSatisfy { $0.range.upperBound <= request }
        }
    }

    private let file: LedgerFile?
    private let state: Mutex<LedgerContents>

    private init(file: LedgerFile?, _ contents: LedgerContents) {
        self.file = file
        state = Mutex(contents)
    }

    /// A ledger that is forgotten with the process, for a store that is too.
    package static func volatile(_ contents: LedgerContents = LedgerContents()) -> ErasureLedger {
        ErasureLedger(file: nil, contents)
    }

    /// Opens the ledger at `path`, or makes an empty one, readable by its owner alone.
    ///
    /// Throws `.malformed` for a file that is not a ledger.
    package static func open(path: String) throws(FileError) -> ErasureLedger {
        let (bytes, file) = try LedgerFile.open(path)
        let (contents, length) = try parse(bytes, path)
        try file.truncate(to: length)
        return ErasureLedger(file: file, contents)
    }

    /// What the ledger at `path` says, for looking at it alone; nothing if there is none.
    ///
    /// Throws `.malformed` for a file that is not a ledger.
    package static func read(path: String) throws(FileError) -> LedgerContents {
        guard let bytes = try PrivateFile.read(path, limit: limit, followingLinks: true) else {
            return LedgerContents()
        }
        return try parse(bytes, path).contents
    }

    /// Puts a ledger that says this in the place of the one at `path`, durably.
    ///
    /// For a store that is put back: no log is open on either of the two.
    package static func replace(path: String, with contents: LedgerContents) throws(FileError) {
        try PrivateFile.replace(path, with: contents.text)
    }

    private static let limit = 1 << 30

    /// What the whole lines say, and their bytes.
    private static func parse(
        _ bytes: [UInt8], _ path: String
    ) throws(FileError) -> (contents: LedgerContents, length: Int) {
        var contents = LedgerContents()
        var length = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard line.endIndex < bytes.endIndex else { break }
            guard contents.apply(Array(line)) else {
                throw FileError(
                    .malformed, path,
                    "is not an erasure ledger from byte \(length) on: put back the copy that was"
                        + " kept with the anchor")
            }
            length += line.count + 1
        }
        return (contents, length)
    }

    /// All that it says.
    package var contents: LedgerContents { state.withLock { $0 } }

    /// Everything announced, in the order of the records that announced it.
    package var entries: [Entry] { state.withLock { $0.entries } }

    /// Below it, only records of the log's own have content: the rest was pruned.
    package var firstContent: UInt64 {
        state.withLock { $0.entries.lazy.compactMap(\.firstContent).max() ?? 0 }
    }

    /// Notes what a published record has announced; before any of it is destroyed.
    package func announce(_ entry: Entry) throws(FileError) {
        let isKnown = state.withLock { $0.entries.contains { $0.request == entry.request } }
        guard !isKnown else { return }
        try append(LedgerContents.line(announcing: entry))
    }

    /// Notes that all that a record announced is destroyed, and that the log says so.
    package func complete(_ request: UInt64) throws(FileError) {
        try append(LedgerContents.line(completing: request))
    }

    /// Notes the hold that a published record has placed.
    func hold(_ index: UInt64) throws(FileError) {
        guard !contents.knows(hold: index) else { return }
        try append(LedgerContents.line(holding: index))
    }

    /// Notes that a hold has ended, as a published record says.
    func release(_ index: UInt64) throws(FileError) {
        guard contents.standingHolds.contains(index) else { return }
        try append(LedgerContents.line(releasing: index))
    }

    private func append(_ line: [UInt8]) throws(FileError) {
        try file?.append(line + [UInt8(ascii: "\n")])
        state.withLock { contents in
            guard contents.apply(line) else {
                preconditionFailure("the ledger reads what it writes")
            }
        }
    }
}

/// A file that only grows, by lines that are on stable storage when they are written.
private final class LedgerFile: Sendable {
    private let descriptor: Int32
    private let path: String
    /// After a failed write nothing more is known of the file.
    private let hasFailed = Atomic(false)

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    static func open(_ path: String) throws(FileError) -> ([UInt8], LedgerFile) {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND
        let descriptor = Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else { throw FileError(path, cannot: "open it", errno: errno) }
        let file = LedgerFile(descriptor: descriptor, path: path)
        try PrivateFile.flushFolder(of: path)
        return (try PrivateFile.read(path, limit: 1 << 30) ?? [], file)
    }

    /// Takes a line away that a crash cut short.
    func truncate(to length: Int) throws(FileError) {
        guard ftruncate(descriptor, off_t(length)) == 0, fdatasync(descriptor) == 0 else {
            throw FileError(path, cannot: "cut it", errno: errno)
        }
    }

    func append(_ line: [UInt8]) throws(FileError) {
        guard !hasFailed.load(ordering: .acquiring) else {
            throw FileError(.inputOutput, path, "failed before; restart the log")
        }
        guard write(descriptor, line, line.count) == line.count, fdatasync(descriptor) == 0 else {
            let number = errno
            hasFailed.store(true, ordering: .releasing)
            throw FileError(path, cannot: "write it", errno: number)
        }
    }
}
