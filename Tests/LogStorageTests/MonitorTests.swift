// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Testing

@Suite struct MonitorTests {
    @Test("A wait with a limit ends at the limit")
    func limit() {
        let monitor = Monitor(0)
        let start = ContinuousClock.now
        let answer: Int? = monitor.wait(atMostMS: 1050) { $0 > 0 ? $0 : nil }
        #expect(answer == nil)
        #expect(ContinuousClock.now - start > .milliseconds(1000))
    }

    @Test("A change wakes who waits for it")
    func wake() {
        let monitor = Monitor(0)
        startThread("test") { for _ in 0..<3 { monitor.update { $0 += 1 } } }
        let answer: Int? = monitor.wait(atMostMS: 60_000) { $0 == 3 ? $0 : nil }
        #expect(answer == 3)
    }
}
