// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdTesting
import LogStorage
import Merkle
import NIOCore
import Synchronization
import Testing
import TransparencyLog

@testable import LogServer

/// Both clocks of a log, and that of its witnesses, moved by hand.
final class TestClock: Sendable {
    private let now: Mutex<ClockReading>

    init(_ text: String = "2026-01-01T00:00:00Z") throws {
        let start = try Timestamp(rfc3339: text).unwrap().microseconds / 1_000
        now = Mutex(ClockReading(wallMS: UInt64(start), bootMS: 1_000))
    }

    var read: @Sendable () -> ClockReading {
        { [self] in now.withLock { $0 } }
    }

    func advance(days: Double) {
        let passed = UInt64(days * 86_400_000)
        now.withLock {
            $0 = ClockReading(wallMS: $0.wallMS + passed, bootMS: $0.bootMS + passed)
        }
    }

    /// Somebody sets the wall clock.
    func set(aheadDays days: Double) {
        now.withLock {
            $0 = ClockReading(wallMS: $0.wallMS + UInt64(days * 86_400_000), bootMS: $0.bootMS)
        }
    }

    var timestamp: Timestamp {
        guard let time = Timestamp(milliseconds: read().wallMS) else {
            preconditionFailure("the year is beyond 9999")
        }
        return time
    }
}

/// A server whose clock the test moves, with records of several tenants, a day apart.
struct RetentionWorld {
    let clock: TestClock
    let fixture: ServerFixture

    /// - Parameter near: witnesses by the same clock; nil for a log without any.
    init(
        _ near: NearWitnesses? = nil, store: (any LogStore)? = nil,
        approvals: String? = nil, socket: String? = nil,
        _ change: (inout RetentionSettings) throws -> Void = { _ in }
    ) async throws {
        let clock = try TestClock()
        var settings = LogSettings()
        try change(&settings.retention)
        self.clock = clock
        fixture = try await ServerFixture(
            store: store, settings: settings,
            configure: {
                $0.now = { clock.timestamp }
                $0.approvals = approvals
                $0.adminSocket = socket
            },
            witnesses: near.map { near in { try near.settings($0, $1, clock: clock.read) } },
            clock: clock.read)
    }

    var log: Log { fixture.log }

    /// One record a day: of acme, acme, globex, and again.
    func fill(_ count: Int, type: String = "tool.call") async throws {
        for place in 0..<count {
            clock.advance(days: 1)
            let body =
                #"{"type":"\#(type)","actor":{"id":"a\#(place)","type":"human"},"#
                + #""outcome":"success","tool":{"name":"t"},"arguments":{"n":\#(place)}}"#
            let asker = place % 3 == 2 ? ServerFixture.Asker.foreignProducer : .producer
            #expect(try await fixture.submit(body, as: asker).status == .created)
        }
    }

    /// A head that meets the policy and has all that there is.
    func witness() async throws {
        let size = fixture.size
        for _ in 0..<6_000 {
            if let head = log.witnessed, head.head.size >= size,
                log.time.vouchedMS.map({ $0 + 120_000 > clock.read().wallMS }) == true
            {
                return
            }
            try await Task.sleep(for: .milliseconds(10))
            // Witnesses are asked again when some time has passed, by this clock.
            clock.advance(days: 0.2 / 86_400)
        }
        Issue.record("no head was witnessed")
    }

    func post(
        _ path: String, _ body: String, as asker: ServerFixture.Asker = .operator
    ) async throws -> TestResponse {
        try await fixture.send(
            .post, path, as: asker, headers: [.contentType: "application/json"], body: body)
    }

    func prune(
        _ days: Double, yes: Bool = true, trust: Bool = true,
        as asker: ServerFixture.Asker = .operator
    ) async throws -> TestResponse {
        let before = try Timestamp(milliseconds: clock.read().wallMS - UInt64(days * 86_400_000))
            .unwrap()
        return try await post(
            "/v1/admin/prune",
            #"{"before":"\#(before)","reason":"policy-7","dry_run":\#(!yes),"#
                + #""trust_clock":\#(trust)}"#, as: asker)
    }

    func run(yes: Bool = true, trust: Bool = false) async throws -> TestResponse {
        try await post(
            "/v1/admin/retention",
            #"{"reason":"policy-7","dry_run":\#(!yes),"trust_clock":\#(trust)}"#)
    }

    /// The indexes that have content.
    func kept() async throws -> [UInt64] {
        var kept: [UInt64] = []
        for index in 0..<fixture.size where try await log.content(at: index) != nil {
            kept.append(index)
        }
        return kept
    }

    /// That all is as the log says, and how many payloads are pruned.
    func verified() async throws -> UInt64 {
        let report = try await log.verify(records: StoredRecords())
        #expect(report.finding == nil, "\(report.headline)")
        return report.states[.pruned] ?? 0
    }

    func details(_ index: UInt64) async throws -> JSONValue {
        let content = try await log.content(at: index).unwrap()
        return try JSONValue.parse(content.record)["details"].unwrap()
    }
}

extension TestResponse {
    var value: JSONValue {
        get throws { try JSONValue.parse(Array(body.readableBytesView)) }
    }
}
