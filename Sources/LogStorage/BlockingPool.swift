// SPDX-License-Identifier: Apache-2.0

/// Threads that run calls which block, so that no task's thread ever waits for a disk.
///
/// A call waits its turn in one queue; when that is full, it is refused at once.
package final class BlockingPool: Sendable {
    private let queue = Monitor(Queue())
    private let waitingLimit: Int

    private struct Queue {
        var jobs: [@Sendable () -> Void] = []
        /// The jobs before this one are taken.
        var next = 0
        var isClosed = false

        var waiting: Int { jobs.count - next }

        mutating func take() -> Step? {
            guard next < jobs.count else { return isClosed ? .end : nil }
            let job = jobs[next]
            next += 1
            if next == jobs.count {
                jobs.removeAll(keepingCapacity: jobs.capacity <= 1024)
                next = 0
            } else if next >= 512 {
                jobs.removeFirst(next)
                next = 0
            }
            return .run(job)
        }
    }

    private enum Step {
        case run(@Sendable () -> Void)
        case end
    }

    /// - Parameters:
    ///   - threads: at least 1.
    ///   - niceness: of the threads; above 0 for work that must not slow the rest.
    ///   - waitingLimit: calls that may wait for a thread.
    package init(threads: Int, niceness: Int32 = 0, waitingLimit: Int = 16_384) {
        precondition(threads > 0, "a pool without threads runs nothing")
        self.waitingLimit = waitingLimit
        for _ in 0..<threads {
            startThread("readers", niceness: niceness) { [queue] in
                while case .run(let job) = queue.wait(for: { $0.take() }) { job() }
            }
        }
    }

    /// Calls that wait for a thread.
    var waitingCount: Int { queue.enter { ($0.waiting, wakes: false) } }

    /// Runs `body` on one of the threads.
    ///
    /// Throws its error, or a `StoreError`: `.closed` after `close()`, `.locked` if too many wait.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let refusal: StoreError? = queue.update(wakingOne: true) { queue in
                guard !queue.isClosed else { return Self.closed }
                guard queue.waiting < waitingLimit else { return Self.full }
                queue.jobs.append {
                    continuation.resume(with: Swift.Result { try body() })
                }
                return nil
            }
            if let refusal { continuation.resume(throwing: refusal) }
        }
    }

    /// Takes no more calls; those that wait are still run, and then the threads end.
    package func close() {
        queue.update { $0.isClosed = true }
    }

    private static let closed = StoreError(.closed, "the store is closed")
    private static let full = StoreError(.locked, "too many reads wait; try again in a moment")
}
