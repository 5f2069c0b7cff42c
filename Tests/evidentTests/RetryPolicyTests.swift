// SPDX-License-Identifier: Apache-2.0

import LogClientHTTP
import Testing

struct RetryPolicyTests {
    @Test(
        "The longest waits are those of the table",
        arguments: zip(
            1...10, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]))
    func table(retry: Int, milliseconds: Int) {
        let policy = RetryPolicy.standard
        #expect(policy.delay(beforeRetry: retry, fraction: 1) == .milliseconds(milliseconds))
        #expect(policy.delay(beforeRetry: retry, fraction: 0) == .milliseconds(milliseconds) / 2)
    }

    @Test("A server that asks for more is believed, up to a minute")
    func retryAfter() {
        let policy = RetryPolicy.standard
        #expect(policy.delay(beforeRetry: 1, retryAfter: .seconds(3), fraction: 1) == .seconds(3))
        #expect(policy.delay(beforeRetry: 9, retryAfter: .seconds(3), fraction: 1) == .seconds(10))
        #expect(
            policy.delay(beforeRetry: 1, retryAfter: .seconds(3_600), fraction: 1) == .seconds(60))
    }

    @Test("A retry that nobody will see the end of waits no longer than any other")
    func manyRetries() {
        #expect(RetryPolicy.standard.delay(beforeRetry: 1_000, fraction: 1) == .seconds(10))
    }
}
