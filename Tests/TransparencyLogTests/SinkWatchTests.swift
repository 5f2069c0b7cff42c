// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TransparencyLog

struct SinkWatchTests {
    private static let minute = SinkWatch.patienceMS

    /// What is said at a time, if anything is; the log takes it.
    private func say(_ watch: inout SinkWatch, _ now: UInt64) -> SinkEvent? {
        guard let event = watch.event(at: now) else { return nil }
        watch.said(event, at: now)
        return event
    }

    @Test("A failure is said once, however often it is tried, and so is its end")
    func oncePerChange() {
        var watch = SinkWatch(size: 7, isSaid: false)
        #expect(say(&watch, 0) == nil)
        var said: [SinkEvent] = []
        for now in stride(from: UInt64(0), to: 10 * Self.minute, by: 1_000) {
            watch.begin(at: now)
            let isNew = watch.fail(.storageFull)
            #expect(isNew == (now == 0))
            if let event = say(&watch, now) { said.append(event) }
        }
        #expect(said == [SinkEvent(trouble: .storageFull, times: 1, size: 7)])
        watch.begin(at: 10 * Self.minute)
        watch.step(to: 90, at: 10 * Self.minute)
        let wasInTrouble = watch.end()
        #expect(wasInTrouble)
        #expect(say(&watch, 10 * Self.minute) == SinkEvent(trouble: nil, times: 0, size: 90))
        #expect(say(&watch, 10 * Self.minute) == nil)
    }

    @Test("Where it fails and recovers all the time, one pair a minute says so and counts")
    func flapping() {
        var watch = SinkWatch(size: 0, isSaid: false)
        var said: [SinkEvent] = []
        for second in UInt64(0)..<600 {
            let now = second * 1_000
            watch.begin(at: now)
            if second % 2 == 0 { _ = watch.fail(.inputOutput) } else { _ = watch.end() }
            if let event = say(&watch, now) { said.append(event) }
        }
        let failures = said.filter { $0.trouble != nil }
        #expect(failures.count == 10 && said.count <= 20)
        #expect(failures.first?.times == 1 && failures.dropFirst().allSatisfy { $0.times == 30 })
        let failing = said.map { $0.trouble != nil }
        #expect(zip(failing, failing.dropFirst()).allSatisfy { $0 != $1 })
    }

    @Test("A call that does not come back, and a sink slower than its log, are trouble")
    func slow() {
        var watch = SinkWatch(size: 0, isSaid: false)
        // At first all records of the log may lie before it.
        watch.begin(at: 0)
        for now in stride(from: UInt64(0), through: 5 * Self.minute, by: 1_000) {
            watch.step(to: now, at: now)
            #expect(watch.look(at: now) == nil)
        }
        #expect(watch.look(at: 6 * Self.minute) == .stalled)
        #expect(watch.look(at: 7 * Self.minute) == nil)
        #expect(watch.trouble == .stalled)
        _ = watch.end()
        #expect(watch.trouble == nil)
        watch.begin(at: 0)
        watch.step(to: 1, at: Self.minute - 1)
        #expect(watch.look(at: Self.minute - 1) == nil)
        #expect(watch.look(at: Self.minute) == .behind)
    }

    @Test("What the log said before a restart is taken back; what it cannot say waits")
    func restart() {
        var watch = SinkWatch(size: 3, isSaid: true)
        #expect(watch.event(at: 4) == nil)
        watch.begin(at: 5)
        #expect(watch.event(at: 5) == nil, "the first pass may still fail")
        let before = watch.end()
        #expect(!before)
        #expect(watch.event(at: 5)?.trouble == nil && watch.event(at: 5) != nil)
        watch.couldNotSay(at: 5)
        #expect(watch.event(at: 4 + Self.minute) == nil)
        #expect(say(&watch, 5 + Self.minute) != nil)
        #expect(watch.event(at: 9 * Self.minute) == nil)
    }
}
