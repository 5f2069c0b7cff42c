// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The machine's processor time, to tell how much of it went to others during a run: what they
/// take, the figures lack.
struct MachineTime {
    /// Busy seconds of all cores since boot, what a hypervisor gave away included.
    let busy: Double
    /// Seconds that this process has used.
    let own: Double

    /// Processor seconds of this process; POSIX has `clock` count in microseconds.
    static var ownSeconds: Double { Double(clock()) / 1e6 }

    static func now() -> MachineTime {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        // user nice system idle iowait irq softirq steal …, in clock ticks.
        let fields = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst()
            .compactMap { Double($0) }
        let total = fields.prefix(8).reduce(0, +)
        let idle = fields.dropFirst(3).prefix(2).reduce(0, +)
        return MachineTime(
            busy: (total - idle) / Double(sysconf(Int32(_SC_CLK_TCK))),
            own: ownSeconds)
    }

    /// The cores that processes other than this one and `server` used since `earlier`.
    func othersCores(since earlier: MachineTime, server: Double, seconds: Double) -> Double {
        max(0, (busy - earlier.busy - (own - earlier.own) - server) / seconds)
    }
}
