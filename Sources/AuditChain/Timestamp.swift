// SPDX-License-Identifier: Apache-2.0

/// A moment in UTC, in whole microseconds, from year 1 to year 9999, without leap seconds.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Bytes of the text form: `2026-06-01T08:00:01.250000Z`.
    public static let byteCount = 27

    /// Since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    private static let second: Int64 = 1_000_000
    private static let day: Int64 = 86_400 * second
    /// 0001-01-01T00:00:00Z and the microsecond before year 10000.
    private static let range = -719_162 * day...2_932_897 * day - 1

    /// A moment in the years 1 to 9999; nil for any other.
    public init?(microseconds: Int64) {
        guard Self.range ~= microseconds else { return nil }
        self.microseconds = microseconds
    }

    /// Milliseconds since 1970; nil beyond year 9999.
    public init?(milliseconds: UInt64) {
        guard let milliseconds = Int64(exactly: milliseconds),
            milliseconds <= Self.range.upperBound / 1000
        else { return nil }
        self.init(microseconds: milliseconds * 1000)
    }

    /// A moment as RFC 3339 writes it: date, `T`, time, any fraction, and an offset or `Z`.
    ///
    /// Digits beyond the sixth of a fraction are cut off. Nil for anything else: impossible dates,
    /// second 60, hour 24, a missing offset, and moments outside the years 1 to 9999 in UTC.
    public init?(rfc3339 text: some StringProtocol) {
        self.init(rfc3339: Array(text.utf8))
    }

    /// The same, from the text's bytes.
    public init?(rfc3339 text: [UInt8]) {
        guard let time = text.withUnsafeBytes({ Timestamp(rfc3339: $0) }) else { return nil }
        self = time
    }

    /// The same, from the text's bytes.
    public init?(rfc3339 text: UnsafeRawBufferPointer) {
        var reader = TimeReader(text: text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2),
            reader.take("-"), let day = reader.number(2), reader.take("T", or: "t"),
            let hour = reader.number(2), reader.take(":"), let minute = reader.number(2),
            reader.take(":"), let second = reader.number(2),
            let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd,
            1...9999 ~= year, 1...12 ~= month, 1...Self.days(inMonth: month, of: year) ~= day,
            hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Int64(Self.days(beforeYear: year, month: month) + day - 1)
        let seconds = Int64((hour * 60 + minute - offset) * 60 + second)
        self.init(microseconds: days * Self.day + seconds * Self.second + Int64(fraction))
    }

    /// The 27 characters.
    public var description: String {
        String(unsafeUninitializedCapacity: Self.byteCount) {
            write(to: UnsafeMutableRawBufferPointer($0))
        }
    }

    /// Whether the first moment is earlier.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// Writes the 27 bytes of text at the start of `memory`, and returns their number.
    @discardableResult
    package func write(to memory: UnsafeMutableRawBufferPointer) -> Int {
        let days = Int((microseconds - Self.range.lowerBound) / Self.day)
        let rest = Int((microseconds - Self.range.lowerBound) % Self.day)
        let (year, month, day) = Self.date(ofDay: days)
        let seconds = rest / 1_000_000
        var at = 0
        func put(_ value: Int, _ width: Int, _ separator: Unicode.Scalar) {
            var value = value
            for place in (at..<at + width).reversed() {
                memory[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: value % 10)
                value /= 10
            }
            memory[at + width] = UInt8(ascii: separator)
            at += width + 1
        }
        put(year, 4, "-")
        put(month, 2, "-")
        put(day, 2, "T")
        put(seconds / 3600, 2, ":")
        put(seconds / 60 % 60, 2, ":")
        put(seconds % 60, 2, ".")
        put(rest % 1_000_000, 6, "Z")
        return at
    }

    // MARK: The Gregorian calendar

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 to the first of a month.
    private static func days(beforeYear year: Int, month: Int) -> Int {
        let past = year - 1
        let before = (1..<month).reduce(0) { $0 + days(inMonth: $1, of: year) }
        return past * 365 + past / 4 - past / 100 + past / 400 - 719_162 + before
    }

    /// The date of a day counted from 0001-01-01, day 0.
    ///
    /// Counts in years that begin in March, so that a leap day is the last of its year: see Howard
    /// Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    private static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
        let sinceMarchOfYear0 = day + 306
        let era = sinceMarchOfYear0 / 146_097
        let dayOfEra = sinceMarchOfYear0 % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * march + 2) / 5 + 1)
    }
}

/// Reads the parts of an RFC 3339 text from its front.
private struct TimeReader {
    let text: UnsafeRawBufferPointer
    private var at = 0

    init(text: UnsafeRawBufferPointer) {
        self.text = text
    }

    var isAtEnd: Bool { at == text.count }

    /// Exactly that many digits.
    mutating func number(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// A character of two, which may be the same.
    mutating func take(_ one: Unicode.Scalar, or other: Unicode.Scalar) -> Bool {
        guard at < text.count, text[at] == UInt8(ascii: one) || text[at] == UInt8(ascii: other)
        else { return false }
        at += 1
        return true
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        take(character, or: character)
    }

    /// Microseconds of a fraction with any number of digits, 0 without one.
    mutating func fraction() -> Int? {
        guard take(".") else { return 0 }
        guard var value = digit() else { return nil }
        var scale = 100_000
        value *= scale
        while let digit = digit() {
            scale /= 10
            value += digit * scale
        }
        return value
    }

    /// Minutes east of UTC.
    mutating func offset() -> Int? {
        if take("Z", or: "z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(2), take(":"), let minutes = number(2),
            hours < 24, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isWest ? -1 : 1)
    }

    private mutating func digit() -> Int? {
        guard at < text.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[at] else { return nil }
        defer { at += 1 }
        return Int(text[at] - UInt8(ascii: "0"))
    }
}
