// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
import LogCrypto
import LogStorage
package import Logging
import Merkle
import Synchronization

/// Writes every record of a log as a line of a file, as the log grows, for log shippers.
///
/// It follows the published head at low priority and never stops or slows the log: what goes wrong is
/// logged, shown in the log's health, and tried again until it is caught up.
package final class SinkWriter: Sendable {
    private let log: Log
    private let settings: SinkSettings
    private let logger: Logger
    private let now: @Sendable () -> ClockReading
    private let say: @Sendable (SinkEvent) async throws -> Void
    private let pool = BlockingPool(threads: 1, niceness: 10)
    private let folder: Mutex<SinkFolder>
    private let watch: Mutex<SinkWatch>
    private let compression: SinkCompression?

    /// Records that are read and written together.
    private static let portion: UInt64 = 256

    /// Goes on from what the folder holds, which must be this log's past.
    ///
    /// - Parameters:
    ///   - isSaidToFail: whether the log's last word on its sink is that it fails.
    ///   - say: has the log record an event.
    /// - Throws: ``StartupRefusal`` if it holds more than the log, or another history: it is then
    ///   evidence, and is left as it is.
    package init(
        _ log: Log, _ settings: SinkSettings, logger: Logger, isSaidToFail: Bool = false,
        say: @escaping @Sendable (SinkEvent) async throws -> Void
    ) async throws {
        self.log = log
        self.settings = settings
        self.logger = logger
        self.say = say
        now = SystemClock.read
        let identity = log.keys.identity
        let opened = try SinkFolder(
            settings, origin: identity.origin.text,
            genesis: log.keys.schedule.genesis(identity.origin))
        let next = opened.next
        watch = Mutex(SinkWatch(size: next.index, isSaid: isSaidToFail))
        folder = Mutex(opened)
        compression = settings.compressAfterMS.map { delayMS in
            SinkCompression(settings, delayMS: delayMS, logger: logger) {
                SystemClock.read().wallMS
            }
        }
        try await Self.check(next, log)
    }

    /// How the sink stands.
    package var health: SinkHealth {
        watch.withLock { SinkHealth(size: $0.size, trouble: $0.trouble) }
    }

    /// Writes what is new, again and again, until the task is cancelled; then once more.
    package func run() async {
        async let watching: () = watchOver()
        async let compressing: ()? = compression?.run { [self] inode in
            folder.withLock { $0.openInode == inode }
        }
        var failures: UInt64 = 0
        while !Task.isCancelled {
            failures = await isWritten() ? 0 : failures + 1
            let pause = min(
                settings.intervalMS << min(failures, 6), max(settings.intervalMS, 30_000))
            try? await Task.sleep(for: .milliseconds(pause))
        }
        await watching
        await compressing
        _ = await isWritten()
        await saySomething()
        try? await pool.run { [self] in folder.withLock { $0.end() } }
        pool.close()
    }

    private func isWritten() async -> Bool {
        watch.withLock { $0.begin(at: now().bootMS) }
        do {
            try await write()
            if watch.withLock({ $0.end() }) {
                logger.notice("the sink is written again, and has caught up")
            }
            return true
        } catch {
            if watch.withLock({ $0.fail(SinkTrouble(error)) }) {
                logger.error(
                    "the sink could not be written; records stay in the log, and it is tried again",
                    metadata: ["error": "\(String(reflecting: error))"])
            }
            return false
        }
    }

    // MARK: On record

    /// Sees what a call that does not come back cannot tell, and has the log record what changes.
    private func watchOver() async {
        while !Task.isCancelled {
            if let trouble = watch.withLock({ $0.look(at: now().bootMS) }) {
                logger.error(
                    "the sink is not written as fast as records come; they stay in the log",
                    metadata: ["reason": "\(trouble.rawValue)"])
            }
            await saySomething()
            try? await Task.sleep(for: .milliseconds(max(settings.intervalMS, 1_000)))
        }
    }

    private func saySomething() async {
        guard log.mode == .sequencing,
            let event = watch.withLock({ $0.event(at: now().bootMS) })
        else { return }
        do {
            try await say(event)
            watch.withLock { $0.said(event, at: now().bootMS) }
        } catch {
            watch.withLock { $0.couldNotSay(at: now().bootMS) }
            logger.warning(
                "how the sink stands could not be recorded; it is tried again",
                metadata: ["error": "\(error)"])
        }
    }

    /// Looks at once whether the open segment was moved away, and ends it where it is.
    ///
    /// After this a rotated file is not written to any more, unless the sink fails or takes longer than
    /// ten seconds.
    package func reopen() async {
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let settling = Task {
            try? await turn { try $0.settle() }
            end.finish()
        }
        let limit = Task {
            try? await Task.sleep(for: .seconds(10))
            end.finish()
        }
        for await _ in ended {}
        settling.cancel()
        limit.cancel()
    }

    /// Brings the sink to the newest published head.
    func write() async throws {
        let size = log.published.head.size
        while true {
            let next = try await turn { folder in
                try folder.settle()
                return folder.next.index
            }
            watch.withLock { $0.step(to: next, at: now().bootMS) }
            let notices = try await turn { [log] folder in
                let lines = Self.notices(log, after: folder.noticed, below: folder.next.index)
                try folder.append(lines)
                return lines.count
            }
            guard next < size else {
                if notices == 0 { break }
                continue
            }
            let lines = try await read(next..<min(next + Self.portion, size))
            try await turn { [now] folder in
                // A segment that was left meanwhile begins elsewhere.
                guard folder.next.index == next else { return }
                try folder.append(lines)
                try folder.rotate(nowMS: now().wallMS)
            }
        }
        try await turn { [now] folder in try folder.rotate(nowMS: now().wallMS) }
    }

    /// One step on the sink's own thread.
    ///
    /// A segment that was found to be moved away or altered is no failure: the next step begins
    /// another one.
    private func turn<Result: Sendable>(
        _ body: @escaping @Sendable (SinkFolder) throws -> Result
    ) async throws -> Result {
        while true {
            let result: Result? = try await pool.run { [self] in
                try folder.withLock { folder in
                    do {
                        return try body(folder)
                    } catch is SinkFolder.SinkChange {
                        return nil
                    }
                }
            }
            if let result { return result }
            logger.notice(
                "the sink's segment was moved away or changed by somebody else; another one goes on"
            )
        }
    }

    // MARK: Lines

    /// The lines of what was announced for erasure, of records that were written before.
    private static func notices(
        _ log: Log, after noticed: UInt64?, below next: UInt64
    ) -> [[UInt8]] {
        log.eraser.ledger.entries
            .filter { $0.request < next && $0.request > noticed ?? 0 }
            .flatMap { SinkNotice.lines($0.removals, request: $0.request) }
    }

    private func read(_ range: Range<UInt64>) async throws -> [[UInt8]] {
        let keepsOwn = settings.keepsOwnRecords
        return try await log.lookUp { reader in
            let leaves = try reader.leaves(range)
            var contents: [UInt64: StoredContent] = [:]
            for found in try reader.contents(at: Array(range)) {
                contents[found.index] = found.content
            }
            return try zip(range, leaves).map { index, leaf in
                if !keepsOwn, try Self.isOwn(index, reader) {
                    return SinkRecord.line(index, leaf, .withheld)
                }
                if let content = contents[index] {
                    return SinkRecord.line(
                        index, leaf, .whole(content.record, erased: content.erased.map { $0 }))
                }
                guard let by = try reader.removal(at: index) else {
                    throw LogError(.corrupt, "nothing is kept of the record at \(index)")
                }
                return SinkRecord.line(index, leaf, .removed(by))
            }
        }
    }

    private static func isOwn(_ index: UInt64, _ reader: any LogReader) throws -> Bool {
        let credential = try reader.submission(at: index).credential
        return try reader.credential(credential)?.tenant.hasPrefix("_") ?? false
    }

    // MARK: Going on

    /// Compares the last line with the log's own leaf.
    private static func check(_ next: (index: UInt64, hash: Digest), _ log: Log) async throws {
        let size = log.published.head.size
        guard next.index <= size else {
            throw StartupRefusal(
                .rollbackSuspected,
                "the sink has \(next.index) records of this log, and the log has \(size): an older "
                    + "copy of store and anchor was restored",
                firstBadIndex: size)
        }
        guard next.index > 0 else { return }
        let leaf = try await log.lookUp { try $0.leaves(next.index - 1..<next.index).first }
        guard leaf?.mac == next.hash else {
            throw StartupRefusal(
                .forkSuspected,
                "the sink holds another history of this log. Keep both as evidence",
                firstBadIndex: next.index - 1)
        }
    }
}

/// How a sink stands.
package struct SinkHealth: Hashable, Sendable {
    /// Records that are written.
    package let size: UInt64
    /// What is wrong; nil if nothing is.
    package let trouble: SinkTrouble?
}

extension SinkTrouble {
    fileprivate init(_ error: any Error) {
        guard let error = error as? FileError else {
            self = .unreadable
            return
        }
        self = [ENOSPC, EDQUOT].contains(error.number) ? .storageFull : .inputOutput
    }
}
