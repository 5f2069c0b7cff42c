// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

@Suite("Members that are too large")
struct OversizeTests {
    let refusing: Bench
    let cutting: Bench

    init() throws {
        let limits = RecordLimits(fieldByteCount: 1024)
        refusing = try Bench(limits: limits)
        cutting = try Bench(limits: limits, options: RecordOptions(onOversize: .truncate))
    }

    /// A value whose canonical text has that many bytes.
    private func value(_ byteCount: Int) -> JSONValue { ["k": .text(byteCount - 8)] }

    @Test("The default is 16 KiB of canonical text, and 64 KiB for the record")
    func defaults() throws {
        let bench = try Bench()
        #expect(bench.refusal([("details", value(16 << 10))]) == nil)
        let refusal = bench.refusal([("details", value(16 << 10 + 1))])
        #expect(refusal?.code == .oversize && refusal?.path == "details")
        #expect(refusal?.reason == nil)
        let more = ["details", "result", "arguments", "usage"].map { ($0, value(16 << 10)) }
        let whole = bench.refusal(more)
        #expect(whole?.code == .oversize && whole?.reason == .tooLarge)
    }

    @Test(
        "A limit holds exactly, for any member",
        arguments: ["arguments", "result", "usage", "details"])
    func exact(name: String) {
        #expect(refusing.refusal([(name, value(1024))]) == nil)
        #expect(refusing.refusal([(name, value(1025))])?.path == name)
    }

    @Test("What is not free-form is refused whatever the option")
    func typed() {
        for bench in [refusing, cutting] {
            let refusal = bench.refusal([("error", ["message": .text(1100)])])
            #expect(refusal?.code == .oversize && refusal?.path == "error")
        }
    }

    @Test("A member that is the vendor's own has no name in the refusal")
    func vendor() throws {
        let members: [(String, JSONValue)] = [("rods", value(1025))]
        let refusal = refusing.refusal(type: "x.acme.reactor", members)
        #expect(refusal?.code == .oversize && refusal?.path == nil)
        #expect(cutting.refusal(type: "x.acme.reactor", members) == nil)
    }

    @Test("What is cut leaves its size and a digest that only the seed tells anything by")
    func cut() throws {
        let big = value(3000)
        let text = Bench.text(Bench.record([("details", big), ("usage", ["n": 1])]).canonical)
        let prepared = try cutting.prepare(text)
        let record = try CanonicalRecord(verifying: prepared.canonical)
        #expect(
            Commitment.commit(
                record, seed: cutting.seed, origin: try Origin("log.example.com/audit"))
                == prepared.commitment)
        let value = try JSONValue.parse(canonical: prepared.canonical)
        var preimage: [UInt8] = [0x06]
        withUnsafeBytes(of: cutting.seed) { preimage += $0 }
        let digest = SHA256.hash(preimage + big.canonical)
        #expect(
            value["details"]
                == ["digest": .string(digest.hex), "size": 3000, "truncated": true])
        #expect(value["usage"] == ["n": 1])

        var other = cutting
        other.seed = SHA256.hash([2])
        let again = try other.prepare(text)
        #expect(again.canonical != prepared.canonical, "another seed, another digest")
        #expect(again.form == prepared.form, "and the same content")
    }

    @Test("What was cut away still tells two records apart")
    func form() throws {
        let texts = [value(3000), .object([.init("k", .text(2992, of: "b"))])].map { value in
            Bench.text(Bench.record([("details", value), ("arguments", value)]).canonical)
        }
        let forms = try texts.map { try cutting.prepare($0).form }
        #expect(forms[0] != forms[1])
        #expect(forms.map(Bench.text) == texts)
    }

    @Test("Members of what replaces a value count like any other")
    func memberCount() throws {
        let filler = (0..<985).map { JSONValue.Member("m\($0)", 0) }
        let text = Bench.text(
            Bench.record([("details", .object(filler)), ("usage", value(2000))]).canonical)
        let limits = RecordLimits(fieldByteCount: 1 << 15)
        #expect(try Bench(limits: limits).refusal(text) == nil)
        let bench = try Bench(
            limits: RecordLimits(fieldByteCount: 1024),
            options: RecordOptions(onOversize: .truncate))
        _ = try CanonicalRecord(verifying: bench.prepare(text).canonical)
    }
}
