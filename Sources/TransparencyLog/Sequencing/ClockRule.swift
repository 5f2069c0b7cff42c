// SPDX-License-Identifier: Apache-2.0

/// One reading of the two clocks, in milliseconds.
package struct ClockReading: Hashable, Sendable {
    /// Wall clock, since 1970.
    ///
    /// May be set by anyone with the right to.
    package let wallMS: UInt64
    /// Time since boot, suspension included.
    ///
    /// Never set.
    package let bootMS: UInt64

    package init(wallMS: UInt64, bootMS: UInt64) {
        self.wallMS = wallMS
        self.bootMS = bootMS
    }
}

/// Watches that the wall clock moves as time does.
///
/// Pure.
struct ClockRule: Sendable {
    /// Milliseconds by which both clocks may differ in what has passed since the last commit.
    let toleranceMS: UInt64
    private var reference: ClockReading
    /// Set while sequencing stands still because of the clock.
    private(set) var isHalted = false

    enum Verdict: Equatable {
        case proceed
        /// The clocks agree again after a halt: goes on, and the log records it.
        case resume
        /// They differ by this many milliseconds, wall minus boot.
        case halt(differenceMS: Int64)
    }

    init(toleranceMS: UInt64, now: ClockReading) {
        self.toleranceMS = toleranceMS
        reference = now
    }

    /// What has passed since the last commit by the wall clock, less by boot time, milliseconds.
    func difference(at now: ClockReading) -> Int64 {
        let wall = Int64(bitPattern: now.wallMS &- reference.wallMS)
        let boot = Int64(bitPattern: now.bootMS &- reference.bootMS)
        return wall &- boot
    }

    /// Judges the clocks before a commit.
    ///
    /// A halt ends with a commit, so that its record is not lost when that commit fails.
    mutating func judge(_ now: ClockReading) -> Verdict {
        let difference = difference(at: now)
        guard difference.magnitude <= toleranceMS else {
            isHalted = true
            return .halt(differenceMS: difference)
        }
        return isHalted ? .resume : .proceed
    }

    /// A commit has been made at this reading.
    mutating func committed(at now: ClockReading) {
        reference = now
        isHalted = false
    }
}

/// What the clock must be when a log starts.
enum StartClock {
    enum Verdict: Equatable {
        case accepted
        case behind(byMS: UInt64)
        case ahead(byMS: UInt64)
    }

    /// Compares the clock with the times of the newest committed head.
    ///
    /// - Parameters:
    ///   - lastMS: the newest time that the log has stated, 0 in an empty log.
    ///   - leadMS: how far ahead the clock may be, with no witness to confirm it.
    static func judge(wallMS: UInt64, lastMS: UInt64, leadMS: UInt64) -> Verdict {
        guard lastMS > 0 else { return .accepted }
        if wallMS < lastMS { return .behind(byMS: lastMS - wallMS) }
        if wallMS - lastMS > leadMS { return .ahead(byMS: wallMS - lastMS) }
        return .accepted
    }
}
