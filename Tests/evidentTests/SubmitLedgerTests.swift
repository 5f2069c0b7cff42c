// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import evident

struct SubmitLedgerTests {
    private static let salt = Digest(Array(repeating: 7, count: 32)) ?? .zero
    private let ledger = SubmitLedger(salt: salt, vkey: "a/b+00000000+AAAA")

    @Test("The key of a line is HMAC(salt, u64(line number) ‖ line)")
    func lineKey() {
        let mac = HMACSHA256(key: SecretBytes(copying: Self.salt.bytes))
        let want = mac.code(for: [0, 0, 0, 0, 0, 0, 1, 2] + Array("{}".utf8))
        #expect(SubmitLedger.Keys(ledger).key(ofLine: 258, Array("{}".utf8)) == want)
    }

    @Test("Equal lines have different keys, and so do units that begin elsewhere")
    func keysDiffer() {
        let keys = SubmitLedger.Keys(ledger)
        #expect(keys.key(ofLine: 1, [1]) != keys.key(ofLine: 2, [1]))
        #expect(keys.key(ofUnit: 1) != keys.key(ofUnit: 2))
    }

    @Test("A line that is sent by itself has the key that the server gave it in its unit")
    func keyInUnit() {
        let keys = SubmitLedger.Keys(ledger)
        #expect(keys.key(ofLine: 9, [1], in: nil) == keys.key(ofLine: 9, [1]).hex)
        #expect(keys.key(ofLine: 9, [1], in: 9) == keys.key(ofUnit: 9).hex + "#0")
        #expect(keys.key(ofLine: 12, [1], in: 9) == keys.key(ofUnit: 9).hex + "#3")
    }

    @Test("Lines may be folded in any order, and a changed one shows")
    func folding() {
        let keys = SubmitLedger.Keys(ledger)
        let forth = keys.fold(keys.fold(.zero, line: 1, [1]), line: 2, [2])
        let back = keys.fold(keys.fold(.zero, line: 2, [2]), line: 1, [1])
        let changed = keys.fold(keys.fold(.zero, line: 1, [1]), line: 2, [3])
        #expect(forth == back)
        #expect(forth != changed)
    }

    @Test("A state file is read as it was written, and in no other form")
    func stateFile() {
        var ledger = ledger
        ledger.done = 9
        ledger.refused = [3: 2, 2: 0]
        for begun in [nil, .init(unit: nil, last: 20), .init(unit: 4, last: 12)]
            as [SubmitLedger.Begun?]
        {
            ledger.begun = begun
            #expect(SubmitLedger(json: ledger.json) == ledger)
        }
        for length in 0..<ledger.json.count {
            #expect(SubmitLedger(json: Array(ledger.json.prefix(length))) == nil)
        }
        #expect(SubmitLedger(json: [0x20] + ledger.json) == nil)
    }

    @Test("A state file in which a line comes before its unit is none")
    func unsoundStateFile() {
        let changes: [(inout SubmitLedger) -> Void] = [
            { $0.refused = [2: 3] }, { $0.refused = [10: 0] },
            { $0.begun = .init(unit: 11, last: 12) },
        ]
        for change in changes {
            var ledger = ledger
            ledger.done = 9
            change(&ledger)
            #expect(SubmitLedger(json: ledger.json) == nil)
        }
    }

    @Test("A unit holds adjoining lines that are sent, and others stand alone")
    func units() {
        var unit = SubmitUnit(first: 5)
        let taken = [[1], [2], [3]].map { unit.take(.text($0), limit: 2) }
        #expect(taken == [true, true, false] && unit.end == 7 && unit.isSent)
        var blank = SubmitUnit(first: 5)
        let beside = [[0x20], [3]].map { blank.take(.text($0), limit: 2) }
        #expect(beside == [true, false] && !blank.isSent && blank.end == 6)
        var long = SubmitUnit(first: 5)
        let after = [.tooLong, .text([3])].map { long.take($0, limit: 2) }
        #expect(after == [true, false] && !long.isSent && long.end == 6)
    }

    @Test(
        "Lines end at line feeds; a carriage return before one is not of the line",
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\n\nb", ["a", "", "b"]),
            ("a\r\nb\r\n", ["a", "b"]), ("\n", [""]),
        ] as [(String, [String])])
    func lines(text: String, want: [String]) throws {
        let folder = try Folder()
        var reader = try LineReader(try folder.file("lines", text))
        let found = try Self.rest(of: &reader)
        #expect(found == want.map { .text(Array($0.utf8)) })
    }

    @Test("A line beyond the limit is passed over, wherever a read happens to end")
    func longLines() throws {
        let folder = try Folder()
        let long = String(repeating: "x", count: LineReader.limit + 1)
        let whole = String(repeating: "y", count: LineReader.limit)
        var reader = try LineReader(try folder.file("lines", "a\n\(long)\n\(whole)\nb\n\(long)"))
        let found = try Self.rest(of: &reader)
        let texts = ["a", whole, "b"].map { LineReader.Line.text(Array($0.utf8)) }
        #expect(found == [texts[0], .tooLong, texts[1], texts[2], .tooLong])
    }

    private static func rest(of reader: inout LineReader) throws -> [LineReader.Line] {
        var lines: [LineReader.Line] = []
        while let line = try reader.next() { lines.append(line) }
        return lines
    }
}
