// SPDX-License-Identifier: Apache-2.0

/// How many records the log writes about those who read it.
///
/// None of them leaves a reading out.
package enum AccessGranularity: String, Sendable, CaseIterable {
    /// One for each request, and so for each page of a walk.
    case page
    /// One for each request; the pages of one walk are one request.
    case request
    /// One for each credential and minute in which it reads.
    ///
    /// It says what was read first. Streams and verifications have records of their own still.
    case minute
}
