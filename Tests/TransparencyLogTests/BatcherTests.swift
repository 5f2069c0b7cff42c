// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TransparencyLog

/// Dialogues with the batcher: what it is told, and what it answers.
struct BatcherTests {
    private static func batcher(
        records: Int = 10, bytes: Int = 1_000, batch: Int = 4, unpublished: Int = 2
    ) -> Batcher<String> {
        Batcher(
            limits: .init(
                queueRecords: records, queueBytes: bytes, batchRecords: batch, batchBytes: 1_500,
                unpublishedCommits: unpublished))
    }

    private static func text(_ step: Batcher<String>.Step) -> String {
        switch step {
        case .wait: "wait"
        case .finish: "finish"
        case .commit(let units): units.joined(separator: "+")
        }
    }

    @Test("A lone unit is committed at once, without waiting for company")
    func lone() {
        var batcher = Self.batcher()
        #expect(Self.text(batcher.next()) == "wait")
        #expect(batcher.add("a", records: 1, bytes: 10) == .queued)
        #expect(Self.text(batcher.next()) == "a")
        #expect(Self.text(batcher.next()) == "wait")
    }

    @Test("What came while a commit ran makes up the next one, in order, up to the batch limit")
    func group() {
        var batcher = Self.batcher()
        for unit in ["a", "b", "c", "d", "e"] {
            #expect(batcher.add(unit, records: 1, bytes: 10) == .queued)
        }
        #expect(Self.text(batcher.next()) == "a+b+c+d")
        #expect(Self.text(batcher.next()) == "e")
        #expect(batcher.queuedRecords == 0)
    }

    @Test("A unit is never split, and one above the batch limit is a commit of its own")
    func whole() {
        var batcher = Self.batcher()
        _ = batcher.add("a", records: 3, bytes: 10)
        _ = batcher.add("b", records: 2, bytes: 10)
        #expect(Self.text(batcher.next()) == "a")
        #expect(Self.text(batcher.next()) == "b")
        batcher.settled()
        _ = batcher.add("large", records: 9, bytes: 10)
        #expect(Self.text(batcher.next()) == "large")
    }

    @Test("A full queue turns away, by records and by bytes, and takes again once there is room")
    func full() {
        var batcher = Self.batcher()
        #expect(batcher.add("a", records: 8, bytes: 10) == .queued)
        #expect(batcher.add("b", records: 3, bytes: 10) == .refused(.full))
        #expect(batcher.add("c", records: 1, bytes: 991) == .refused(.full))
        #expect(batcher.add("d", records: 2, bytes: 990) == .queued)
        #expect(Self.text(batcher.next()) == "a")
        #expect(batcher.add("e", records: 3, bytes: 10) == .queued)
    }

    @Test(
        "A unit above the queue's limits is taken by an empty queue, so it is not refused for ever")
    func oversized() {
        var batcher = Self.batcher()
        #expect(batcher.add("huge", records: 11, bytes: 5_000) == .queued)
        #expect(batcher.add("next", records: 1, bytes: 1) == .refused(.full))
        #expect(Self.text(batcher.next()) == "huge")
        #expect(batcher.add("next", records: 1, bytes: 1) == .queued)
    }

    @Test("No commit starts while too many are unpublished")
    func unpublished() {
        var batcher = Self.batcher()
        _ = batcher.add("a", records: 4, bytes: 1)
        _ = batcher.add("b", records: 4, bytes: 1)
        _ = batcher.add("c", records: 1, bytes: 1)
        #expect(Self.text(batcher.next()) == "a")
        #expect(Self.text(batcher.next()) == "b")
        #expect(Self.text(batcher.next()) == "wait")
        batcher.settled()
        #expect(Self.text(batcher.next()) == "c")
    }

    @Test("Draining commits what waits, takes no more, and finishes when all is published")
    func drain() {
        var batcher = Self.batcher()
        _ = batcher.add("a", records: 1, bytes: 1)
        batcher.drain()
        #expect(batcher.add("b", records: 1, bytes: 1) == .refused(.draining))
        #expect(Self.text(batcher.next()) == "a")
        #expect(Self.text(batcher.next()) == "wait")
        batcher.settled()
        #expect(Self.text(batcher.next()) == "finish")
    }

    @Test("Stopping hands back what waits, and commits nothing more")
    func stop() {
        var batcher = Self.batcher()
        _ = batcher.add("a", records: 1, bytes: 1)
        #expect(batcher.stop() == ["a"])
        #expect(batcher.add("b", records: 1, bytes: 1) == .refused(.stopped))
        #expect(Self.text(batcher.next()) == "finish")
        batcher.drain()
        #expect(batcher.add("c", records: 1, bytes: 1) == .refused(.stopped))
    }

    @Test("It says beforehand whether there is something to do")
    func hasStep() {
        var batcher = Self.batcher(unpublished: 1)
        #expect(!batcher.hasStep)
        _ = batcher.add("a", records: 1, bytes: 1)
        #expect(batcher.hasStep)
        _ = batcher.next()
        #expect(!batcher.hasStep)
        _ = batcher.add("b", records: 1, bytes: 1)
        #expect(!batcher.hasStep, "nothing may start before the first is published")
        batcher.settled()
        #expect(batcher.hasStep)
        _ = batcher.next()
        batcher.drain()
        #expect(!batcher.hasStep)
        batcher.settled()
        #expect(batcher.hasStep)
        _ = batcher.stop()
        #expect(batcher.hasStep)
    }
}
