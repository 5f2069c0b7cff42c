// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import Merkle
import NIOCore
import ServiceLifecycle
import Synchronization
import TransparencyLog

/// `POST /v1/audit/verify`: the log verified by the server, with the keys that it has.
///
/// One runs at a time. It ends with the connection, when the server shuts down, or with its report.
struct VerifyRoutes: Sendable {
    let log: Log
    let access: AccessRecords
    /// Shared by all that verifies.
    let slot: VerificationSlot

    /// Bytes of a request: a checkpoint with many cosignatures is far below.
    private static let bodyLimit = 64 << 10
    /// How often a client hears how far it has come.
    private static let interval = Duration.milliseconds(250)

    var routes: [Route] {
        [
            Route(
                .post, "/v1/audit/verify", access: .roles([.auditor]),
                Operation(
                    "verifyLog", "Verifies the log, and says exactly what is wrong",
                    "Payloads, chain, tree and signed heads are made again from what is stored."
                        + " NDJSON: lines that tell the progress, and one with the report or the"
                        + " problem that ended it. The server checks itself here: give a"
                        + " checkpoint that you have kept, and see docs/verification.md.",
                    body: [(MediaTypes.json, "Verification")],
                    successes: [
                        Operation.Success(
                            status: 200, description: "Progress, and the report at the end.",
                            content: [(MediaTypes.ndjson, "VerificationLine")])
                    ],
                    problems: [
                        .invalidParameter, .beyondTree, .verificationRunning,
                    ] + AccessRecords.problems)
            ) { call in try await open(call) }
        ]
    }

    private func open(_ call: Call) async throws -> Response {
        let credential = try call.identified()
        let request = try VerificationRequest(try await Self.body(of: call))
        guard request.from <= log.published.head.size else { throw Problem(.beyondTree) }
        let turn = try slot.take()
        try await access.record(request.event, by: credential)
        return Response(
            status: .ok, headers: [.cacheControl: "no-store", .contentType: MediaTypes.ndjson],
            body: ResponseBody { [log] writer in
                defer { withExtendedLifetime(turn) {} }
                try await Self.run(request, log, &writer)
                try await writer.finish(nil)
            })
    }

    private static func body(of call: Call) async throws -> [UInt8] {
        do {
            let body = try await call.request.body.collect(upTo: bodyLimit)
            return Array(body.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw Problem(.bodyTooLarge)
        }
    }

    private static func run(
        _ request: VerificationRequest, _ log: Log, _ writer: inout any ResponseBodyWriter
    ) async throws {
        let (steps, step) = AsyncStream.makeStream(
            of: (done: UInt64, total: UInt64).self, bufferingPolicy: .bufferingNewest(1))
        // Whatever ends this function, a client that has left too, ends the verification.
        async let report = {
            defer { step.finish() }
            return try await log.verify(
                from: request.from, end: request.end, isDeep: request.isDeep,
                given: request.checkpoint, records: StoredRecords()
            ) { step.yield((done: $0, total: $1)) }
        }()
        var last = ContinuousClock.now - interval
        for await (done, total) in steps {
            if Task.isShuttingDownGracefully {
                return try await writer.write(line(Problem(.shuttingDown)))
            }
            guard ContinuousClock.now - last >= interval else { continue }
            last = .now
            try await writer.write(line(done, total))
        }
        do {
            try await writer.write(line(report))
        } catch let error as LogError {
            try await writer.write(line(Problem(error)))
        }
    }

    private static func line(_ done: UInt64, _ total: UInt64) -> ByteBuffer {
        var json = JSONWriter(capacity: 64)
        json.open()
        json.name("progress")
        json.open()
        json.member("done", done)
        json.member("total", total)
        json.close()
        json.close()
        json.newline()
        return ByteBuffer(bytes: json.bytes)
    }

    private static func line(_ report: VerificationReport) -> ByteBuffer {
        var json = JSONWriter(capacity: 4_096)
        json.open()
        json.name("report")
        json.raw(report.json)
        json.close()
        json.newline()
        return ByteBuffer(bytes: json.bytes)
    }

    private static func line(_ problem: Problem) -> ByteBuffer {
        var json = JSONWriter(capacity: 512)
        json.open()
        json.name("error")
        problem.append(to: &json)
        json.close()
        json.newline()
        return ByteBuffer(bytes: json.bytes)
    }
}

/// What is to be verified.
private struct VerificationRequest: Sendable {
    var from: UInt64 = 0
    var end: UInt64?
    var isDeep = true
    var checkpoint: [UInt8]?

    /// Reads a body; an empty one asks for everything.
    init(_ body: [UInt8]) throws(Problem) {
        guard !body.isEmpty else { return }
        guard let members = (try? JSONValue.parse(body))?.members else {
            throw .invalidParameter("body")
        }
        for member in members {
            switch (member.name, member.value) {
            case ("from", _): from = try Self.number(member)
            case ("to", _): end = try Self.number(member)
            case ("deep", .bool(let value)): isDeep = value
            case ("checkpoint", .string(let note)): checkpoint = Array(note.utf8)
            default: throw .invalidParameter("body")
            }
        }
        guard end.map({ $0 >= from }) ?? true else { throw .invalidParameter("to") }
    }

    private static func number(_ member: JSONValue.Member) throws(Problem) -> UInt64 {
        guard let number = member.value.unsigned else { throw .invalidParameter(member.name) }
        return number
    }

    /// What the log's record of it tells.
    var event: AccessEvent {
        var event = AccessEvent(.verify)
        event.members = [("deep", .bool(isDeep)), ("from", .integer(from))]
        if let end { event.members.append(("to", .integer(end))) }
        return event
    }
}

/// The right to verify, which one request has at a time.
final class VerificationSlot: Sendable {
    /// A request's turn, which ends with the last reference to it.
    final class Turn: Sendable {
        private let slot: VerificationSlot

        fileprivate init(_ slot: VerificationSlot) { self.slot = slot }

        deinit { slot.isTaken.withLock { $0 = false } }
    }

    private let isTaken = Mutex(false)

    func take() throws(Problem) -> Turn {
        let isMine = isTaken.withLock { taken in
            defer { taken = true }
            return !taken
        }
        guard isMine else { throw Problem(.verificationRunning) }
        return Turn(self)
    }
}
