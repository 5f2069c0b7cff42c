// SPDX-License-Identifier: Apache-2.0

import AuditChain
package import AuditRecords
import HTTPTypes
import Hummingbird
import LogStorage
import Merkle
import NIOCore
import Synchronization
import TransparencyLog

/// What a backup is asked for.
package struct BackupRequest: Sendable {
    /// The folder to make, from the root on; there is none of that name.
    package let folder: String
    /// The log's keys go with it.
    package let withKeys: Bool
    /// What an earlier backup of that name left unfinished is removed.
    package let discardsUnfinished: Bool
    /// The records and the chain are verified too, not only the tree.
    package let isDeep: Bool
}

/// How far a backup has come.
package struct BackupProgress: Sendable {
    /// One word: copy, hash, verify.
    package let step: String
    package let done: UInt64
    package let total: UInt64

    package init(_ step: String, done: UInt64, total: UInt64) {
        self.step = step
        self.done = done
        self.total = total
    }
}

/// Why there is no backup, for the operator: paths may stand in it.
package struct BackupFailure: Error, Sendable {
    /// What a program can go by.
    package enum Reason: String, Sendable {
        /// There is something of that name, or what an interrupted backup left.
        case exists, unfinished
        /// What was copied does not prove what it must.
        case unproven
        /// A file could not be read or written, or the volume is full.
        case failed
    }

    package let reason: Reason
    package let message: String

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

/// Makes a backup; `record` is called with what is to be recorded of it before anything is copied, so
/// that the copy holds that record, and says where it is: nil of a log that was ended.
///
/// Returns the backup's manifest, as JSON.
package typealias BackupMaker =
    @Sendable (
        BackupRequest, _ record: @Sendable (GovernanceRecord) async throws -> UInt64?,
        _ progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws -> [UInt8]

/// `POST /v1/admin/backups`: a copy of the log in a folder of the server's machine.
struct BackupRoute: Sendable {
    let log: Log
    let settings: SettingsInForce
    let configuration: LogServerConfiguration

    private static let bodyLimit = 16 << 10
    /// How often the operator hears how far it has come.
    private static let interval = Duration.milliseconds(100)
    private static let longestSilence = Duration.seconds(5)

    var routes: [Route] {
        [
            Route(
                .post, "/v1/admin/backups", access: .socket,
                Operation(
                    "makeBackup", "Copies the log into a new folder, and verifies the copy",
                    "Records are taken meanwhile, and nothing is erased. NDJSON: lines that tell the"
                        + " progress, and one with the backup's manifest or the problem that ended"
                        + " it. The log has a record of it before anything is copied.",
                    body: [(MediaTypes.json, "NewBackup")],
                    successes: [
                        Operation.Success(
                            status: 200, description: "Progress, and the manifest at the end.",
                            content: [(MediaTypes.ndjson, "BackupLine")])
                    ],
                    problems: [.invalidParameter, .backupRunning, .backupFailed]
                        + AccessRecords.problems)
            ) { [self] call in
                let body = try await call.request.body.collect(upTo: Self.bodyLimit)
                let request = try Self.read(Array(body.readableBytesView))
                guard let maker = configuration.backup, log.mode != .frozen || hasJournal else {
                    throw Problem(.evidenceOnly)
                }
                return Response(
                    status: .ok,
                    headers: [.cacheControl: "no-store", .contentType: MediaTypes.ndjson],
                    body: ResponseBody { writer in
                        try await run(request, maker, &writer)
                        try await writer.finish(nil)
                    })
            }
        ]
    }

    private var hasJournal: Bool { configuration.readJournal != nil }

    private static func read(_ body: [UInt8]) throws(Problem) -> BackupRequest {
        guard let members = (try? JSONValue.parse(body))?.members else {
            throw .invalidParameter("body")
        }
        var folder = ""
        var flags: Set<String> = []
        for member in members {
            switch (member.name, member.value) {
            case ("folder", .string(let path)): folder = path
            case ("with_keys", .bool(let isOn)), ("discard_unfinished", .bool(let isOn)),
                ("deep", .bool(let isOn)):
                if isOn { flags.insert(member.name) }
            default: throw .invalidParameter("body")
            }
        }
        guard folder.hasPrefix("/"), folder.utf8.count <= 4_000, !folder.utf8.contains(0) else {
            throw .invalidParameter("folder")
        }
        return BackupRequest(
            folder: folder, withKeys: flags.contains("with_keys"),
            discardsUnfinished: flags.contains("discard_unfinished"),
            isDeep: flags.contains("deep"))
    }

    /// Makes the backup to its end, also where the operator has left: the log says that it was made.
    private func run(
        _ request: BackupRequest, _ maker: @escaping BackupMaker,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        let (steps, step) = AsyncStream.makeStream(
            of: BackupProgress.self, bufferingPolicy: .bufferingNewest(1))
        let newest = NewestProgress()
        async let manifest = {
            defer { step.finish() }
            return try await maker(request, record) { progress in
                newest.value.withLock { $0 = progress }
                step.yield(progress)
            }
        }()
        // Some work tells nothing of itself for minutes, and a silent answer looks like a dead one.
        let beat = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: Self.longestSilence)
                if let last = newest.value.withLock(\.self) { step.yield(last) }
            }
        }
        defer { beat.cancel() }
        var last = ContinuousClock.now - Self.interval
        for await progress in steps {
            guard ContinuousClock.now - last >= Self.interval else { continue }
            last = .now
            try await writer.write(Self.line(progress))
        }
        do {
            try await writer.write(Self.line(try await manifest))
        } catch let failure as BackupFailure {
            var problem = Problem(.backupFailed)
            problem.reason = failure.reason.rawValue
            problem.advice = failure.message
            try await writer.write(Self.line(problem))
        } catch let error as LogError {
            try await writer.write(Self.line(Problem(error)))
        }
    }

    /// In the log; of one that was ended, beside it.
    private func record(_ event: GovernanceRecord) async throws -> UInt64? {
        let submission = settings.current.submissions.governance(event)
        if log.mode == .frozen, let journal = configuration.readJournal {
            try journal.append(submission.content.record)
            return nil
        }
        guard case .accepted(let place)? = try await log.submit([submission]).first else {
            preconditionFailure("a record with a key of its own is always new")
        }
        return place.index
    }

    // MARK: Lines

    private static func line(_ progress: BackupProgress) -> ByteBuffer {
        line("progress") { json in
            json.open()
            json.member("step", progress.step)
            json.member("done", progress.done)
            json.member("total", progress.total)
            json.close()
        }
    }

    private static func line(_ manifest: [UInt8]) -> ByteBuffer {
        line("backup") { $0.raw(manifest) }
    }

    private static func line(_ problem: Problem) -> ByteBuffer {
        line("error") { problem.append(to: &$0) }
    }

    private static func line(
        _ name: StaticString, _ value: (inout JSONWriter) -> Void
    ) -> ByteBuffer {
        var json = JSONWriter(capacity: 1_024)
        json.open()
        json.name(name)
        value(&json)
        json.close()
        json.newline()
        return ByteBuffer(bytes: json.bytes)
    }
}

/// What was told last.
private final class NewestProgress: Sendable {
    let value = Mutex<BackupProgress?>(nil)
}

extension Schemas {
    static var backups: [(String, YAML)] {
        let progress = object([("step", text), ("done", number), ("total", number)])
        return [
            (
                "NewBackup",
                object(
                    [("folder", text)],
                    optional: [
                        ("with_keys", truth), ("discard_unfinished", truth), ("deep", truth),
                    ])
            ),
            (
                "BackupLine",
                [
                    "description": "One line; the last one is the manifest or an error.",
                    "oneOf": [
                        object([("progress", progress)]),
                        object([("backup", reference("BackupManifest"))]),
                        object([("error", reference("Problem"))]),
                    ],
                ]
            ),
            (
                "BackupManifest",
                object(
                    [
                        ("backup", ["const": "evident-backup/v1"]), ("origin", text),
                        ("vkey", text), ("made_at", ["type": "string", "format": "date-time"]),
                        ("version", text), ("first", number), ("size", number), ("root", text),
                        ("checkpoint", text), ("keys", truth), ("files", names),
                    ], optional: [("record", number)])
            ),
        ]
    }
}
