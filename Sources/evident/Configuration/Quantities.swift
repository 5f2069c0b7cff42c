// SPDX-License-Identifier: Apache-2.0

/// The text forms of durations and byte counts in configuration and flags.
enum Quantities {
    /// `250ms`, `10s`, `5m`, `1h` in milliseconds; nil for anything else.
    static func milliseconds(_ text: String) -> UInt64? {
        scaled(text, units: [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)])
    }

    /// `65536`, `64KiB`, `8MiB`, `1GiB` in bytes; nil for anything else.
    static func bytes(_ text: String) -> UInt64? {
        scaled(text, units: [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)])
    }

    /// A duration in the shortest of its forms.
    static func text(milliseconds: UInt64) -> String {
        for (unit, scale) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000)] as [(String, UInt64)]
        where milliseconds > 0 && milliseconds % scale == 0 {
            return "\(milliseconds / scale)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    private static func scaled(_ text: String, units: [(String, UInt64)]) -> UInt64? {
        for (unit, scale) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard let number = decimal(digits) else { continue }
            let (value, overflow) = number.multipliedReportingOverflow(by: scale)
            return overflow ? nil : value
        }
        return nil
    }

    /// A number without sign or leading zero.
    private static func decimal(_ text: Substring) -> UInt64? {
        guard let number = UInt64(text), String(number) == text else { return nil }
        return number
    }
}
