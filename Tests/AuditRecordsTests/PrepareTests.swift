// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Testing

@testable import AuditRecords

@Suite struct PrepareTests {
    let bench: Bench

    init() throws {
        bench = try Bench()
    }

    @Test("A record gets what it lacks, in canonical order")
    func stamps() throws {
        let record = try bench.prepare(Fixtures.minimal)
        #expect(
            Bench.text(record.canonical)
                == #"{"actor":{"id":"?","type":"anonymous"},"#
                + #""id":"01976000-0000-7000-8000-0000000000ff","#
                + #""received":"2026-06-01T12:00:00.000000Z","tenant":"acme","#
                + #""time":"2026-06-01T12:00:00.000000Z","type":"auth.failure","v":"1"}"#)
        #expect(
            Bench.text(record.form)
                == #"{"actor":{"id":"?","type":"anonymous"},"type":"auth.failure"}"#)
        #expect(record.id == Bench.newID && !record.idFromProducer)
        #expect(record.tenant == "acme" && record.type == "auth.failure" && record.actorID == "?")
    }

    @Test("What the producer sent stays; its time is normalised")
    func vendor() throws {
        let record = try bench.prepare(Fixtures.vendor)
        #expect(
            Bench.text(record.canonical)
                == #"{"actor":{"extra":null,"id":"daemon-3","type":"os_user"},"#
                + #""id":"01976000-0000-7000-8000-00000000000a","#
                + #""received":"2026-06-01T12:00:00.000000Z","rods":[1,2.5,0],"tenant":"acme","#
                + #""time":"2026-06-01T09:00:00.123456Z","type":"x.acme.reactor","v":"1","#
                + #""zz_state":{"a":[],"b":1}}"#)
        #expect(
            Bench.text(record.form)
                == #"{"actor":{"extra":null,"id":"daemon-3","type":"os_user"},"#
                + #""id":"01976000-0000-7000-8000-00000000000a","rods":[1,2.5,0],"#
                + #""time":"2026-06-01T09:00:00.123456Z","type":"x.acme.reactor","#
                + #""zz_state":{"a":[],"b":1}}"#)
        #expect(record.idFromProducer && record.id == "01976000-0000-7000-8000-00000000000a")
    }

    @Test("What is prepared is a canonical record with that commitment", arguments: Fixtures.all)
    func verifiable(text: String) throws {
        let prepared = try bench.prepare(text)
        let record = try CanonicalRecord(verifying: prepared.canonical)
        let origin = try Origin("log.example.com/audit")
        let commitment = Commitment.commit(record, seed: bench.seed, origin: origin)
        #expect(prepared.commitment == commitment)
        #expect(prepared.formDigest == FormDigest.digest(seed: bench.seed, form: prepared.form))
        #expect(try JSONValue.parse(canonical: prepared.form).canonical == prepared.form)
        #expect(prepared.seed == bench.seed)
        let terms = try RecordTerms.read(canonical: prepared.canonical)
        #expect(terms.id == prepared.id && terms.tenant == prepared.tenant)
        #expect(terms.values(of: .type) == [prepared.type])
    }

    @Test("Equal input gives equal output", arguments: Fixtures.all)
    func deterministic(text: String) throws {
        let (first, second) = (try bench.prepare(text), try bench.prepare(text))
        #expect(first.canonical == second.canonical && first.commitment == second.commitment)
        #expect(first.form == second.form && first.formDigest == second.formDigest)
    }

    @Test("The order of members changes nothing", arguments: Fixtures.all)
    func shuffled(text: String) throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let expected = try bench.prepare(text)
        let members = try #require(try JSONValue.parse(Array(text.utf8)).members)
        for _ in 0..<50 {
            let parts = members.shuffled(using: &generator).map { member in
                let value = String(decoding: member.value.canonical, as: UTF8.self)
                return "\"\(member.name)\" : \(value)"
            }
            let record = try bench.prepare("{ \(parts.joined(separator: " ,\n")) }")
            #expect(record.canonical == expected.canonical, "seed \(seed)")
            #expect(record.form == expected.form && record.commitment == expected.commitment)
        }
    }

    @Test("A second prepare of the stored form, stamps aside, has the same form")
    func resubmitted() throws {
        for text in Fixtures.all {
            let first = try bench.prepare(text)
            var later = bench
            later.seed = SHA256.hash([2])
            let second = try later.prepare(Bench.text(first.form))
            #expect(second.form == first.form && second.canonical == first.canonical)
            #expect(second.formDigest != first.formDigest && second.commitment != first.commitment)
        }
    }

    @Test("The form keeps v, id, time and tenant when the producer sent them")
    func formKeepsWhatWasSent() throws {
        let text = #"""
            {"type":"a.b","actor":{"id":"x","type":"service"},"v":"1","tenant":"acme",
            "id":"01976000-0000-7000-8000-00000000000a","time":"2026-06-01T08:00:00Z"}
            """#
        let record = try bench.prepare(text)
        let form = try JSONValue.parse(canonical: record.form)
        #expect(
            form.members?.map(\.name) == ["actor", "id", "tenant", "time", "type", "v"])
        #expect(form["time"]?.text == "2026-06-01T08:00:00.000000Z")
    }

    @Test("The text of free-form members is kept, whatever JSON it is")
    func freeForm() throws {
        let text = #"""
            {"type":"a.b","actor":{"id":"x","type":"service"},"details":[null,1.5,{"A b":{}}],
            "labels":{"é":"\u00e9","\"":1}, "arguments":null}
            """#
        let record = try bench.prepare(text)
        let value = try JSONValue.parse(canonical: record.canonical)
        #expect(value["details"] == [.null, .number(1.5), ["A b": [:]]])
        #expect(value["labels"] == ["\"": 1, "é": "é"])
        #expect(value["arguments"] == .null)
    }

    @Test("A long record with many members is prepared like a short one")
    func large() throws {
        let members = (0..<900).map {
            "\"k\($0 * 7 % 900)\":\"\(String(repeating: "v", count: 40))\""
        }
        let text =
            #"{"type":"x.acme.big","actor":{"id":"x","type":"service"},"#
            + "\(members.joined(separator: ","))}"
        let record = try bench.prepare(text)
        _ = try CanonicalRecord(verifying: record.canonical)
    }

    @Test("Stamps count as members")
    func memberLimit() throws {
        // type, actor, its id and type, details: 5 members; id, received, tenant, time, v: 5 more.
        func text(_ count: Int) -> String {
            let inner = (0..<count - 5).map { "\"m\($0)\":0" }.joined(separator: ",")
            return #"{"type":"a.b","actor":{"id":"x","type":"service"},"details":{"#
                + "\(inner)}}"
        }
        _ = try CanonicalRecord(verifying: bench.prepare(text(995)).canonical)
        #expect(bench.refusal(text(996))?.reason == .tooManyMembers)
        #expect(bench.refusal(text(1001))?.reason == .tooManyMembers)
    }
}
