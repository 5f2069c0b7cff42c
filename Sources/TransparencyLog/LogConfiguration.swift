// SPDX-License-Identifier: Apache-2.0

/// Limits and rules of one log.
///
/// All have defaults fit for production.
package struct LogConfiguration: Sendable {
    /// Records that may wait for the sequencer; more are answered "overloaded".
    package var queueRecords = 16_384
    /// Bytes that may wait for the sequencer.
    package var queueBytes = 256 << 20
    /// Records that one commit takes at most; a larger unit is a commit of its own.
    package var batchRecords = 4_096
    /// Bytes that one commit takes at most; a larger unit is a commit of its own.
    package var batchBytes = 32 << 20
    /// Commits that may stand unsigned while the next one is made.
    package var unpublishedCommits = 2
    /// Bytes of tiles and entry bundles kept in memory for readers.
    package var tileCacheBytes = 96 << 20
    /// Threads that read the store for requests.
    package var readerThreads = 2
    /// Threads for queries, below normal priority.
    package var queryThreads = 2
    /// Largest disagreement of wall clock and boot time since the last commit, milliseconds.
    package var clockToleranceMS: UInt64 = 5_000
    /// At start, how far the clock may be ahead of the last head, milliseconds (7 days).
    package var clockLeadMS: UInt64 = 7 * 24 * 3_600_000
    /// Start although the clock is out of bounds; the log records it.
    package var acceptsClock = false
    /// A signed tree head is renewed for an unchanged tree after this time, milliseconds.
    package var treeHeadRenewalMS: UInt64 = 3_000_000

    package init() {}
}
