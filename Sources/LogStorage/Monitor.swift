// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A value that threads share under one lock, and can wait for a change of.
///
/// For threads of our own that have nothing else to do; tasks never wait here, they only enter
/// for a moment.
package final class Monitor<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    package init(_ state: State) {
        self.state = state
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Deadlines are on the monotonic clock: a step of the wall clock moves none.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Reads or changes the state, and wakes who waits for it: everyone, or any one.
    package func update<Result>(
        wakingOne: Bool = false, _ body: (inout State) -> Result
    ) -> Result {
        pthread_mutex_lock(mutex)
        defer {
            if wakingOne {
                pthread_cond_signal(condition)
            } else {
                pthread_cond_broadcast(condition)
            }
            pthread_mutex_unlock(mutex)
        }
        return body(&state)
    }

    /// Reads or changes the state, and wakes one who waits only where `body` says that it changed
    /// something for them.
    package func enter<Result>(
        _ body: (inout State) -> (result: Result, wakes: Bool)
    ) -> Result {
        pthread_mutex_lock(mutex)
        let (result, wakes) = body(&state)
        pthread_mutex_unlock(mutex)
        if wakes { pthread_cond_signal(condition) }
        return result
    }

    /// Waits until `body` answers with something.
    package func wait<Result>(for body: (inout State) -> Result?) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            pthread_cond_wait(condition, mutex)
        }
    }

    /// Waits until `body` answers with something, at most `limitMS` milliseconds; nil after that.
    package func wait<Result>(
        atMostMS limitMS: Int, for body: (inout State) -> Result?
    ) -> Result? {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + limitMS % 1000 * 1_000_000
        deadline.tv_sec += limitMS / 1000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            // Looks once more after the deadline: the answer may have come together with it.
            if pthread_cond_timedwait(condition, mutex, &deadline) != 0 { return body(&state) }
        }
    }
}
