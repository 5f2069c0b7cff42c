// SPDX-License-Identifier: Apache-2.0

import LogStorage
import SignedNote

/// What a log knows of the time, for what must not happen too early.
///
/// Milliseconds since 1970.
package struct LogTime: Hashable, Sendable {
    /// The machine's clock, which anyone with the right to may set.
    package let wallMS: UInt64
    /// The earliest time in the cosignatures of the newest head that met the witness policy; nil
    /// before there is one.
    package let witnessedMS: UInt64?
    /// The time of the last record before this start of the log, and what has passed since the
    /// start by a clock that nobody sets.
    package let ownMS: UInt64

    package init(wallMS: UInt64, witnessedMS: UInt64?, ownMS: UInt64) {
        self.wallMS = wallMS
        self.witnessedMS = witnessedMS
        self.ownMS = ownMS
    }

    /// The latest time that somebody else vouches for; nil if nobody does.
    package var vouchedMS: UInt64? { witnessedMS.map { min($0, wallMS) } }

    /// The machine's time as far as the log's own past bears it out: it never runs ahead because
    /// somebody has set the clock.
    package var localMS: UInt64 { min(wallMS, ownMS) }
}

/// When a log was opened.
struct LogStart: Sendable {
    /// The time of its last record then; of an empty log, the clock's.
    var lastLeafMS: UInt64 = 0
    var bootMS: UInt64 = 0

    init() {}

    /// - Parameter head: what the log held; nil if nothing.
    init(_ head: StoredHead?, _ now: ClockReading) {
        lastLeafMS = head?.lastLeafTimestampMS ?? now.wallMS
        bootMS = now.bootMS
    }
}

extension Log {
    /// What the log knows of the time.
    package var time: LogTime {
        let now = clock()
        let passed = now.bootMS > start.bootMS ? now.bootMS - start.bootMS : 0
        return LogTime(
            wallMS: now.wallMS, witnessedMS: witnessedTimeMS, ownMS: start.lastLeafMS + passed)
    }

    /// Of several cosignatures the earliest counts: a witness whose clock is ahead moves nothing.
    private var witnessedTimeMS: UInt64? {
        guard let witnesses, let witnessed = witnesses.witnessed else { return nil }
        let signer = keys.signer
        let cosigners = witnesses.settings.policy.witnesses.map(\.key)
        let opened = try? OpenedCheckpoint.open(
            Array(witnessed.note.utf8), origin: signer.origin,
            keys: [signer.verifierKey] + cosigners)
        guard let opened else { return nil }
        return cosigners.compactMap { opened.cosignatureTimeSeconds(of: $0) }.min()
            .flatMap { $0 < 1 << 50 ? $0 * 1_000 : nil }
    }
}
