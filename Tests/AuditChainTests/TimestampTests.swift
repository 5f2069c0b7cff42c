// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import Testing

@testable import AuditChain

@Suite struct TimestampTests {
    @Test(
        "RFC 3339 in, UTC with six decimals out",
        arguments: [
            ("2026-06-01T08:00:01.25Z", "2026-06-01T08:00:01.250000Z"),
            ("2026-06-01T08:00:01Z", "2026-06-01T08:00:01.000000Z"),
            ("2026-06-01t08:00:01z", "2026-06-01T08:00:01.000000Z"),
            ("2026-06-01T08:00:01.9999999Z", "2026-06-01T08:00:01.999999Z"),
            ("2026-06-01T08:00:01.000000999999999999999999999Z", "2026-06-01T08:00:01.000000Z"),
            ("2026-06-01T00:30:00+01:00", "2026-05-31T23:30:00.000000Z"),
            ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000000Z"),
            ("2026-06-01T08:00:01-00:00", "2026-06-01T08:00:01.000000Z"),
            ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
            ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000000Z"),
            ("2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("0001-01-01T00:00:00-23:59", "0001-01-01T23:59:00.000000Z"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
        ])
    func accepted(text: String, normal: String) throws {
        let time = try #require(Timestamp(rfc3339: text))
        #expect(time.description == normal)
        #expect(time.description.utf8.count == Timestamp.byteCount)
        #expect(Timestamp(rfc3339: normal) == time)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "2026-06-01", "2026-06-01T08:00:01", "2026-06-01 08:00:01Z", "2026-06-01T08:00Z",
            "2026-06-01T08:00:60Z", "2016-12-31T23:59:60Z", "2026-06-01T24:00:00Z",
            "2026-06-01T08:60:00Z", "2026-00-01T08:00:01Z", "2026-13-01T08:00:01Z",
            "2026-06-00T08:00:01Z", "2026-06-31T08:00:01Z", "2026-02-29T08:00:01Z",
            "1900-02-29T08:00:01Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01", "2026-06-01T08:00:01.Z", "2026-06-01T08:00:01,5Z",
            "2026-06-01T08:00:01+0100", "2026-06-01T08:00:01+24:00", "2026-06-01T08:00:01+01:60",
            "2026-06-01T08:00:01Zx", " 2026-06-01T08:00:01Z", "2026-6-1T08:00:01Z",
            "+2026-06-01T08:00:01Z", "12026-06-01T08:00:01Z", "２026-06-01T08:00:01Z",
        ])
    func refused(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("Every prefix of a time is refused")
    func prefixes() {
        for prefix in everyPrefix(of: Array("2026-06-01T08:00:01.250000+02:00".utf8)) {
            #expect(Timestamp(rfc3339: prefix) == nil)
        }
    }

    @Test("Random moments keep their text and agree with another calendar")
    func roundTrip() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        for _ in 0..<2_000 {
            // From 1600 on, where Foundation's calendar is the Gregorian one.
            let second = Int64.random(in: -11_644_473_600...253_402_300_799, using: &generator)
            let micros = Int64.random(in: 0...999_999, using: &generator)
            let time = try #require(Timestamp(microseconds: second * 1_000_000 + micros))
            #expect(Timestamp(rfc3339: time.description) == time, "seed \(seed)")
            let date = Date(timeIntervalSince1970: Double(second))
            let parts = calendar.dateComponents([.year, .month, .day, .hour], from: date)
            let text = time.description
            #expect(
                Int(text.prefix(4)) == parts.year && Int(text.dropFirst(5).prefix(2)) == parts.month
                    && Int(text.dropFirst(8).prefix(2)) == parts.day
                    && Int(text.dropFirst(11).prefix(2)) == parts.hour, "seed \(seed): \(text)")
        }
    }

    @Test("Every day from year 1 to 9999 keeps its text")
    func everyDay() throws {
        let first = try #require(Timestamp(rfc3339: "0001-01-01T00:00:00Z"))
        var previous = ""
        for day in 0..<3_652_059 where day % 7 == 0 || day > 3_652_000 {
            let micros = first.microseconds + Int64(day) * 86_400_000_000
            let text = try #require(Timestamp(microseconds: micros)).description
            #expect(text > previous)
            #expect(Timestamp(rfc3339: text)?.microseconds == micros)
            previous = text
        }
        #expect(previous == "9999-12-31T00:00:00.000000Z")
    }

    @Test("The years end where they must")
    func bounds() throws {
        let last = try #require(Timestamp(rfc3339: "9999-12-31T23:59:59.999999Z"))
        let first = try #require(Timestamp(rfc3339: "0001-01-01T00:00:00Z"))
        #expect(Timestamp(microseconds: last.microseconds + 1) == nil)
        #expect(Timestamp(microseconds: first.microseconds - 1) == nil)
        #expect(first < last)
        #expect(
            Timestamp(milliseconds: 1_780_300_801_250)?.description == "2026-06-01T08:00:01.250000Z"
        )
        #expect(Timestamp(milliseconds: .max) == nil)
    }
}
