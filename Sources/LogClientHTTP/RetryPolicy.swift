// SPDX-License-Identifier: Apache-2.0

/// When a request that failed is tried again.
///
/// Before retry n, counted from 1, a client waits between one half and the whole of
///
///     d(n) = min(first · 2^(n−1), longest)
///
/// chosen evenly, so that clients which failed together do not come back together. With the
/// standard values:
///
///     n      1     2     3     4     5     6     7     8 and on
///     d(n)   0.1   0.2   0.4   0.8   1.6   3.2   6.4   10       seconds
///     in all 0.1   0.3   0.7   1.5   3.1   6.3   12.7  22.7, 32.7, …
///
/// A server that says `Retry-After` is believed where that is longer, up to 60 seconds.
public struct RetryPolicy: Hashable, Sendable {
    /// The longest wait before the first retry.
    public var first: Duration

    /// The longest wait before any retry.
    public var longest: Duration

    /// How often a request is sent in all, at least once.
    public var attempts: Int

    /// The longest wait that a server may ask for.
    public static let longestRetryAfter = Duration.seconds(60)

    /// A policy by its three values.
    public init(
        first: Duration = .milliseconds(100), longest: Duration = .seconds(10), attempts: Int = 10
    ) {
        precondition(attempts >= 1, "a request is sent at least once")
        self.first = first
        self.longest = longest
        self.attempts = attempts
    }

    /// Ten attempts within about 43 seconds.
    public static let standard = RetryPolicy()

    /// One attempt.
    public static let never = RetryPolicy(attempts: 1)

    /// How long to wait before retry `number`, counted from 1.
    ///
    /// - Parameters:
    ///   - number: Which retry it is.
    ///   - retryAfter: What the server asked for.
    ///   - fraction: Where to land between one half (0) and the whole (1) of d(n).
    public func delay(
        beforeRetry number: Int, retryAfter: Duration? = nil, fraction: Double
    ) -> Duration {
        // 2^20 times any sensible first wait is beyond any sensible longest one.
        let doubled = first * (1 << min(number - 1, 20))
        let own = min(doubled, longest) * (0.5 + 0.5 * fraction)
        guard let retryAfter else { return own }
        return max(own, min(retryAfter, Self.longestRetryAfter))
    }

    /// How long to wait before retry `number`, by chance.
    public func delay(beforeRetry number: Int, retryAfter: Duration? = nil) -> Duration {
        delay(
            beforeRetry: number, retryAfter: retryAfter, fraction: Double.random(in: 0...1))
    }
}
