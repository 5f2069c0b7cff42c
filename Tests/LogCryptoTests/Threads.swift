// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Runs a check 2,000 times on each of 16 threads, two generations of 8, and counts the failures.
func failuresOnManyThreads(_ check: @escaping @Sendable (Int) -> Bool) -> Int {
    let failures = Counter()
    for _ in 0..<2 {
        runThreads(count: 8) {
            for round in 0..<2_000 where !check(round) { failures.increment() }
        }
    }
    return failures.value
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func increment() {
        count.add(1, ordering: .sequentiallyConsistent)
    }
}

/// Runs the work on `count` new threads and waits until all have ended theirs.
private func runThreads(count: Int, _ work: @escaping @Sendable () -> Void) {
    let done = DispatchGroup()
    for _ in 0..<count {
        done.enter()
        Thread.detachNewThread {
            work()
            done.leave()
        }
    }
    done.wait()
}
