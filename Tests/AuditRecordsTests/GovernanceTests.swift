// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

@Suite struct GovernanceTests {
    let bench: Bench
    let key: ChainKey

    init() throws {
        bench = try Bench()
        key = try ChainKey(SecretBytes(copying: (0..<32).map { UInt8($0) }))
    }

    private func details(_ record: GovernanceRecord) throws -> String {
        let prepared = try bench.preparer.prepare(
            record, received: bench.received, seed: bench.seed, id: Bench.newID)
        #expect(prepared.tenant == "_log" && prepared.type == record.type)
        #expect(prepared.actorID == "evident" && prepared.id == Bench.newID)
        _ = try CanonicalRecord(verifying: prepared.canonical)
        let value = try JSONValue.parse(canonical: prepared.canonical)
        #expect(value["tenant"] == "_log" && value["actor"] == ["id": "evident", "type": "system"])
        #expect(
            value.members?.map(\.name)
                == ["actor", "details", "id", "received", "tenant", "time", "type", "v"])
        return Bench.text(value["details"]?.canonical ?? [])
    }

    @Test("log.created holds chain, granularity, keys, origin and policies")
    func logCreated() throws {
        let record = GovernanceRecord.logCreated(
            origin: try Origin("log.example.com/audit"), chain: ChainSchedule(key),
            granularityMS: 1000, vkey: "log.example.com/audit+00000000+AQ==",
            treeHeadSPKI: [1, 2, 3], receiptSPKI: [4, 5],
            policies: LogPolicies(redaction: nil, accessRecords: "request"))
        #expect(record.type == "log.created")
        #expect(
            try details(record)
                == #"{"chain":[{"first":0,"kcv":"b1d477ecb6f35d6e"}],"granularity_ms":1000,"#
                + #""keys":[{"alg":"ed25519","vkey":"log.example.com/audit+00000000+AQ=="},"#
                + #"{"alg":"ecdsa-p256","spki":"AQID"},{"alg":"es256-receipt","spki":"BAU="}],"#
                + #""origin":"log.example.com/audit","#
                + #""policies":{"access_records":"request","redaction":null}}"#)
    }

    @Test("What the log says of itself has no limit of a field")
    func large() throws {
        let indexes = (0..<9_000).map { JSONValue.integer($0) }
        let record = GovernanceRecord(type: "erasure.request", details: ["erased": .array(indexes)])
        #expect(try details(record).utf8.count > 32 << 10)
    }

    @Test("A governance record of any type that the log writes follows the schema")
    func types() throws {
        for type in RecordType.all where type.category == .audit && type.rules.isEmpty {
            #expect(try details(GovernanceRecord(type: type.name, details: [:])) == "{}")
        }
        for type in ["clock.skew", "config.reload", "account.token.created"] {
            #expect(try details(GovernanceRecord(type: type, details: [:])) == "{}")
        }
    }

    @Test("The other governance records")
    func others() throws {
        let table: [(GovernanceRecord, String, String)] = [
            (
                .opened([3, 9], tenant: "acme", credential: "ci"), "audit.access",
                #"{"access":"opening","credential":"ci","indexes":[3,9],"tenant":"acme"}"#
            ),
            (
                .clockResumed(stoppedMS: 61_000, skewMS: -7200), "clock.skew",
                #"{"skew_ms":-7200,"stopped_ms":61000}"#
            ),
            (.clockAccepted(skewMS: 5), "clock.skew", #"{"accepted":true,"skew_ms":5}"#),
            (
                .chainKeyRotated(epoch: 1, key: key), "key.rotate",
                #"{"epoch":1,"kcv":"b1d477ecb6f35d6e"}"#
            ),
            (
                .signingKeysChanged(vkeys: ["a", "b"]), "key.rotate",
                #"{"keys":[{"alg":"ed25519","vkey":"a"},{"alg":"ed25519","vkey":"b"}]}"#
            ),
            (
                .tokenCreated(credential: "ci", role: "producer", tenant: "*"),
                "account.token.created", #"{"credential":"ci","role":"producer","tenant":"*"}"#
            ),
            (.tokenRevoked(credential: "ci"), "account.token.revoked", #"{"credential":"ci"}"#),
        ]
        for (record, type, expected) in table {
            #expect(record.type == type)
            #expect(try details(record) == expected)
        }
    }
}

@Suite struct UUIDv7Tests {
    @Test("The example of RFC 9562, appendix A.6")
    func example() {
        let random: [UInt8] = [0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F]
        #expect(
            UUIDv7.make(millis: 0x017F_22E2_79B0, random: random)
                == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
    }

    @Test(
        "Version and variant are set, whatever the random bytes",
        arguments: [0x00, 0xFF] as [UInt8])
    func fixedBits(byte: UInt8) {
        let text = UUIDv7.make(millis: .max, random: Array(repeating: byte, count: 10))
        let digits = Array(text)
        #expect(digits[14] == "7" && "89ab".contains(digits[19]))
        #expect(text.hasPrefix("ffffffff-ffff-"))
        #expect(Array(text.utf8).withUnsafeBytes { Grammar.isUUID($0) })
    }

    @Test("Later identifiers sort after earlier ones")
    func order() {
        let random = Array(repeating: 0xFF, count: 10) as [UInt8]
        let texts = [0, 1, 255, 256, 1 << 40].map { UUIDv7.make(millis: $0, random: random) }
        #expect(texts == texts.sorted())
    }
}
