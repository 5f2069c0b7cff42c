// SPDX-License-Identifier: Apache-2.0

import AuditChain
public import Merkle
import SignedNote

/// Watches a log from one or several places, and tells what an honest log never does.
///
/// There is one verified tree, and every head that is seen anywhere must begin it or extend it.
/// Nothing is taken from anybody's proof endpoint: that a tree extends another is recomputed from
/// tiles. The monitor has neither a clock nor a disk: times and states are handed in and out.
public struct LogMonitor: Sendable {
    /// What a monitor takes for normal.
    public struct Limits: Hashable, Sendable {
        /// The longest time since a head was signed, in milliseconds; `nil` to not look at it.
        public var maxAgeMS: UInt64?

        /// To what the log rounds its leaves' times down, in milliseconds.
        public var granularityMS: UInt64

        /// Limits by their parts.
        public init(maxAgeMS: UInt64? = 7_200_000, granularityMS: UInt64 = 1000) {
            self.maxAgeMS = maxAgeMS
            self.granularityMS = granularityMS
        }

        /// Between a leaf's time and the next head's signature lies a commit, which may be slow.
        static let commitAllowanceMS: UInt64 = 60_000
        /// Two clocks may differ by this much.
        static let clockAllowanceMS: UInt64 = 300_000
    }

    let pinned: PinnedLog
    let limits: Limits

    /// A monitor of the log that `pinned` names.
    public init(_ pinned: PinnedLog, limits: Limits = Limits()) {
        self.pinned = pinned
        self.limits = limits
    }

    /// What came of a poll.
    ///
    /// Deliver the events, then keep the tiles, then the state.
    public struct Outcome: Sendable {
        /// What there is to tell, in order.
        public internal(set) var events: [MonitorEvent] = []

        /// What to start from next time.
        public internal(set) var state: MonitorState

        /// Hash tiles to keep in place of narrower ones: they show whether a smaller head, should
        /// one turn up, is a true one.
        ///
        /// Each is named by its full width, and is as wide as its bytes.
        public internal(set) var tiles: [Tile: [UInt8]] = [:]

        /// The newest head up to which everything was verified.
        public internal(set) var head: TreeHead
    }

    /// Looks at the log once, from everywhere.
    ///
    /// It does not throw: what cannot be done is told of. Cost: all that is new since `state`.
    ///
    /// - Parameters:
    ///   - state: What the poll before left.
    ///   - points: Where to look, the log itself first.
    ///   - kept: The tiles that earlier polls told to keep.
    ///   - nowMS: The monitor's own clock, in milliseconds since 1970.
    ///   - progress: Called with the entries verified and all of them, while it goes on.
    /// - Throws: ``VerifyError`` if the state's own checkpoint does not open under the pinned keys.
    public func poll(
        _ state: MonitorState, at points: [VantagePoint], kept: (any LogSource)? = nil,
        nowMS: UInt64,
        progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) async throws(VerifyError) -> Outcome {
        let known = try state.checkpoint.map { note throws(VerifyError) in
            try pinned.openWithoutQuorum(Array(note.utf8))
        }
        var poll = MonitorPoll(
            monitor: self, state: state, known: known, points: points, kept: kept, nowMS: nowMS,
            progress: progress)
        return await poll.run()
    }
}

extension PinnedLog {
    /// Opens a checkpoint under the log's and the witnesses' keys, also where the policy asks for
    /// more witnesses than signed.
    func openWithoutQuorum(_ note: [UInt8]) throws(VerifyError) -> OpenedCheckpoint {
        do {
            return try .open(
                note, origin: origin.text, keys: keys + policy.witnesses.map(\.key))
        } catch {
            throw .checkpoint(error)
        }
    }

    /// Whether a checkpoint that was opened has the cosignatures that the policy asks for.
    func isWitnessed(_ opened: OpenedCheckpoint) -> Bool {
        policy.isSatisfied(by: policy.cosigners(of: opened))
    }

    /// The latest time at which the log's tree head key signed, in milliseconds; 0 if it did not.
    func treeHeadMS(of opened: OpenedCheckpoint) -> UInt64 {
        keys.compactMap { opened.timestampMS(of: $0) }.max() ?? 0
    }

    /// The latest time at which a witness of the policy cosigned, in milliseconds; 0 if none did.
    func cosignedMS(of opened: OpenedCheckpoint) -> UInt64 {
        let seconds = policy.witnesses.compactMap { opened.cosignatureTimeSeconds(of: $0.key) }
        let (milliseconds, isTooLarge) = (seconds.max() ?? 0).multipliedReportingOverflow(by: 1000)
        return isTooLarge ? .max : milliseconds
    }
}
