// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogTesting
import Testing

@testable import AuditRecords

@Suite("Redaction: what is left alone")
struct RedactionNegativeTests {
    /// Texts in which no rule of any pack finds anything.
    static let anywhere = [
        "550e8400-e29b-41d4-a716-446655440000", "66001917-6918-4975-8001-491720000000",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709", "commit da39a3ee5e6b4b0d, 3 files",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "v1.2.3.4", "1.2.3.4.5",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-4111111111111111-01",
        "1717228801250", "1717228801250000", "1717228801250000000", "18446744073709551615",
        "2026-06-01", "2026-06-01T08:00:01.25+02:00", "08:00:01", "2026-06-01 08:00:01",
        "localhost:8080", "port 65535", "pid count is 99", "token_count=12", "max_tokens: 4096",
        #"ETag: W/"33a64df551425fcc55e4d42a148795d9f25f89d4""#, "price: 1,299.99 EUR",
        "$4,111,111,111.11", "1234.5678901234", "0.4111111111111111", "----=_Part_1234_5678.9012",
        "boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "claude-sonnet-4-5-20250929",
        "gpt-4o-mini-2024-07-18", "toolu_01A09q90qw90lq917835lq9", "call_9pw1qnYScqvGrCH58HWCvFH6",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "@types/node@20.11.0", "pkg@1.2.3", "git@github.com:apple/swift-nio.git",
        "getty@tty1.service", "icon@2x.png", "std::vector<std::string>", "dead::beef",
        "basic understanding", "the secret is out", "password required", "token expired yesterday",
        "Zürich, 3 rue de l'Été", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "SELECT count(*) FROM records WHERE index >= 1048576", "arn:aws:s3:::bucket/key",
        "0x7ffd5e8e3c10", "rapid 1234", "http://example.com/a/b?x=1&y=2", "100%25 sure",
        "10.5 kg, 200 300 4000", "ISBN 978-3-16-148410-0", "4111111111111112", "000-12-3456",
        "AB12CD34EF56", "GB82WEST12345698765433", "a @ b . com", "@mention", "C: drive", #"\n\t"#,
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", "build 20260601.1234", "5 of 12345678 rows",
    ]

    @Test("Nothing is found in ordinary text", arguments: anywhere)
    func ordinary(_ text: String) throws {
        let result = try #require(Self.made).value(text)
        #expect(result.counts.isEmpty && result.text == text, "\(result)")
    }

    static let made = try? RedactionBench(RedactionBench.everything)

    @Test("An ordinary record of an agent is left alone, and costs no walk")
    func agent() throws {
        let bench = try RedactionBench()
        for json in [Fixtures.modelCall, Fixtures.vendor, Fixtures.minimal] {
            #expect(try bench.redact(json).counts == [:], "\(json)")
        }
    }

    @Test("No rule corrupts an identifier, in 100,000 generated ones")
    func identifiers() throws {
        let bench = try #require(Self.made)
        var generator = SeededGenerator(seed: 2)
        var corrupted: [String] = []
        for _ in 0..<1_000 {
            let texts = (0..<100).map { Self.identifier($0 % 10, &generator) }
            let record = RedactionBench.record(.array(texts.map { .string($0) }), name: "ids")
            let result = try bench.redact(record)
            if !result.counts.isEmpty {
                corrupted += texts.filter { text in
                    (try? bench.value(text).counts.isEmpty) != true
                }
            }
        }
        #expect(corrupted.isEmpty, "\(corrupted.prefix(20))")
    }

    /// One of ten kinds of identifiers that machines make.
    static func identifier(_ kind: Int, _ generator: inout SeededGenerator) -> String {
        let digits = Array("0123456789abcdef")
        let hex = { (count: Int, generator: inout SeededGenerator) in
            String((0..<count).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
        }
        let number = UInt64.random(in: .min ... .max, using: &generator)
        switch kind {
        case 0, 1:
            let h = hex(32, &generator)
            let parts = [
                h.prefix(8), h.dropFirst(8).prefix(4), "4" + h.dropFirst(13).prefix(3),
                "a" + h.dropFirst(17).prefix(3), h.suffix(12),
            ]
            return (kind == 0 ? "" : "id=") + parts.joined(separator: "-")
        case 2: return hex(32, &generator)
        case 3: return "commit " + hex(40, &generator)
        case 4: return hex(64, &generator)
        case 5: return "\(1_600_000_000_000 + number % 300_000_000_000)"
        case 6: return "\(1_600_000_000_000_000_000 + number % 300_000_000_000_000_000)"
        case 7:
            let time = Timestamp(microseconds: Int64(number % 2_000_000_000_000_000))
            return "at \(time.map(\.description) ?? "")"
        case 8:
            return "v\(number % 40).\(number / 64 % 300).\(number / 4096 % 99).\(number % 9999)"
        default: return "00-\(hex(32, &generator))-\(hex(16, &generator))-01"
        }
    }
}
