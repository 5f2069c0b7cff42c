// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
import LogCrypto
import LogTesting
import Testing

@testable import AuditRecords

@Suite("Redaction: properties")
struct RedactionPropertyTests {
    /// Without the ones that hold what a sample is, where it is none.
    static let ordinary = RedactionNegativeTests.anywhere.filter { !$0.contains("41111111") }

    /// A record of random shape in which samples and ordinary texts stand side by side.
    static func record(
        _ generator: inout SeededGenerator
    ) -> (text: String, samples: [RedactionSample]) {
        var samples: [RedactionSample] = []
        func text(_ generator: inout SeededGenerator) -> String {
            let sample = RedactionSample.all.randomElement(using: &generator)
            let other = ordinary.randomElement(using: &generator) ?? ""
            guard let sample, Int.random(in: 0..<3, using: &generator) == 0 else { return other }
            samples.append(sample)
            return Bool.random(using: &generator) ? sample.text : "\(other), \(sample.text), ok"
        }
        func value(_ depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
            switch Int.random(in: depth > 3 ? 3..<7 : 0..<7, using: &generator) {
            case 0: return .array((0..<3).map { _ in value(depth + 1, &generator) })
            case 1:
                var names: Set<String> = []
                return .object(
                    (0..<3).compactMap { _ in
                        let name = text(&generator)
                        guard names.insert(name).inserted else { return nil }
                        return .init(name, value(depth + 1, &generator))
                    })
            case 2:
                let inner = value(depth + 2, &generator)
                return .string(String(decoding: inner.canonical, as: UTF8.self))
            case 3: return .integer(Int.random(in: -9_999...99_999_999, using: &generator))
            default: return .string(text(&generator))
            }
        }
        let json = RedactionBench.record(
            .array((0..<4).map { _ in value(0, &generator) }), name: "given")
        return (json, samples)
    }

    @Test("A second pass finds nothing, and counts are what stands in the record")
    func idempotent() throws {
        let bench = try RedactionBench(RedactionBench.everything)
        var generator = SeededGenerator(seed: 7)
        var found = 0
        for round in 0..<1_000 {
            let (json, samples) = Self.record(&generator)
            let first = try bench.redact(json)
            let again = try bench.redact(first.text)
            #expect(again.counts.isEmpty && again.text == first.text, "round \(round): \(again)")
            for (rule, count) in first.counts {
                let placeholders = first.text.ranges(of: "<redacted:\(rule)>").count
                #expect(placeholders == count, "round \(round), \(rule): \(json)")
                found += count
            }
            let rest = RedactionCorpusTests.withoutPlaceholders(first.text)
            for sample in samples {
                #expect(!rest.contains(sample.value), "round \(round), \(sample.rule)")
            }
        }
        #expect(found > 1_000)
    }

    @Test("A rule more never uncovers what the others have taken out")
    func monotone() throws {
        let few = try RedactionBench()
        let all = try RedactionBench(RedactionBench.everything)
        for sample in RedactionSample.all {
            let json = RedactionBench.record(value: "see \(sample.text), please")
            let isGone = { (bench: RedactionBench) in
                let text = try bench.redact(json).text
                return !RedactionCorpusTests.survives(
                    sample.value, in: RedactionCorpusTests.withoutPlaceholders(text))
            }
            if try isGone(few) { #expect(try isGone(all), "\(sample.text)") }
        }
    }

    // MARK: Cost

    /// Texts that make bad matchers slow, of about that many bytes.
    static let adversarial: [(name: String, text: @Sendable (Int) -> String)] = [
        ("a", { String(repeating: "a", count: $0) }), ("1-", { repeated("1-", $0) }),
        ("4-", { repeated("4-", $0) }), ("4111 ", { repeated("4111 ", $0) }),
        (":", { repeated(":", $0) }), ("1:", { repeated("1:", $0) }),
        ("eyJ", { repeated("eyJ", $0) }), ("eyJ.", { repeated("eyJhbGciOiJub25lIn0.", $0) }),
        (
            "-eyJ",
            { repeated("-eyJaaaaaaaaaa", $0 / 2) + ".eyJaaaaaaaaaa." + repeated("b", $0 / 2) }
        ),
        ("@", { repeated("@", $0) }), ("a@", { repeated("a@", $0) }),
        ("a@b.", { repeated("a@b.", $0) }), ("a.", { repeated("a.", $0) }),
        ("bearer", { repeated("bearer ", $0) }), ("password=", { repeated("password=", $0) }),
        ("BEGIN", { repeated("-----BEGIN PRIVATE KEY-----", $0) }),
        ("://", { repeated("a://b:", $0) }), ("%41", { repeated("%41", $0) }),
        ("base64", { repeated("dGhlIHZhbHVlIGlzIDQ", $0) }), ("/etc/", { repeated("/etc/", $0) }),
        ("newline", { repeated("41\n", $0) }), ("wide", { repeated("\u{FF14}", $0 / 3) }),
        ("[", { repeated("[", $0) }), ("<redacted:", { repeated("<redacted:", $0) }),
        ("DE89", { repeated("DE89 3704 ", $0) }), ("+1", { repeated("+1 ", $0) }),
    ]

    private static func repeated(_ text: String, _ bytes: Int) -> String {
        String(repeating: text, count: max(1, bytes / text.utf8.count))
    }

    /// Processor time of this thread.
    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        var (start, end) = (timespec(), timespec())
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
        try body()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
        return Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
    }

    @Test(
        "Time grows with the bytes and no faster, whatever the text",
        arguments: adversarial.indices)
    func linear(_ number: Int) throws {
        var policy = RedactionBench.everything
        policy.limits.stringBytes = 1 << 20
        let bench = try RedactionBench(policy)
        let (name, text) = Self.adversarial[number]
        var times: [Double] = []
        for size in [32 << 10, 64 << 10, 128 << 10, 256 << 10] {
            let json = RedactionBench.record(value: text(size))
            _ = try bench.redact(json)
            times.append(try Self.seconds { _ = try bench.redact(json) })
        }
        print("redaction of 256 KiB of \(name): \(Int(times[3] * 1e6)) µs")
        // Eight times the bytes; what is quadratic takes 64 times as long.
        #expect(times[3] < 24 * max(times[0], 0.000_2), "\(name): \(times)")
    }

    @Test("What would cost too much is replaced unseen")
    func failsClosed() throws {
        var policy = RedactionPolicy.standard
        policy.limits.bytesPerRejection = 1 << 20
        let bench = try RedactionBench(policy)
        let near = String(repeating: "4111 1111 1111 1112, ", count: 500) + "4111111111111111"
        #expect(try bench.value(near).counts == ["pan": 1])
        let flood = String(repeating: "4111 1111 1111 1112, ", count: 600) + "4111111111111111"
        #expect(try bench.value(flood) == ("<redacted:unscanned>", ["unscanned": 1]))
        let long = String(repeating: "a ", count: 33_000) + "4111111111111111"
        #expect(try bench.value(long) == ("<redacted:unscanned>", ["unscanned": 1]))
        let again = try bench.value("<redacted:unscanned>")
        #expect(again.counts.isEmpty)
    }

    @Test("Random bytes as a record's strings never fail")
    func fuzz() throws {
        let bench = try RedactionBench(RedactionBench.everything)
        var generator = SeededGenerator(seed: 3)
        let pieces = [
            "4111", " ", "-", "@", "a", ".com", "::", "/etc/", "%", "%41", "eyJ", "\u{200B}",
            "\u{FF11}",
            "\n", "\"", "\\", "{", "}", "[", "]", "password", "=", "<redacted", ":email>", "é", "😀",
            "Bearer ", "1", "dXNlcjpwYXNzd29yZDEyMzQ1Njc4OTA=", "DE89", "+49 ",
            "-----BEGIN PRIVATE KEY-----",
        ]
        for _ in 0..<2_000 {
            let count = Int.random(in: 1...30, using: &generator)
            let text = (0..<count).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            let first = try bench.value(text)
            #expect(try bench.value(first.text).counts.isEmpty, "\(text) → \(first.text)")
        }
    }
}
