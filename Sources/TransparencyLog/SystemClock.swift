// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The machine's clocks; tests hand in their own closure instead.
package enum SystemClock {
    /// Both clocks now.
    package static func read() -> ClockReading {
        ClockReading(wallMS: milliseconds(CLOCK_REALTIME), bootMS: milliseconds(CLOCK_BOOTTIME))
    }

    private static func milliseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
    }
}
