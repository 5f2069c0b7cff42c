// SPDX-License-Identifier: Apache-2.0

/// Why a sink is not written as it should be.
package enum SinkTrouble: String, Hashable, Sendable {
    /// The volume has no room.
    case storageFull = "storage_full"
    /// A file could not be written or read.
    case inputOutput = "input_output"
    /// The log's own store did not give what is to be written.
    case unreadable = "store_unreadable"
    /// A call to the system has not come back for a minute.
    case stalled
    /// More than a minute of records waits to be written.
    case behind
}

/// What the log is to say of its sink.
package struct SinkEvent: Hashable, Sendable {
    /// nil if it is well again.
    package let trouble: SinkTrouble?
    /// How often it failed since the last event that said so, this time included.
    package let times: UInt64
    /// Records that are written.
    package let size: UInt64
}

/// How a sink stands, and what of it is worth a record of the log.
///
/// One event for each change, not for each attempt; where it fails again and again, at most one pair
/// in a minute, which counts the rest. Times are of a clock that only goes forward, in milliseconds.
struct SinkWatch: Sendable {
    /// After how long a pass is too long, and how long at least lies between two events of failure.
    static let patienceMS: UInt64 = 60_000

    /// Records that are written.
    var size: UInt64
    private(set) var trouble: SinkTrouble?
    private var times: UInt64 = 0
    /// When the pass that is under way began, and when it last came a step further.
    private var pass: (began: UInt64, stepped: UInt64)?
    private var hasCaughtUp = false
    /// Whether the log's last word on it is that it fails.
    private var isSaid: Bool
    private var saidMS: UInt64?
    private var retryMS: UInt64 = 0

    /// - Parameter isSaid: what the log said of it before.
    init(size: UInt64, isSaid: Bool) {
        (self.size, self.isSaid) = (size, isSaid)
    }

    // MARK: What happens

    mutating func begin(at now: UInt64) { pass = (now, now) }

    mutating func step(to size: UInt64, at now: UInt64) {
        self.size = size
        pass?.stepped = now
    }

    /// The sink is as far as the log was when the pass began; returns whether it was in trouble.
    mutating func end() -> Bool {
        (pass, hasCaughtUp) = (nil, true)
        defer { trouble = nil }
        return trouble != nil
    }

    /// The pass failed; returns whether the sink was well before.
    mutating func fail(_ found: SinkTrouble) -> Bool {
        pass = nil
        return note(found)
    }

    /// Looks whether a pass takes too long; returns the trouble if that is new.
    mutating func look(at now: UInt64) -> SinkTrouble? {
        guard let pass else { return nil }
        if now >= pass.stepped + Self.patienceMS { return note(.stalled) ? .stalled : nil }
        // At the start of a sink all records of a log may lie before it.
        guard hasCaughtUp, now >= pass.began + Self.patienceMS else { return nil }
        return note(.behind) ? .behind : nil
    }

    private mutating func note(_ found: SinkTrouble) -> Bool {
        defer { trouble = found }
        guard trouble == nil else { return false }
        times += 1
        return true
    }

    // MARK: What is said

    /// What the log is to say now, if anything.
    func event(at now: UInt64) -> SinkEvent? {
        guard now >= retryMS, (trouble != nil) != isSaid else { return nil }
        // After a restart nothing is known before the first pass has ended.
        guard trouble != nil || hasCaughtUp else { return nil }
        if trouble != nil, let saidMS, now < saidMS + Self.patienceMS { return nil }
        return SinkEvent(trouble: trouble, times: times, size: size)
    }

    mutating func said(_ event: SinkEvent, at now: UInt64) {
        isSaid = event.trouble != nil
        guard isSaid else { return }
        saidMS = now
        times -= event.times
    }

    /// The log could not say it; it is tried again later.
    mutating func couldNotSay(at now: UInt64) { retryMS = now + Self.patienceMS }
}
