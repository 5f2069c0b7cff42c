// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
package import LogStorage
import Synchronization

/// What has been announced for removal, kept beside the anchor and not in the store.
///
/// So a store that is put back from a backup loses again what it had lost before: everything in
/// here is carried out at each start, before anything is served. Names indexes and fields, never
/// content. One line of canonical JSON for each event, on stable storage when a call returns; a
/// last line that a crash cut short counts as not written.
///
/// One thread uses it at a time.
package final class ErasureLedger: Sendable {
    /// What one record of the log announced.
    package struct Entry: Hashable, Sendable {
        /// The index of that record.
        package let request: UInt64
        package let removals: [Removal]
        /// Of a prune: below it, only records of the log's own have content from then on.
        package var firstContent: UInt64?
        /// Whether a later record says that it is done.
        package var isComplete = false

        package init(
            request: UInt64, removals: [Removal], firstContent: UInt64? = nil,
            isComplete: Bool = false
        ) {
            self.request = request
            self.removals = removals
            self.firstContent = firstContent
            self.isComplete = isComplete
        }
    }

    private let file: LedgerFile?
    private let state: Mutex<[Entry]>

    private init(file: LedgerFile?, entries: [Entry]) {
        self.file = file
        state = Mutex(entries)
    }

    /// A ledger that is forgotten with the process, for a store that is too.
    package static func volatile(_ entries: [Entry] = []) -> ErasureLedger {
        ErasureLedger(file: nil, entries: entries)
    }

    /// Opens the ledger at `path`, or makes an empty one, readable by its owner alone.
    ///
    /// Throws `.malformed` for a file that is not a ledger.
    package static func open(path: String) throws(FileError) -> ErasureLedger {
        let (bytes, file) = try LedgerFile.open(path)
        let (entries, length) = try parse(bytes, path)
        try file.truncate(to: length)
        return ErasureLedger(file: file, entries: entries)
    }

    /// What the ledger at `path` names, for looking at it alone; nothing if there is none.
    ///
    /// Throws `.malformed` for a file that is not a ledger.
    package static func read(path: String) throws(FileError) -> [Entry] {
        guard let bytes = try PrivateFile.read(path, limit: limit, followingLinks: true) else {
            return []
        }
        return try parse(bytes, path).entries
    }

    /// Puts a ledger that names `entries` in the place of the one at `path`, durably.
    ///
    /// For a store that is put back: no log is open on either of the two.
    package static func replace(path: String, with entries: [Entry]) throws(FileError) {
        try PrivateFile.replace(path, with: text(of: entries))
    }

    private static let limit = 1 << 30

    /// The entries, and the bytes of the lines that are whole.
    private static func parse(
        _ bytes: [UInt8], _ path: String
    ) throws(FileError) -> (entries: [Entry], length: Int) {
        var entries: [Entry] = []
        var length = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard line.endIndex < bytes.endIndex else { break }
            guard apply(Array(line), to: &entries) else {
                throw FileError(
                    .malformed, path,
                    "is not an erasure ledger from byte \(length) on: put back the copy that was"
                        + " kept with the anchor")
            }
            length += line.count + 1
        }
        return (entries, length)
    }

    /// A file that names what this ledger names.
    package var text: [UInt8] { Self.text(of: entries) }

    private static func text(of entries: [Entry]) -> [UInt8] {
        var text: [UInt8] = []
        for entry in entries {
            text += line(announcing: entry) + [UInt8(ascii: "\n")]
            guard entry.isComplete else { continue }
            text += line(completing: entry.request) + [UInt8(ascii: "\n")]
        }
        return text
    }

    private static func line(announcing entry: Entry) -> [UInt8] {
        var members: [JSONValue.Member] = [
            .init("erased", .array(entry.removals.map(\.json))),
            .init("request", .integer(entry.request)),
        ]
        if let first = entry.firstContent {
            members.append(.init("first_content", .integer(first)))
        }
        return JSONValue.object(members).canonical
    }

    private static func line(completing request: UInt64) -> [UInt8] {
        (["complete": .integer(request)] as JSONValue).canonical
    }

    /// Everything announced, in the order of the records that announced it.
    package var entries: [Entry] { state.withLock { $0 } }

    /// Below it, only records of the log's own have content: the rest was pruned.
    package var firstContent: UInt64 {
        state.withLock { $0.lazy.compactMap(\.firstContent).max() ?? 0 }
    }

    /// Notes what a published record has announced; before any of it is destroyed.
    package func announce(_ entry: Entry) throws(FileError) {
        let isKnown = state.withLock { $0.contains { $0.request == entry.request } }
        guard !isKnown else { return }
        try append(Self.line(announcing: entry))
    }

    /// Notes that all that a record announced is destroyed, and that the log says so.
    package func complete(_ request: UInt64) throws(FileError) {
        try append(Self.line(completing: request))
    }

    private func append(_ line: [UInt8]) throws(FileError) {
        try file?.append(line + [UInt8(ascii: "\n")])
        state.withLock { entries in
            guard Self.apply(line, to: &entries) else {
                preconditionFailure("the ledger reads what it writes")
            }
        }
    }

    private static func apply(_ line: [UInt8], to entries: inout [Entry]) -> Bool {
        guard let event = try? JSONValue.parse(canonical: line) else { return false }
        if let request = event["complete"]?.unsigned, event.members?.count == 1,
            let place = entries.lastIndex(where: { $0.request == request })
        {
            entries[place].isComplete = true
            return true
        }
        let first = event["first_content"]
        guard let request = event["request"]?.unsigned, let list = event["erased"]?.elements,
            event.members?.count == (first == nil ? 2 : 3),
            request > entries.last?.request ?? 0, (first?.unsigned ?? 0) <= request,
            first == nil || first?.unsigned != nil
        else { return false }
        let removals = list.compactMap { Removal($0) }
        guard removals.count == list.count, !removals.isEmpty,
            removals.allSatisfy({ $0.range.upperBound <= request })
        else { return false }
        entries.append(
            Entry(request: request, removals: removals, firstContent: first?.unsigned))
        return true
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
