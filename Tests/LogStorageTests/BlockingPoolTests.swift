// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import LogStorage

@Suite struct BlockingPoolTests {
    private struct Failure: Error {}

    @Test("Results and errors come back to the caller")
    func results() async throws {
        let pool = BlockingPool(threads: 2)
        defer { pool.close() }
        #expect(try await pool.run { 7 } == 7)
        await #expect(throws: Failure.self) { try await pool.run { throw Failure() } }
    }

    @Test("Calls run side by side, as many as there are threads")
    func width() async throws {
        let pool = BlockingPool(threads: 3)
        defer { pool.close() }
        let (now, most) = (Shared(), Shared())
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    try await pool.run {
                        let running = now.count.add(1, ordering: .relaxed).newValue
                        _ = most.count.max(running, ordering: .relaxed)
                        for _ in 0..<60_000 where most.count.load(ordering: .relaxed) < 3 {
                            usleep(1_000)
                        }
                        now.count.subtract(1, ordering: .relaxed)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(most.count.load(ordering: .relaxed) == 3)
    }

    @Test("What waits at the closing is still run, and later calls are refused")
    func closing() async throws {
        let (pool, gate) = (BlockingPool(threads: 1), Gate())
        async let slow: Int = pool.run {
            gate.pass()
            return 1
        }
        try await gate.reached()
        async let waiting = pool.run { 2 }
        while pool.waitingCount < 1 { try await Task.sleep(for: .milliseconds(1)) }
        pool.close()
        gate.open()
        #expect(try await slow + waiting == 3)
        await #expect(throws: StoreError.self) { try await pool.run { 3 } }
    }

    @Test("A call beyond the limit is refused at once")
    func limit() async throws {
        let (pool, gate) = (BlockingPool(threads: 1, waitingLimit: 1), Gate())
        defer { pool.close() }
        async let running: Void = pool.run { gate.pass() }
        try await gate.reached()
        async let waiting: Void = pool.run {}
        while pool.waitingCount < 1 { try await Task.sleep(for: .milliseconds(1)) }
        await #expect(throws: StoreError.self) { try await pool.run {} }
        gate.open()
        _ = try await (running, waiting)
    }

    /// Holds a thread of a pool until the test opens it.
    private final class Gate: Sendable {
        private let state = Monitor((isReached: false, isOpen: false))

        func pass() {
            state.update { $0.isReached = true }
            state.wait { $0.isOpen ? () : nil }
        }

        func open() { state.update { $0.isOpen = true } }

        func reached() async throws {
            while !state.update({ $0.isReached }) { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    @Test("Ten thousand calls all come back")
    func many() async throws {
        let pool = BlockingPool(threads: 2)
        defer { pool.close() }
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<10_000 { group.addTask { try await pool.run { number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 49_995_000)
    }

    private final class Shared: Sendable {
        let count = Atomic(0)
    }
}
