// SPDX-License-Identifier: Apache-2.0

import CSQLite

/// A release of SQLite, and what follows from it.
package struct SQLiteVersion: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// As `sqlite3_libversion_number` gives it: 3,040,001 is 3.40.1.
    package let number: Int

    package init(number: Int) { self.number = number }

    /// The library that this process runs with.
    package static var current: SQLiteVersion {
        SQLiteVersion(number: Int(sqlite3_libversion_number()))
    }

    /// STRICT tables, and extended result codes from the first call on.
    static let minimum = SQLiteVersion(number: 3_037_000)

    /// Whether two connections that both checkpoint can lose commits (the WAL-reset defect of
    /// 3.7.0 to 3.51.2; source: https://sqlite.org/wal.html#walresetbug).
    ///
    /// This store is built so that it does not matter: one connection of one process writes and
    /// checkpoints, every other one is opened read-only, with checkpoints off at close as well.
    package var hasWALResetDefect: Bool { number < 3_051_003 }

    package var description: String {
        "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
    }

    package static func < (left: SQLiteVersion, right: SQLiteVersion) -> Bool {
        left.number < right.number
    }
}
