// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@testable import LogClient

@Suite("Bundle sets")
struct BundleSetTests {
    let vector: BundleSetVector

    init() throws {
        vector = try .load()
    }

    private func verify(
        _ bytes: [UInt8], by pinned: PinnedLog, piece: Int = .max,
        erasures: ErasureRecords = ErasureRecords()
    ) throws(BundleSetError) -> VerifiedBundleSet {
        var verifier = BundleSetVerifier(pinned, erasures: erasures)
        var rest = bytes[...]
        while !rest.isEmpty {
            try verifier.read(rest.prefix(piece))
            rest = rest.dropFirst(piece)
        }
        return try verifier.finish()
    }

    private func refusal(of bytes: [UInt8], by pinned: PinnedLog) -> BundleSetError? {
        do {
            _ = try verify(bytes, by: pinned)
            return nil
        } catch {
            return error
        }
    }

    @Test("The vector is verified in pieces of any size, and says what it shows and hides")
    func valid() throws {
        for piece in [1, 7, 4_096, .max] {
            let set = try verify(vector.bytes, by: vector.witnessed(), piece: piece)
            #expect(set.records == 5)
            #expect(set.checkpoint.checkpoint.head.size == 15)
            #expect(set.witnesses == ["witness.example.net/w1"])
            #expect(set.header.range == 3..<15)
            #expect(set.header.fields?.count == 9)
            #expect(set.skipped == 7)
            #expect(set.erased == 0)
            #expect(!set.showsAll)
            #expect(set.shown["v"] == 5 && set.shown["details"] == 2)
            #expect(set.withheld["actor"] == 5 && set.withheld["arguments"] == 1)
            #expect(
                set.erasedFields
                    == [.init(name: "arguments", erasedBy: 14, isProven: true, count: 1)])
            #expect(set.reports.map(\.kind) == [.chain])
            #expect(set.vouchedBy == 15)
            #expect(set.digest.hex == vector.sha256)
        }
    }

    @Test("A set tells itself from a bundle by its first line")
    func kinds() {
        #expect(BundleSetVerifier.begins(vector.bytes))
        #expect(!BundleSetVerifier.begins(vector.erasure.bytes))
        #expect(!BundleSetVerifier.begins([]))
    }

    @Test("Every mutation of the vector has a test here")
    func complete() {
        #expect(Set(vector.mutations) == Set(SetMutation.all.map(\.name)))
    }

    @Test("Every mutation is refused, for its own reason", arguments: SetMutation.all)
    func mutations(mutation: SetMutation) throws {
        let pinned = try vector.witnessed()
        for bytes in mutation.apply(vector) {
            let refusal = refusal(of: bytes, by: pinned)
            #expect(mutation.isExpected(refusal), "\(refusal.map { "\($0)" } ?? "accepted")")
        }
    }

    @Test("Every prefix is refused as one that proves nothing")
    func prefixes() throws {
        let pinned = try vector.pinned()
        for prefix in everyPrefix(of: vector.bytes) {
            #expect(refusal(of: prefix, by: pinned)?.verdict == .unverifiable)
        }
    }

    @Test("Every bumped byte is refused, or lies in a line by a key that nobody pinned")
    func bumped() throws {
        let pinned = try vector.pinned()
        let last = vector.bytes.count - (vector.lines.last?.utf8.count ?? 0)
        for (place, bytes) in everyBumpedByte(of: vector.bytes).enumerated() {
            guard let set = try? verify(bytes, by: pinned) else { continue }
            #expect(place >= last, "\(place)")
            #expect(set.digest.hex == vector.sha256)
        }
    }

    @Test("Lines have a limit, and nothing is kept of what exceeds it")
    func limits() throws {
        let pinned = try vector.pinned()
        let long = [UInt8](repeating: UInt8(ascii: " "), count: BundleSetLine.byteLimit + 1)
        #expect(refusal(of: long, by: pinned) == .lineTooLong(1))
        let second = Array(vector.lines[0].utf8) + [10] + long
        #expect(refusal(of: second, by: pinned) == .lineTooLong(2))
    }

    // MARK: Erasures

    @Test("A record that was erased as a whole is counted, once its erasure is at hand")
    func wholeRecords() throws {
        var erasures = ErasureRecords()
        try erasures.learn(
            EvidenceBundle(parsing: vector.erasure.bytes).verify(by: vector.pinned()))
        let set = try verify(vector.bytes, by: vector.pinned(), erasures: erasures)
        #expect(set.skipped == 7)
        #expect(set.erased == 1)
        var fromSet = ErasureRecords()
        fromSet.learn(set)
        #expect(try verify(vector.bytes, by: vector.pinned(), erasures: fromSet).erased == 1)
    }

    @Test("A bundle's claim of an erasure is held against the erasure record")
    func claims() throws {
        let pinned = try vector.pinned()
        let claimed = try EvidenceBundle(parsing: vector.claimed.bytes).verify(by: pinned)
        let none = try claimed.erasedFields(by: ErasureRecords())
        #expect(none == [.init(name: "arguments", erasedBy: 14, isProven: false, count: 1)])
        var erasures = ErasureRecords()
        erasures.learn(try verify(vector.bytes, by: pinned))
        #expect(try claimed.erasedFields(by: erasures).allSatisfy(\.isProven))
        var other = vector.claimed
        for place in other.fields.indices where other.fields[place].name == "actor" {
            other.fields[place].erased = 14
        }
        let lie = try EvidenceBundle(parsing: other.bytes).verify(by: pinned)
        #expect(throws: VerifyError.falseErasure(record: 7, by: 14)) {
            try lie.erasedFields(by: erasures)
        }
    }

    @Test("Only an erasure record tells of erasures")
    func notAnErasure() throws {
        var erasures = ErasureRecords()
        let other = try EvidenceBundle(parsing: vector.claimed.bytes).verify(by: vector.pinned())
        #expect(throws: ErasureError.notAnErasure(7)) { try erasures.learn(other) }
    }

    @Test("What says which record it is cannot be claimed to be erased")
    func neverErased() throws {
        for name in ["id", "received", "tenant", "type"] {
            var json = vector.claimed
            let place = try #require(
                json.fields.firstIndex { $0.member?.hasPrefix("\"\(name)\"") ?? false })
            let zero = String(repeating: "0", count: 64)
            json.fields[place] = .init(name: name, digest: zero, erased: 14)
            #expect(throws: ProofFileError.malformed("fields[\(place)].erased")) {
                try EvidenceBundle(parsing: json.bytes)
            }
        }
    }
}
