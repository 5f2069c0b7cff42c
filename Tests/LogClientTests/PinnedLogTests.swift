// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import SignedNote
import Testing

@testable import LogClient

@Suite("A pinned log")
struct PinnedLogTests {
    let log: TestLog
    let witness: VerifierKey

    init() throws {
        log = try TestLog()
        witness = try VerifierKey(parsing: BundleVector.load().witness_vkey)
    }

    @Test("It is a log's own keys, all of one name, and witnesses' keys")
    func keys() throws {
        let (own, treeHead) = (log.signer.verifierKey, log.signer.treeHeadKey)
        let pinned = try PinnedLog(keys: [own, treeHead], policy: WitnessPolicy(1, of: [witness]))
        #expect(pinned.origin.text == TestLog.origin)
        #expect(try PinnedLog(vkey: own.vkey).keys == [own])
        let other = try VerifierKey(parsing: BundleVector.load().vkey)
        #expect(throws: PinError.noLogKey) { try PinnedLog(keys: []) }
        #expect(throws: PinError.severalLogs) { try PinnedLog(keys: [own, other]) }
        #expect(throws: PinError.wrongKeyType) { try PinnedLog(keys: [witness]) }
        #expect(throws: PinError.noLogKey) {
            try PinnedLog(policy: WitnessPolicy(1, of: [witness]))
        }
        #expect(throws: PinError.malformedKey(.malformedKey)) { try PinnedLog(vkey: "") }
    }

    @Test("A policy that names logs pins one of them, and refuses any other")
    func policyOfALog() throws {
        let own = log.signer.verifierKey
        let text = "log \(own.vkey)\nwitness w \(witness.vkey)\nquorum w\n"
        let policy = try WitnessPolicy(parsing: Array(text.utf8))
        #expect(try PinnedLog(policy: policy) == PinnedLog(keys: [own], policy: policy))
        let other = try VerifierKey(parsing: BundleVector.load().vkey)
        #expect(throws: PinError.notInPolicy) { try PinnedLog(keys: [other], policy: policy) }
    }

    @Test("A checkpoint of the log that no pinned witness cosigned does not meet a quorum")
    func quorum() throws {
        let note = try log.signer.sign(.empty).serialized
        let pinned = try PinnedLog(
            keys: [log.signer.verifierKey], policy: WitnessPolicy(1, of: [witness]))
        let error = #expect(throws: VerifyError.quorumNotMet(got: 0, want: 1)) {
            try pinned.open(Array(note.utf8))
        }
        #expect(error?.verdict == .unverifiable)
    }

    @Test("A leaf is not later than the tree head's signature")
    func treeHeadTime() throws {
        let head = TreeHead(size: 1, root: .zero)
        let note = try log.signer.addTreeHeadSignature(
            to: log.signer.sign(head), head: head, timestampMS: 5000)
        let pinned = try log.pinned()
        let opened = try pinned.open(Array(note.serialized.utf8))
        try pinned.checkTime(5000, under: opened)
        #expect(throws: VerifyError.leafAfterTreeHead(leafMS: 5001, signedMS: 5000)) {
            try pinned.checkTime(5001, under: opened)
        }
    }

    @Test("A leaf is at most five minutes later than a cosignature")
    func cosignatureTime() throws {
        let vector = try BundleVector.load()
        let pinned = try vector.witnessed()
        let opened = try pinned.open(Array(vector.valid.checkpoint.utf8))
        let latestMS: UInt64 = (1_780_300_801 + 300) * 1000
        for timestampMS in [0, 1, 299_999, latestMS] {
            try pinned.checkTime(timestampMS, under: opened)
        }
        for timestampMS in [latestMS + 1, .max] {
            #expect(throws: VerifyError.self) { try pinned.checkTime(timestampMS, under: opened) }
        }
    }
}
