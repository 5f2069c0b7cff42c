// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Testing

@testable import LogClientHTTP
@testable import evident

struct ScreenTests {
    @Test(
        "What could move the cursor, hide text or turn it round is shown as a replacement",
        arguments: [
            ("\u{1B}[2J", "\u{FFFD}[2J"), ("a\nb", "a\u{FFFD}b"), ("a\rb", "a\u{FFFD}b"),
            ("\u{202E}x", "\u{FFFD}x"), ("\u{9B}m", "\u{FFFD}m"), ("é 日本", "é 日本"),
            ("\u{2028}", "\u{FFFD}"), ("\u{200B}", "\u{FFFD}"),
        ])
    func clean(_ text: String, _ shown: String) {
        #expect(ShownText.clean(text) == shown)
    }

    @Test(
        "Text is filled or cut to the columns it has, wide characters counting twice",
        arguments: [
            ("abc", 5, "abc  "), ("abcdef", 5, "abcd…"), ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"), ("日本語", 4, "日… "), ("", 2, "  "),
        ])
    func fit(_ text: String, _ columns: Int, _ shown: String) {
        #expect(ShownText.fit(text, columns) == shown)
        #expect(ShownText.width(shown) == columns)
    }

    private static func record(_ index: Int, outcome: String = "denied") throws -> ListedRecord {
        let name = String(repeating: "long-name-", count: 8)
        return try ListedRecord(
            line: Array(
                #"""
                {"index":\#(index),"record":{"type":"tool.call","tenant":"acme","outcome":"\#(outcome)",\#
                "time":"2026-06-01T08:00:01.000000Z","actor":{"id":"\#(name)","type":"agent"},\#
                "tool":{"name":"\#(name)"},"reason":"x\u001b[0m"}}
                """#.utf8))
    }

    @Test("No line is wider than the screen", arguments: [40, 60, 80, 100, 200])
    func narrow(_ width: Int) throws {
        let records = try (0..<3).map { try Self.record($0) }
        var listing = RecordListing(Screen(width: width, hasColour: false))
        listing.fit(records)
        // Index, time and the least of each column need 72.
        let limit = max(width, 72)
        for line in records.map(listing.line) + [listing.heading] {
            #expect(ShownText.width(line) <= limit, "\(line)")
            #expect(!line.contains("\u{1B}"))
        }
        #expect(listing.line(records[1]).contains("2026-06-01 08:00:01"))
    }

    @Test("Colour is for what did not succeed, and only where there is any")
    func colour() throws {
        let plain = RecordListing(Screen(width: 100, hasColour: false), typical: true)
        let coloured = RecordListing(Screen(width: 100, hasColour: true), typical: true)
        let (denied, done) = (try Self.record(1), try Self.record(2, outcome: "success"))
        #expect(coloured.line(denied) == "\u{1B}[31m\(plain.line(denied))\u{1B}[0m")
        #expect(coloured.line(done) == plain.line(done))
    }

    @Test("Without a limit nothing is cut")
    func whole() throws {
        let record = try Self.record(1)
        let line = RecordListing(Screen(width: nil, hasColour: false), typical: true).line(record)
        #expect(line.contains(String(repeating: "long-name-", count: 8)))
    }

    @Test("Every parameter of a query is encoded so that it comes back as it was")
    func queryText() {
        let text = QueryText.text([("type", "tool.*"), ("actor", "a&b=c d+é%")])
        #expect(text == "?type=tool.*&actor=a%26b%3Dc%20d%2B%C3%A9%25")
        #expect(QueryText.text([]) == "")
    }

    @Test("Server-sent events are read the same however the bytes are cut")
    func events() {
        let text =
            ": hello\nretry: 1\nid: 4\n\nid: 5\nevent: record\ndata: {\"a\":1}\n\n"
            + "data:x\r\ndata: y\r\n\r\n:\nid: 9\n\nevent: lost\n\ndata\rid\r\rid: 1"
        let expected = [
            ServerSentEvent(id: "4", name: "message", data: nil),
            ServerSentEvent(id: "5", name: "record", data: Array("{\"a\":1}".utf8)),
            ServerSentEvent(id: "5", name: "message", data: Array("x\ny".utf8)),
            ServerSentEvent(id: "9", name: "message", data: nil),
            ServerSentEvent(id: "", name: "message", data: []),
        ]
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var parser = EventStreamParser()
            let found = (parser.read(bytes[..<cut]) ?? []) + (parser.read(bytes[cut...]) ?? [])
            #expect(found == expected, "cut at \(cut)")
        }
    }

    @Test("An event without an end is given up")
    func endless() {
        var parser = EventStreamParser()
        let part = [UInt8](repeating: 0x78, count: 1 << 20)
        var isRead = true
        for _ in 0...16 where isRead { isRead = parser.read(part) != nil }
        #expect(!isRead)
    }
}
