// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogStorage
import Logging
import Merkle
import NIOCore
import ServiceLifecycle
import SignedNote
import Synchronization
import TransparencyLog

@testable import LogServer

/// A server over a log in memory, and a token for everybody who may ask.
struct ServerFixture {
    /// Who asks.
    ///
    /// The two names of acme are two credentials.
    enum Asker: String, CaseIterable {
        case nobody, stranger
        case producer, otherProducer, foreignProducer, manyProducer
        case reader, foreignReader, auditor, `operator`
    }

    let folder: TemporaryFolder
    let log: Log
    let tokens: TokenStore
    let server: LogServer
    /// The settings in force, which also make the log's own records.
    let settings: SettingsInForce
    private let texts: [Asker: String]

    init(
        store: (any LogStore)? = nil, limits: RecordLimits = .default,
        gate: SigningGate? = nil, settings: LogSettings = LogSettings(),
        source: SettingsSource? = nil,
        configure: (inout LogServerConfiguration) -> Void = { _ in },
        witnesses: ((LogKeys, String) throws -> WitnessSettings)? = nil,
        clock: @escaping @Sendable () -> ClockReading = { SystemClock.read() }
    ) async throws {
        folder = try TemporaryFolder()
        let origin = try Origin("log.example.com/test")
        try LogKeys.create(in: folder.path + "/keys", origin: origin, granularityMS: 1)
        let keys = try LogKeys.load(from: folder.path + "/keys")
        var configuration = LogServerConfiguration()
        configuration.port = 0
        // A test that is not about streams does not wait for one to end.
        configuration.streamTiming.longest = .milliseconds(200)
        configure(&configuration)
        let inForce = SettingsInForce(
            settings, preparer: RecordPreparer(origin: origin, limits: limits),
            keys: keys.idempotency, now: configuration.now)
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        self.settings = inForce
        log = try await Log.open(
            keys: keys, store: store ?? NullStore(), anchor: .volatile(),
            records: inForce.governance, clock: clock, signing: Self.signing(keys.signer, gate),
            witnesses: try witnesses?(keys, folder.path), logger: quiet)
        tokens = .volatile()
        texts = try Self.tokens(in: tokens, now: configuration.now())
        server = LogServer(
            log: log, tokens: tokens, settings: inForce,
            reloader: Reloader(
                log: log, tokens: tokens, settings: inForce, logger: quiet,
                read: { try source?.read() ?? ReadSettings(settings) }),
            configuration: configuration, logger: quiet)
    }

    private static func signing(
        _ signer: CheckpointSigner, _ gate: SigningGate?
    ) -> (@Sendable (TreeHead) throws -> String)? {
        guard let gate else { return nil }
        return { head in
            gate.pass()
            return try signer.sign(head).serialized
        }
    }

    private static func tokens(
        in store: TokenStore, now: Timestamp
    ) throws -> [Asker: String] {
        let rows: [(Asker, Role, TenantScope)] = [
            (.producer, .producer, .only("acme")), (.otherProducer, .producer, .only("acme")),
            (.foreignProducer, .producer, .only("globex")), (.manyProducer, .producer, .all),
            (.reader, .reader, .only("acme")), (.foreignReader, .reader, .only("globex")),
            (.auditor, .auditor, .all), (.operator, .operator, .all),
        ]
        var texts: [Asker: String] = [.stranger: Token.make().text]
        for (asker, role, tenant) in rows {
            texts[asker] = try store.create(
                name: asker.rawValue, role: role, tenant: tenant, now: now
            ).text
        }
        return texts
    }

    func headers(_ asker: Asker, _ more: HTTPFields = [:]) -> HTTPFields {
        var headers = more
        if let text = texts[asker] { headers[.authorization] = "Bearer \(text)" }
        return headers
    }

    /// Leaves under the published head.
    var size: UInt64 { log.published.head.size }

    func token(_ asker: Asker) -> String { texts[asker] ?? "" }

    /// Sends one request to the routes, without a socket.
    func send(
        _ method: HTTPRequest.Method, _ uri: String, as asker: Asker = .nobody,
        headers: HTTPFields = [:], body: String? = nil
    ) async throws -> TestResponse {
        try await server.publicApplication.test(.router) { client in
            try await client.execute(
                uri: uri, method: method, headers: self.headers(asker, headers),
                body: body.map { ByteBuffer(string: $0) })
        }
    }

    /// Submits one record or batch.
    func submit(
        _ body: String, as asker: Asker = .producer, key: String? = nil, query: String = "",
        type: String = "application/json"
    ) async throws -> TestResponse {
        var headers: HTTPFields = [.contentType: type]
        if let key { headers[.idempotencyKey] = key }
        return try await send(
            .post, "/v1/audit\(query)", as: asker, headers: headers, body: body)
    }

    static func record(_ text: String = "x", id: String? = nil, tenant: String? = nil) -> String {
        let more =
            (id.map { ",\"id\":\"\($0)\"" } ?? "")
            + (tenant.map { ",\"tenant\":\"\($0)\"" } ?? "")
        return
            "{\"type\":\"x.test.event\",\"actor\":{\"id\":\"alice\",\"type\":\"human\"},\"details\":\"\(text)\"\(more)}"
    }
}

/// Holds signatures back, and so answers, while it is closed.
final class SigningGate: Sendable {
    private let isClosed = Mutex(false)
    private let holding = Atomic(0)

    /// Whether a signature is held back now.
    var isHolding: Bool { holding.load(ordering: .relaxed) > 0 }

    func close() { isClosed.withLock { $0 = true } }
    func open() { isClosed.withLock { $0 = false } }
    func pass() {
        holding.add(1, ordering: .relaxed)
        while isClosed.withLock({ $0 }) { usleep(1_000) }
        holding.subtract(1, ordering: .relaxed)
    }
}

extension TestResponse {
    /// The body's JSON.
    func json() throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(body.readableBytesView))
        return try (object as? [String: Any]).unwrap()
    }

    var text: String { String(buffer: body) }

    /// The stable code of an error response.
    func code() throws -> String? { try json()["code"] as? String }
}

struct Missing: Error {}

extension Optional {
    func unwrap() throws -> Wrapped {
        guard let self else { throw Missing() }
        return self
    }
}

/// A folder that goes away with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "evident-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: url, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        path = url.path(percentEncoded: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
