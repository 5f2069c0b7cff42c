// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import HTTPTypes
import HummingbirdTesting
import LogStorage
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Records as a table")
struct RecordTableTests {
    @Test(
        "What a spreadsheet would compute begins with an apostrophe",
        arguments: [
            ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@A1", "'@A1"), ("\tx", "'\tx"),
            ("\rx", "'\rx"), ("a=1", "a=1"), ("", ""), ("'=1", "'=1"), ("é", "é"),
        ])
    func guarded(_ cell: String, _ safe: String) {
        #expect(RecordTable.safe(cell) == safe)
    }

    /// Rows as RFC 4180 reads them.
    private static func rows(_ text: String) -> [[String]] {
        var (rows, row, cell): ([[String]], [String], [UInt8]) = ([], [], [])
        var (isQuoted, previous) = (false, UInt8(0))
        let end = {
            row.append(String(decoding: cell, as: UTF8.self))
            cell = []
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""):
                if !isQuoted, previous == byte { cell.append(byte) }
                isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted: end()
            case 0x0d where !isQuoted: break
            case 0x0a where !isQuoted:
                end()
                rows.append(row)
                row = []
            default: cell.append(byte)
            }
            previous = byte
        }
        return rows
    }

    @Test("Every cell comes back as it was, formulas defused, and the record byte for byte")
    func roundTrip() async throws {
        let fixture = try await ServerFixture()
        let body =
            #"{"type":"x.test.csv","actor":{"id":"=cmd|' /C calc'!A0","type":"human"},"#
            + #""action":"+SUM(1,2)","outcome":"denied","#
            + #""target":[{"type":"t","id":"a,\"b\"\n"},{"type":"t","id":"@x"}]}"#
        #expect(try await fixture.submit(body).status == .created)
        let answer = try await fixture.send(
            .get, "/v1/audit?from_index=1&to_index=2&format=csv", as: .reader)
        #expect(answer.text.hasSuffix("\r\n"))
        let rows = Self.rows(answer.text)
        try #require(rows.count == 2 && rows[0].count == rows[1].count)
        let cells = Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
        #expect(cells["index"] == "1" && cells["tenant"] == "acme")
        #expect(cells["type"] == "x.test.csv" && cells["outcome"] == "denied")
        #expect(cells["actor"] == "'=cmd|' /C calc'!A0")
        #expect(cells["action"] == "'+SUM(1,2)")
        #expect(cells["target"] == "a,\"b\"\n; @x")
        let stored = try await fixture.log.content(at: 1).unwrap().record
        #expect(cells["record"] == String(decoding: stored, as: UTF8.self))
        #expect(cells.values.allSatisfy { !"=+-@\t\r".contains($0.first ?? "x") })
    }

    @Test("A table without records has its heading, and its cursor in a field")
    func paging() async throws {
        let fixture = try await ServerFixture()
        let empty = try await fixture.send(.get, "/v1/audit?format=csv", as: .reader)
        #expect(Self.rows(empty.text).count == 1)
        for _ in 0..<3 { _ = try await fixture.submit(ServerFixture.record()) }
        let page = try await fixture.send(.get, "/v1/audit?format=csv&limit=2", as: .reader)
        #expect(Self.rows(page.text).count == 3)
        let cursor = try page.headers[.nextCursor].unwrap()
        let rest = try await fixture.send(
            .get, "/v1/audit?format=csv&limit=2&cursor=\(cursor)", as: .reader)
        #expect(Self.rows(rest.text).count == 2 && rest.headers[.nextCursor] == nil)
    }
}
