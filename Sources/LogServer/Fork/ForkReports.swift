// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Synchronization

/// What this process was told of forks of its own log, and how often it lets itself be told.
final class ForkReports: Sendable {
    private let state: Mutex<State>

    private struct State {
        var known: [Digest] = []
        var checks: TokenBucket
        var records: TokenBucket
    }

    /// Ids that are remembered: more forks than that make nobody wiser.
    private static let limit = 1000

    init(now: ContinuousClock.Instant = .now) {
        state = Mutex(
            State(
                checks: TokenBucket(capacity: 20, interval: .milliseconds(200), now: now),
                records: TokenBucket(capacity: 5, interval: .seconds(60), now: now)))
    }

    /// The id of the first fork that was proven, and how many were; nil if none was.
    var alarm: (first: Digest, count: Int)? {
        state.withLock { state in state.known.first.map { ($0, state.known.count) } }
    }

    /// Whether one more file may be checked now.
    func mayCheck(_ now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { $0.checks.take(now) }
    }

    /// Whether evidence of this id may be put into the log now: once it is there that costs
    /// nothing, so it always may again.
    func mayRecord(_ id: Digest, _ now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { $0.known.contains(id) || $0.records.take(now) }
    }

    /// Remembers a fork that was proven; whether it is the first time.
    func remember(_ id: Digest) -> Bool {
        state.withLock { state in
            guard !state.known.contains(id) else { return false }
            if state.known.count < Self.limit { state.known.append(id) }
            return true
        }
    }
}

/// Lets something happen so often at once, and then once in each interval.
struct TokenBucket: Sendable {
    private let capacity: Int
    private let interval: Duration
    private var tokens: Int
    private var since: ContinuousClock.Instant

    init(capacity: Int, interval: Duration, now: ContinuousClock.Instant) {
        self.capacity = capacity
        self.interval = interval
        tokens = capacity
        since = now
    }

    mutating func take(_ now: ContinuousClock.Instant) -> Bool {
        while tokens < capacity, since + interval <= now {
            tokens += 1
            since += interval
        }
        if tokens == capacity { since = max(since, now) }
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }
}
