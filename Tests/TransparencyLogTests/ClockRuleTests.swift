// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TransparencyLog

struct ClockRuleTests {
    private static func reading(_ wall: UInt64, _ boot: UInt64) -> ClockReading {
        ClockReading(wallMS: wall, bootMS: boot)
    }

    @Test("Time that passes alike on both clocks is accepted, however much it is")
    func steady() {
        var rule = ClockRule(toleranceMS: 5_000, now: Self.reading(1_000_000, 10))
        #expect(rule.judge(Self.reading(1_000_000 + 86_400_000, 10 + 86_400_000)) == .proceed)
    }

    @Test(
        "A step of the wall clock halts beyond the tolerance, forward and back",
        arguments: [
            (step: Int64(5_000), halts: false), (5_001, true), (-5_000, false), (-5_001, true),
            (315_576_000_000, true),
        ])
    func step(step: Int64, halts: Bool) {
        var rule = ClockRule(toleranceMS: 5_000, now: Self.reading(1_780_000_000_000, 50))
        let wall = UInt64(Int64(1_780_000_001_000) + step)
        let verdict = rule.judge(Self.reading(wall, 1_050))
        #expect(verdict == (halts ? .halt(differenceMS: step) : .proceed))
    }

    @Test("Sequencing resumes once, when the clocks agree again")
    func resume() {
        var rule = ClockRule(toleranceMS: 5_000, now: Self.reading(1_000_000, 0))
        #expect(rule.judge(Self.reading(1_010_000, 1_000)) == .halt(differenceMS: 9_000))
        #expect(rule.judge(Self.reading(1_011_000, 2_000)) == .halt(differenceMS: 9_000))
        #expect(rule.judge(Self.reading(1_003_000, 3_000)) == .resume)
        rule.committed(at: Self.reading(1_003_000, 3_000))
        #expect(rule.judge(Self.reading(1_004_000, 4_000)) == .proceed)
    }

    @Test("Small steps do not add up: each commit is the next reference")
    func drift() {
        var rule = ClockRule(toleranceMS: 5_000, now: Self.reading(1_000_000, 0))
        for second in UInt64(1)...10 {
            let now = Self.reading(1_000_000 + second * 5_000, second * 1_000)
            #expect(rule.judge(now) == .proceed)
            rule.committed(at: now)
        }
    }

    @Test("At start the clock may not be behind the log, nor more than a week ahead")
    func start() {
        let week: UInt64 = 604_800_000
        func judge(_ wall: UInt64, _ last: UInt64) -> StartClock.Verdict {
            StartClock.judge(wallMS: wall, lastMS: last, leadMS: week)
        }
        #expect(judge(5, 0) == .accepted)
        #expect(judge(1_000, 1_000) == .accepted)
        #expect(judge(999, 1_000) == .behind(byMS: 1))
        #expect(judge(1_000 + week, 1_000) == .accepted)
        #expect(judge(1_001 + week, 1_000) == .ahead(byMS: week + 1))
    }
}
