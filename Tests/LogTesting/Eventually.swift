// SPDX-License-Identifier: Apache-2.0

/// Waits until something holds, for a minute at most; false if it never did.
///
/// A test waits for a state and never for a time: a busy machine takes as long as it takes.
package func eventually(_ body: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(60)
    while true {
        if try await body() { return true }
        guard ContinuousClock.now < end else { return false }
        try? await Task.sleep(for: .milliseconds(10))
    }
}
