// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Foundation
import HTTPTypes
import HummingbirdTesting
import LogCrypto
import LogStorage
import Logging
import NIOCore
import Synchronization
import Testing
import TransparencyLog

@testable import LogServer

/// What a reload will read, which a test changes while the server runs.
final class SettingsSource: Sendable {
    private let next: Mutex<Result<ReadSettings, ReloadError>>

    init(_ settings: LogSettings) { next = Mutex(.success(ReadSettings(settings))) }

    func will(_ result: Result<ReadSettings, ReloadError>) { next.withLock { $0 = result } }

    func read() throws -> ReadSettings { try next.withLock { try $0.get() } }
}

@Suite("Settings read again")
struct ReloadTests {
    /// Settings whose policy does one thing with mail addresses.
    private static func settings(
        _ id: String, _ strategy: RedactionStrategy,
        access: AccessGranularity = .request, level: Logger.Level = .info
    ) throws -> LogSettings {
        var settings = LogSettings()
        settings.redactor = try Redactor(
            RedactionPolicy(id: id, strategies: ["email": strategy]), tokenKey: .zero)
        settings.accessRecords = access
        settings.logLevel = level
        return settings
    }

    private static func fixture(
        _ settings: LogSettings, _ source: SettingsSource, store: GatedStore = GatedStore()
    ) async throws -> ServerFixture {
        try await ServerFixture(
            store: store, settings: settings, source: source
        ) { $0.adminSocket = "/tmp/evident-unused.sock" }
    }

    private static func reload(_ fixture: ServerFixture) async throws -> TestResponse {
        try await fixture.server.adminApplication.unwrap().test(.router) { client in
            try await client.execute(uri: "/v1/admin/reload", method: .post)
        }
    }

    /// The record at an index from the end, 1 for the last.
    private static func record(
        _ fromEnd: UInt64, of fixture: ServerFixture
    ) async throws -> JSONValue {
        try JSONValue.parse(
            try await fixture.log.content(at: fixture.size - fromEnd).unwrap().record)
    }

    private static let mail = ServerFixture.record("write to dora@example.org")

    @Test("A submission and a preview after it go by the new policy, and the log says so")
    func success() async throws {
        let (old, new) = try (
            Self.settings("old", .replace), Self.settings("new", .mask, access: .page)
        )
        let source = SettingsSource(old)
        let fixture = try await Self.fixture(old, source)
        #expect(try await fixture.submit(Self.mail).status == .created)
        let before = try await Self.record(1, of: fixture)
        #expect(before["details"]?.text == "write to <redacted:email>")
        source.will(.success(ReadSettings(new, restartRequired: ["queue.limit"])))
        let answer = try await Self.reload(fixture)
        #expect(answer.status == .ok)
        #expect(
            answer.text.hasPrefix(
                #"{"changed":["redaction","access.records"],"restart_required":["queue.limit"],"#
                    + #""access_records":"page","redaction":{"id":"new","version":1,"digest":""#))

        let reload = try await Self.record(1, of: fixture)
        #expect(reload["type"]?.text == "config.reload" && reload["tenant"]?.text == "_log")
        #expect(reload["outcome"]?.text == "success" && reload["reason"] == nil)
        let changes = try #require(reload["changes"]?.elements)
        #expect(changes.map { $0["field"]?.text } == ["redaction", "access.records"])
        #expect(changes[0]["before"]?["digest"]?.text == old.redactor?.identity.digest)
        #expect(changes[0]["after"]?["digest"]?.text == new.redactor?.identity.digest)
        #expect(changes[1]["before"]?.text == "request" && changes[1]["after"]?.text == "page")
        #expect(reload["details"]?["restart_required"]?.elements?.first?.text == "queue.limit")
        #expect(reload["details"]?["source"]?.text == "socket")
        #expect(LogPolicies(of: reload.canonical) == new.policies)

        #expect(try await fixture.submit(Self.mail).status == .created)
        let after = try await Self.record(1, of: fixture)
        #expect(after["details"]?.text == "write to ****")
        #expect(
            after["redaction_policy"]?["digest"]?.text == new.redactor?.identity.digest)
        let preview = try await fixture.send(
            .post, "/v1/redaction/preview", as: .auditor,
            headers: [.contentType: "application/json"], body: Self.mail)
        #expect(preview.text.contains(#""policy":{"id":"new""#))
    }

    @Test("What cannot be read changes nothing, says why to the operator, and codes to the log")
    func failure() async throws {
        let old = try Self.settings("old", .replace)
        let source = SettingsSource(old)
        let fixture = try await Self.fixture(old, source)
        source.will(.failure(ReloadError(.redaction, "/etc/secret-path.yaml:3: no such rule")))
        let answer = try await Self.reload(fixture)
        #expect(answer.status == .badRequest)
        #expect(try answer.code() == "reload_failed")
        #expect(answer.text.contains("/etc/secret-path.yaml:3") && answer.text.contains("Nothing"))
        let text = try await Self.record(1, of: fixture)
        #expect(text["outcome"]?.text == "failure" && text["reason"]?.text == "policy_refused")
        #expect(!String(decoding: text.canonical, as: UTF8.self).contains("secret-path"))
        #expect(LogPolicies(of: text.canonical) == old.policies)
        _ = try await fixture.submit(Self.mail)
        let after = try await Self.record(1, of: fixture)
        #expect(after["redaction_policy"]?["id"]?.text == "old")
    }

    @Test("A log that cannot record a reload does not do it")
    func unrecorded() async throws {
        let (old, new) = try (Self.settings("old", .replace), Self.settings("new", .mask))
        let (source, store) = (SettingsSource(old), GatedStore())
        let fixture = try await Self.fixture(old, source, store: store)
        source.will(.success(ReadSettings(new)))
        store.set(.failing)
        #expect(try await Self.reload(fixture).code() == "storage_full")
        store.set(.open)
        _ = try await fixture.submit(Self.mail)
        #expect(try await Self.record(1, of: fixture)["redaction_policy"]?["id"]?.text == "old")
    }

    @Test("Tokens are taken with the rest, or nothing is; each that came or went is on record")
    func tokens() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/tokens.json"
        let (used, other) = (try TokenStore.open(path: path), try TokenStore.open(path: path))
        let settings = try Self.settings("old", .replace)
        let source = SettingsSource(settings)
        let fixture = try await Self.fixture(settings, source)
        let inForce = SettingsInForce(
            settings, preparer: RecordPreparer(origin: fixture.log.keys.identity.origin),
            keys: fixture.log.keys.idempotency, now: LogServerConfiguration().now)
        let reloader = Reloader(
            log: fixture.log, tokens: used, settings: inForce,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            read: { try source.read() })

        let now = LogServerConfiguration().now()
        let token = try other.create(name: "new", role: .producer, tenant: .only("a"), now: now)
        #expect(used.credential(bearing: token.text) == nil)
        #expect(try await reloader.reload(.signal).changed == ["tokens"])
        #expect(used.credential(bearing: token.text)?.name == "new")
        let reload = try await Self.record(2, of: fixture)
        #expect(reload["changes"]?.canonical == Array(#"[{"field":"tokens","secret":true}]"#.utf8))
        let made = try await Self.record(1, of: fixture)
        #expect(made["type"]?.text == "account.token.created")
        #expect(made["details"]?["credential"]?.text == "new")

        try other.revoke(prefix: token.entry.prefix)
        source.will(.failure(ReloadError(.settings, "no")))
        await #expect(throws: ReloadError.self) { try await reloader.reload(.signal) }
        #expect(used.credential(bearing: token.text) != nil, "all or nothing")
        source.will(.success(ReadSettings(try Self.settings("new", .mask))))
        try Data("{".utf8).write(to: URL(filePath: path))
        await #expect(throws: ReloadError.self) { try await reloader.reload(.signal) }
        #expect(used.credential(bearing: token.text) != nil)
        #expect(inForce.current.settings.redactor?.identity.id == "old")
        #expect(try await Self.record(1, of: fixture)["reason"]?.text == "tokens_refused")
    }

    @Test("A start names its policies when they are others than the log named last")
    func starts() async throws {
        let (old, new) = try (Self.settings("old", .replace), Self.settings("new", .mask))
        let fixture = try await Self.fixture(old, SettingsSource(old))
        let created = try await fixture.log.content(at: 0).unwrap().record
        #expect(LogPolicies(of: created) == old.policies)
        func start(_ settings: LogSettings) async throws -> Bool {
            let size = fixture.size
            try await SettingsInForce(
                settings, preparer: RecordPreparer(origin: fixture.log.keys.identity.origin),
                keys: fixture.log.keys.idempotency, now: LogServerConfiguration().now
            ).recordPolicies(in: fixture.log)
            return fixture.size > size
        }
        #expect(try await !start(old))
        #expect(try await start(new))
        #expect(try await Self.record(1, of: fixture)["type"]?.text == "config.loaded")
        #expect(try await !start(new))
        #expect(try await start(LogSettings()))
        #expect(try await !start(LogSettings()))
        #expect(try await start(old))
    }

    @Test("Reloads come one after another, however they are asked for")
    func serial() async throws {
        let (old, new) = try (Self.settings("old", .replace), Self.settings("new", .mask))
        let source = SettingsSource(old)
        let fixture = try await Self.fixture(old, source)
        let size = fixture.size
        try await withThrowingTaskGroup(of: Void.self) { group in
            for turn in 0..<20 {
                group.addTask {
                    source.will(.success(ReadSettings(turn.isMultiple(of: 2) ? old : new)))
                    let status = try await Self.reload(fixture).status
                    #expect(status == .ok)
                }
            }
            try await group.waitForAll()
        }
        #expect(fixture.size == size + 20)
        // Each record begins where the one before it ended.
        var last = old.policies
        for fromEnd in (1...20).reversed() {
            let record = try await Self.record(UInt64(fromEnd), of: fixture)
            if let before = record["changes"]?.elements?.first?["before"] {
                #expect(before["digest"]?.text == last.redaction?.digest)
            }
            last = try LogPolicies(of: record.canonical).unwrap()
        }
    }

    @Test("A level that is changed is that of every logger, copies included")
    func level() {
        let shared = SharedLogLevel(.info)
        let logger = Logger(label: "x") {
            SharedLevelHandler(StreamLogHandler.standardError(label: $0), shared)
        }
        var own = logger
        own.logLevel = .error
        #expect(logger.logLevel == .info)
        shared.value = .trace
        #expect(logger.logLevel == .trace && own.logLevel == .error)
    }
}
