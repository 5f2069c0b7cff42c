// SPDX-License-Identifier: Apache-2.0

/// Makes the records that the log writes about itself, under the tenant `_log`.
///
/// The log never reads a record; who knows how they look hands this in.
package protocol GovernanceRecords: Sendable {
    /// `log.created`, the record at index 0.
    func logCreated(_ keys: LogKeys) -> Submission
    /// The clock was out of bounds at start, and the operator has accepted it.
    func clockAccepted(_ now: ClockReading) -> Submission
    /// What the record at `request` announced is destroyed.
    func erasureComplete(_ request: UInt64) -> Submission
    /// What the record at `request` announced waits for these holds, which were placed after it.
    func erasureDeferred(_ request: UInt64, by holds: [UInt64]) -> Submission
    /// The types of the records that say such a thing.
    func types(_ kind: ErasureStatement.Kind) -> [String]
    /// What a record says of erasures and holds; nil for every one that is not the log's own.
    func statement(_ record: [UInt8], at index: UInt64) -> ErasureStatement?
    /// Sequencing goes on after the clocks had disagreed.
    func clockResumed(_ now: ClockReading) -> Submission
    /// Whether a record of the log, which is its last one, says that no other follows.
    func isFinal(_ record: [UInt8]) -> Bool
}
