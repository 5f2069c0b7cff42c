// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import Testing

@testable import evident

/// What `evident submit` does after a run that did not end.
///
/// The state file is put back to what it was before the answers came, as a crash leaves it.
struct SubmitResumeTests {
    private static let count = 40
    private let log: TestLog
    private let server: RunningServer

    init() throws {
        log = try TestLog()
        server = try log.serve()
    }

    /// The log's size by its checkpoint.
    private func size() throws -> Int? {
        let note = try log.run("get", "--checkpoint", "--url", server.url)
        return note.lines.count > 1 ? Int(note.lines[1]) : nil
    }

    private func submit(batch: Int, token: String = "token") throws -> Program.Ending {
        try log.run(
            "submit", "events.ndjson", "--url", server.url, "--token-file", token, "--vkey",
            log.vkey, "--receipts", "receipts", "--batch", "\(batch)")
    }

    private func change(_ change: (inout SubmitLedger) -> Void) throws {
        let path = log.folder("events.ndjson.evident-state")
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        var ledger = try #require(SubmitLedger(json: bytes))
        change(&ledger)
        try Data(ledger.json).write(to: URL(filePath: path))
    }

    /// Submits all lines, and forgets the answers to those that `begun` names.
    private func interrupted(batch: Int, _ begun: SubmitLedger.Begun) throws {
        try log.submit(Self.count, to: server, batch: batch)
        try change { ledger in
            ledger.done = 0
            ledger.digest = .zero
            ledger.begun = begun
        }
    }

    @Test(
        "However the lines were cut before and are cut afterwards, none is added twice",
        arguments: [
            (40, 7, .init(unit: 1, last: 40)), (40, 1, .init(unit: 1, last: 40)),
            (40, 100, .init(unit: 1, last: 40)), (1, 100, .init(unit: nil, last: 1_000)),
            (1, 1, .init(unit: nil, last: 1_000)), (1, 7, .init(unit: nil, last: 40)),
        ] as [(Int, Int, SubmitLedger.Begun)])
    func otherUnits(before: Int, after: Int, begun: SubmitLedger.Begun) throws {
        try interrupted(batch: before, begun)
        let resumed = try submit(batch: after)
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output.hasPrefix("0 accepted, 40 replayed"), "\(resumed.output)")
        #expect(try size() == Self.count + 1)
        let more = TestLog.records(0..<Self.count + 5)
        try log.folder.file("events.ndjson", more)
        let added = try submit(batch: after)
        #expect(added.output.hasPrefix("5 accepted, 0 replayed"), "\(added.output)")
        #expect(try size() == Self.count + 6)
    }

    @Test(
        "A line that was changed before its answer came is a new event, and the only one",
        arguments: [(40, .init(unit: 1, last: 40)), (1, .init(unit: nil, last: 1_000))]
            as [(Int, SubmitLedger.Begun)])
    func changedLine(batch: Int, begun: SubmitLedger.Begun) throws {
        try interrupted(batch: batch, begun)
        let changed =
            TestLog.records(0..<2) + TestLog.records(777..<778) + TestLog.records(3..<Self.count)
        try log.folder.file("events.ndjson", changed)
        for (round, want) in ["1 accepted, 39 replayed", "0 accepted, 40 replayed"].enumerated() {
            let resumed = try submit(batch: 7)
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(resumed.output.hasPrefix(want), "round \(round): \(resumed.output)")
            #expect(try size() == Self.count + 2)
            #expect(try log.folder.text("receipts/3.json").contains("\"index\":41,"))
            try change { ledger in
                ledger.done = 0
                ledger.digest = .zero
                ledger.begun = begun
            }
        }
    }

    @Test("A file that has become shorter may get its lines back")
    func shorterFile() throws {
        try interrupted(batch: 40, .init(unit: 1, last: 40))
        try log.folder.file("events.ndjson", TestLog.records(0..<10))
        #expect(try submit(batch: 100).output.hasPrefix("0 accepted, 10 replayed"))
        try log.folder.file("events.ndjson", TestLog.records(0..<Self.count))
        #expect(try submit(batch: 100).output.hasPrefix("0 accepted, 30 replayed"))
        #expect(try size() == Self.count + 1)
    }

    @Test("A refused line that could not be tried again stays refused, not lost")
    func refusedAgain() throws {
        let good = TestLog.records(0..<2)
        try log.folder.file("events.ndjson", "not json\n\(good)")
        #expect(try submit(batch: 10).status == 2)
        try log.folder.file("events.ndjson", "\(TestLog.records(7..<8))\(good)")
        try log.folder.file("bad", "evt_aaaaaaaaaaaa_nothing")
        #expect(try submit(batch: 10, token: "bad").status == 2)
        let fixed = try submit(batch: 1)
        #expect(fixed.status == 0, "\(fixed.errors)")
        #expect(fixed.output.hasPrefix("1 accepted, 0 replayed"), "\(fixed.output)")
        #expect(try size() == 4)
    }
}
