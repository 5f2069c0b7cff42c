// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import Testing

@testable import LogServer

@Suite("The machine of one connection")
struct ConnectionMachineTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private var machine = ConnectionMachine(limits: ConnectionLimits(), now: start)

    private func at(_ seconds: Int64) -> NIODeadline { Self.start + .seconds(seconds) }

    private static func framing(closes: Bool = false) throws -> RequestFraming {
        var headers: HTTPHeaders = ["host": "a"]
        if closes { headers.add(name: "connection", value: "close") }
        return try RequestFraming(
            checking: HTTPRequestHead(
                version: .http1_1, method: .POST, uri: "/", headers: headers), bodyLimit: 100)
    }

    private mutating func request(at seconds: Int64, closes: Bool = false) throws {
        #expect(
            machine.headRead(try Self.framing(closes: closes), now: at(seconds)) == .proceed)
        #expect(machine.endRead(now: at(seconds)) == .proceed)
        machine.readEnded(now: at(seconds))
    }

    @Test("A head that does not come is waited for ten seconds, however it drips")
    mutating func headDeadline() throws {
        #expect(machine.deadline == at(10))
        machine.readEnded(now: at(4))
        machine.readEnded(now: at(8))
        #expect(machine.deadline == at(10))
        #expect(machine.deadlinePassed(now: at(10)) == .refuse(.headTimedOut))
        #expect(machine.refused(now: at(10)) == .linger)
        #expect(machine.deadlinePassed(now: at(11)) == .close)
    }

    @Test("A connection that says nothing is closed without a word")
    mutating func silence() {
        #expect(machine.deadlinePassed(now: at(10)) == .close)
    }

    @Test("A body has thirty seconds, however it drips")
    mutating func bodyDeadline() throws {
        _ = machine.headRead(try Self.framing(), now: at(1))
        for second in stride(from: 2 as Int64, to: 31, by: 1) {
            #expect(machine.bodyRead(count: 1) == .proceed)
            machine.readEnded(now: at(second))
        }
        #expect(machine.deadline == at(31))
        #expect(machine.deadlinePassed(now: at(31)) == .failBody(.bodyTimedOut))
        #expect(machine.responseBegan() == true)
        #expect(machine.responseEnded(now: at(31)) == .linger)
    }

    @Test("While the server works there is no deadline, and then the idle one")
    mutating func idle() throws {
        try request(at: 1)
        #expect(machine.deadline == nil)
        #expect(machine.responseBegan() == false)
        #expect(machine.responseEnded(now: at(60)) == .proceed)
        #expect(machine.deadline == at(60 + 75))
        machine.readEnded(now: at(70))
        #expect(machine.deadline == at(80))
    }

    @Test("A body that exceeds its limit fails once, and what follows is discarded")
    mutating func bodyLimit() throws {
        var limits = ConnectionLimits()
        limits.bodyBytes = 10
        machine = ConnectionMachine(limits: limits, now: Self.start)
        _ = machine.headRead(try Self.framing(), now: at(0))
        #expect(machine.bodyRead(count: 10) == .proceed)
        #expect(machine.bodyRead(count: 1) == .failBody(.bodyTooLarge))
        #expect(machine.bodyRead(count: 1) == .discard)
        #expect(machine.endRead(now: at(0)) == .discard)
        #expect(machine.responseBegan() == true)
    }

    @Test("A broken head behind a pipelined request is answered in its turn")
    mutating func pipelinedFailure() throws {
        try request(at: 0)
        #expect(machine.inputFailed(.malformed) == .discard)
        #expect(machine.responseBegan() == false)
        #expect(machine.responseEnded(now: at(1)) == .refuse(.malformed))
        #expect(machine.refused(now: at(1)) == .linger)
    }

    @Test("Of pipelined requests the last one closes, and no earlier one")
    mutating func pipelinedClose() throws {
        try request(at: 0)
        try request(at: 0, closes: true)
        #expect(machine.responseBegan() == false)
        #expect(machine.responseEnded(now: at(1)) == .proceed)
        #expect(machine.responseBegan() == true)
        #expect(machine.responseEnded(now: at(2)) == .linger)
    }

    @Test("A response before the body has been read ends the connection")
    mutating func earlyResponse() throws {
        _ = machine.headRead(try Self.framing(), now: at(0))
        #expect(machine.responseBegan() == true)
        #expect(machine.endRead(now: at(0)) == .proceed)
        #expect(machine.responseEnded(now: at(0)) == .linger)
    }

    @Test("A client that does not read its response is given up")
    mutating func unreadResponse() throws {
        try request(at: 0)
        machine.writabilityChanged(isWritable: false, now: at(1))
        #expect(machine.deadline == at(31))
        #expect(machine.deadlinePassed(now: at(31)) == .close)
    }
}
