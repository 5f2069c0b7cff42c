// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import SignedNote

@Suite("Witness policies")
struct WitnessPolicyTests {
    let log: VerifierKey
    let witnesses: [VerifierKey]

    init() throws {
        log = try Self.key("log.example/a", as: VerifierKey.ed25519)
        witnesses = try (1...6).map {
            try Self.key("w\($0).example", as: VerifierKey.cosignature)
        }
    }

    private static func key(
        _ name: String, as type: (String, Ed25519PublicKey) -> VerifierKey
    ) throws -> VerifierKey {
        type(name, try Ed25519PrivateKey(seed: SecretBytes.random(count: 32)).publicKey)
    }

    private func parse(_ text: String) throws -> WitnessPolicy {
        try WitnessPolicy(parsing: Array(text.utf8))
    }

    /// The specification's example, with keys, and white space and comments of every kind.
    private var example: String {
        """
        # a policy
        log \(log.vkey) https://log.example/a
        \t
        witness X1 \(witnesses[0].vkey) https://x1.example/
         witness\t X2 \(witnesses[1].vkey)\u{20}
        witness X3 \(witnesses[2].vkey)
        \t# all of X: é
        group X-witnesses 2 X1 X2 X3

        witness Y1 \(witnesses[3].vkey)
        witness Y2 \(witnesses[4].vkey)
        witness Y3 \(witnesses[5].vkey)
        group Y-witnesses any Y1 Y2 Y3

        group X-and-Y all X-witnesses Y-witnesses
        quorum X-and-Y

        """
    }

    @Test("The specification's example counts two of three and one of three, of all 64 subsets")
    func nested() throws {
        let policy = try parse(example)
        #expect(policy.logs.map(\.key) == [log])
        #expect(policy.logs.map(\.url) == ["https://log.example/a"])
        #expect(policy.witnesses.map(\.name) == ["X1", "X2", "X3", "Y1", "Y2", "Y3"])
        #expect(policy.witnesses.map(\.url).first == "https://x1.example/")
        #expect(policy.fewest == 3)
        for subset in 0..<64 {
            let keys = Set(witnesses.indices.filter { subset >> $0 & 1 == 1 }.map { witnesses[$0] })
            let isMet = (subset & 7).nonzeroBitCount >= 2 && subset >> 3 != 0
            #expect(policy.isSatisfied(by: keys) == isMet)
        }
    }

    @Test("A policy prints as a file that means the same")
    func roundTrip() throws {
        for text in [example, "quorum none\n", "log \(log.vkey)\nquorum none\n"] {
            let policy = try parse(text)
            #expect(try WitnessPolicy(parsing: policy.serialized) == policy)
        }
    }

    @Test("A quorum is none, a witness, or a number of some")
    func quorums() throws {
        #expect(WitnessPolicy.none.isSatisfied(by: []))
        #expect(try parse("quorum none\n") == .none)
        let one = try parse("witness w \(witnesses[0].vkey)\nquorum w\n")
        #expect(one.fewest == 1)
        #expect(one.isSatisfied(by: [witnesses[0]]))
        #expect(!one.isSatisfied(by: [witnesses[1], log]))
        let two = try WitnessPolicy(2, of: Array(witnesses.prefix(3)))
        #expect(!two.isSatisfied(by: [witnesses[0], witnesses[4]]))
        #expect(two.isSatisfied(by: [witnesses[0], witnesses[2]]))
        #expect(try WitnessPolicy(0, of: witnesses).isSatisfied(by: []))
        #expect(throws: WitnessPolicyError.thresholdOutOfReach(0)) {
            try WitnessPolicy(2, of: [witnesses[0]])
        }
        #expect(throws: WitnessPolicyError.duplicateKey(0)) {
            try WitnessPolicy(1, of: [witnesses[0], witnesses[0]])
        }
    }

    @Test("Each rule of the format is kept")
    func refusals() throws {
        let (a, b) = (witnesses[0].vkey, witnesses[1].vkey)
        let renamed = try VerifierKey.cosignature(
            name: "other.example", #require(Self.publicKey(of: witnesses[0]))
        ).vkey
        let cases: [(String, WitnessPolicyError)] = [
            ("", .noFinalNewline), ("quorum none", .noFinalNewline), ("\n", .noQuorum),
            ("quorum none\nquorum none\n", .severalQuorums(2)), ("quorum x\n", .undefinedName(1)),
            ("quorum\n", .malformedLine(1)), ("quorum none x\n", .malformedLine(1)),
            ("Quorum none\n", .malformedLine(1)), ("quorum none\r\n", .malformedLine(1)),
            ("quorum none\u{7F}\n", .malformedLine(1)), ("quorum none #\n", .malformedLine(1)),
            ("quorum w\nwitness w \(a)\n", .undefinedName(1)),
            ("log x\n", .malformedKey(1, .malformedKey)),
            ("log \(a)\n", .wrongKeyType(1)), ("witness w \(log.vkey)\n", .wrongKeyType(1)),
            ("log \(log.vkey)\nlog \(log.vkey)\n", .duplicateKey(2)),
            ("witness w \(a)\nwitness v \(a)\n", .duplicateKey(2)),
            ("witness w \(a)\nwitness v \(renamed)\n", .duplicateKey(2)),
            ("witness w \(a)\nwitness w \(b)\n", .duplicateName(2)),
            ("witness none \(a)\n", .duplicateName(1)),
            ("witness w \(a)\ngroup w 1 w\n", .duplicateName(2)),
            ("witness w \(a)\ngroup none 1 w\n", .duplicateName(2)),
            ("witness w \(a)\ngroup g 1 g\n", .undefinedName(2)),
            ("witness w \(a)\ngroup g 1 none\n", .undefinedName(2)),
            ("witness w \(a)\ngroup g 1 w w\n", .repeatedMember(2)),
            ("witness w \(a)\ngroup g 1 w\ngroup h 1 w\n", .repeatedMember(3)),
            ("witness w \(a)\ngroup g 0 w\n", .thresholdOutOfReach(2)),
            ("witness w \(a)\ngroup g 2 w\n", .thresholdOutOfReach(2)),
            ("witness w \(a)\ngroup g 01 w\n", .malformedLine(2)),
            ("witness w \(a)\ngroup g +1 w\n", .malformedLine(2)),
            ("witness w \(a)\ngroup g 18446744073709551615 w\n", .malformedLine(2)),
            ("witness w \(a)\ngroup g 1\n", .malformedLine(2)),
            ("witness w \(a) u v\n", .malformedLine(1)), ("mirror m \(a)\n", .malformedLine(1)),
        ]
        for (text, error) in cases {
            #expect(throws: error, "\(text.debugDescription)") { try parse(text) }
        }
    }

    private static func publicKey(of key: VerifierKey) -> Ed25519PublicKey? {
        let material = key.vkey.split(separator: "+", maxSplits: 2).last.flatMap {
            Base64.decode($0)
        }
        return material.flatMap { Ed25519PublicKey(bytes: Array($0.dropFirst())) }
    }

    @Test("Names are octets: what Unicode equates is not the same, and any octet may stand in one")
    func octets() throws {
        let text = "witness K \(witnesses[0].vkey)\nwitness \u{212A} \(witnesses[1].vkey)\n"
        let policy = try parse(text + "quorum \u{212A}\n")
        #expect(policy.isSatisfied(by: [witnesses[1]]) && !policy.isSatisfied(by: [witnesses[0]]))
        let raw =
            Array("witness ".utf8) + [0xFF] + Array(" \(witnesses[0].vkey)\nquorum ".utf8)
            + [0xFF, 0x0A]
        let other = try WitnessPolicy(parsing: raw)
        #expect(other.serialized == raw)
    }

    @Test("As many of a kind as a policy may have, and not one more")
    func limits() throws {
        let keys = try (0...WitnessPolicy.maxCount).map {
            try Self.key("w\($0)", as: VerifierKey.cosignature)
        }
        #expect(try WitnessPolicy(64, of: keys.dropLast()).fewest == 64)
        #expect(throws: WitnessPolicyError.tooMany(0)) { try WitnessPolicy(1, of: keys) }
        let long = [UInt8](repeating: 0x20, count: WitnessPolicy.maxBytes) + [0x0A]
        #expect(throws: WitnessPolicyError.tooLarge) { try WitnessPolicy(parsing: long) }
    }

    @Test("Every prefix and bumped byte is refused, or means what it prints")
    func mutations() throws {
        let text =
            "log \(log.vkey)\nwitness a \(witnesses[0].vkey) u\nwitness b \(witnesses[1].vkey)\n"
            + "group g 1 a b\nquorum g\n"
        let bytes = Array(text.utf8)
        for prefix in everyPrefix(of: bytes) {
            #expect(throws: WitnessPolicyError.self) { try WitnessPolicy(parsing: prefix) }
        }
        for mutant in everyBumpedByte(of: bytes) {
            guard let policy = try? WitnessPolicy(parsing: mutant) else { continue }
            #expect(try WitnessPolicy(parsing: policy.serialized) == policy)
        }
    }
}
