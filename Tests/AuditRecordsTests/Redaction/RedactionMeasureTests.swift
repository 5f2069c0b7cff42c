// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
import LogCrypto
import LogTesting
import Testing

@testable import AuditRecords

/// The figures that tools/measure/redaction prints; they are read from there and not asserted,
/// save that no identifier may be corrupted.
@Suite("Redaction: measured", .enabled(if: getenv("EVIDENT_MEASURE_REDACTION") != nil))
struct RedactionMeasureTests {
    /// An ordinary record of an agent, 400 bytes, in which nothing is to be found.
    static let ordinary = #"""
        {"v":"1","id":"01976000-7f3a-7c21-9b1e-3f0a5c7d9e11","type":"tool.call","time":"2026-06-01T09:00:29.939642Z","actor":{"id":"agent-17","type":"agent"},"trace":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","run_id":"run-20260601-0042"},"tool":{"name":"search_orders","call_id":"toolu_01A09q90"},"arguments":{"query":"open orders of the last week","limit":50},"duration_us":18423,"usage":{"input":812}}
        """#

    private static func seconds(_ body: () -> Void) -> Double {
        var (start, end) = (timespec(), timespec())
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
        body()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
        return Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
    }

    /// Best of five, microseconds of processor time a record.
    private static func cost(_ redactor: Redactor, _ json: String, rounds: Int) throws -> Double {
        let bytes = Array(json.utf8)
        return try bytes.withUnsafeBytes { input in
            let tape = try JSONTape.parse(input, limits: .disclosed)
            var best = Double.infinity
            for _ in 0..<5 {
                let time = seconds {
                    for _ in 0..<rounds {
                        _ = redactor.redact(input, tape, tenant: "acme", capture: .redacted)
                    }
                }
                best = min(best, time / Double(rounds) * 1e6)
            }
            return best
        }
    }

    @Test("What a record costs")
    func records() throws {
        let found = Self.ordinary
            .replacing("agent-17", with: "dora@example.org")
            .replacing("open orders of the last week", with: "card 4111 1111 1111 1111")
        let escaped = Self.ordinary.replacing("open orders", with: #"open \"orders\""#)
        for (name, policy) in [
            ("default packs", RedactionPolicy.standard), ("all packs", RedactionBench.everything),
        ] {
            let redactor = try RedactionBench(policy).redactor
            for (kind, json) in [
                ("nothing to find", Self.ordinary), ("an escape, nothing to find", escaped),
                ("two finds, one tokenised", found),
            ] {
                let cost = try Self.cost(redactor, json, rounds: 20_000)
                print("measure: \(name), \(json.utf8.count) bytes, \(kind): \(Self.text(cost)) µs")
            }
        }
        let began = try Self.compiling()
        print("measure: compiling the default policy with its samples: \(Self.text(began)) µs")
    }

    private static func compiling() throws -> Double {
        var failure: (any Error)?
        let time = seconds {
            do { _ = try RedactionBench() } catch { failure = error }
        }
        if let failure { throw failure }
        return time * 1e6
    }

    private static func text(_ number: Double) -> String {
        "\((number * 100).rounded() / 100)"
    }

    @Test("No identifier is corrupted, in 1,000,000 of ten kinds")
    func identifiers() throws {
        let kinds = [
            "UUIDs", "UUIDs in text", "trace ids", "git hashes", "SHA-256 hashes",
            "epoch milliseconds", "epoch nanoseconds", "timestamps", "versions", "traceparents",
        ]
        for (name, policy) in [
            ("default packs", RedactionPolicy.standard), ("all packs", RedactionBench.everything),
        ] {
            let bench = try RedactionBench(policy)
            var generator = SeededGenerator(seed: 11)
            var corrupted = [Int](repeating: 0, count: kinds.count)
            for _ in 0..<10_000 {
                let texts = (0..<100).map {
                    RedactionNegativeTests.identifier($0 % 10, &generator)
                }
                let json = RedactionBench.record(.array(texts.map { .string($0) }), name: "ids")
                guard try !bench.redact(json).counts.isEmpty else { continue }
                for (place, text) in texts.enumerated() where try !bench.value(text).counts.isEmpty
                {
                    corrupted[place % 10] += 1
                }
            }
            for (kind, count) in zip(kinds, corrupted) {
                print("measure: \(name), 100,000 \(kind): \(count) corrupted")
            }
            #expect(corrupted.allSatisfy { $0 == 0 })
        }
    }
}
