// SPDX-License-Identifier: Apache-2.0

import Merkle
import Synchronization

/// Tasks that wait for a witnessed head of some size.
final class WitnessWaiters: Sendable {
    private struct Waiter {
        let size: UInt64
        let continuation: CheckedContinuation<WitnessedHead?, Never>
        let timer: Task<Void, Never>
    }

    private struct State {
        var waiting: [UInt64: Waiter] = [:]
        var next: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    /// A witnessed head of at least `size` leaves; nil after `longest`, or when the log closes.
    ///
    /// - Parameter newest: the newest there is, looked at once the task is among those that are
    ///   woken, so that none is missed.
    func wait(
        for size: UInt64, longest: Duration, newest: () -> WitnessedHead?
    ) async -> WitnessedHead? {
        if let head = newest(), head.head.size >= size { return head }
        return await withCheckedContinuation { continuation in
            let number = state.withLock { state -> UInt64? in
                guard !state.isClosed else { return nil }
                state.next += 1
                let number = state.next
                let timer = Task {
                    try? await Task.sleep(for: longest)
                    self.expire(number)
                }
                state.waiting[number] = Waiter(
                    size: size, continuation: continuation, timer: timer)
                return number
            }
            guard let number else { return continuation.resume(returning: nil) }
            if let head = newest(), head.head.size >= size { resume(number, head) }
        }
    }

    /// Answers all that wait for this head or a smaller one.
    func wake(_ head: WitnessedHead) {
        let numbers = state.withLock { state in
            state.waiting.filter { $0.value.size <= head.head.size }.map(\.key)
        }
        for number in numbers { resume(number, head) }
    }

    func close() {
        let numbers = state.withLock { state in
            state.isClosed = true
            return Array(state.waiting.keys)
        }
        for number in numbers { resume(number, nil) }
    }

    private func expire(_ number: UInt64) {
        resume(number, nil)
    }

    private func resume(_ number: UInt64, _ head: WitnessedHead?) {
        let waiter = state.withLock { $0.waiting.removeValue(forKey: number) }
        waiter?.timer.cancel()
        waiter?.continuation.resume(returning: head)
    }
}
