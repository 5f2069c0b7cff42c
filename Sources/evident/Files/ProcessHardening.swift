// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Keeps key bytes out of core dumps and away from debuggers of the same user.
enum ProcessHardening {
    /// Switches core dumps off, makes the process non-dumpable, and allows as many open files as
    /// the system does (each connection is one).
    ///
    /// A failure is no reason to stop: the system's own rules may be stricter still.
    static func apply() {
        var noCore = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &noCore)
        clearDumpable()
        raiseOpenFiles()
    }

    /// Raises the number of files that may be open to the hard limit.
    static func raiseOpenFiles() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    private static func clearDumpable() {
        // prctl is variadic, which Swift does not import; its integer arguments travel as they
        // would in a fixed list on every Linux that Swift runs on.
        typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
        let setDumpable: Int32 = 4  // PR_SET_DUMPABLE, from a header that Glibc leaves out
        guard let symbol = dlsym(nil, "prctl") else { return }
        _ = unsafeBitCast(symbol, to: Control.self)(setDumpable, 0, 0, 0, 0)
    }
}
