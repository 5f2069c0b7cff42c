// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogClient
import LogCrypto
import LogTesting
import Merkle
import NIOCore
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Evidence of a fork of this log")
struct ForkRouteTests {
    @Test("Anyone may report a fork: it becomes one record, with the whole proof, and an alarm")
    func reported() async throws {
        let fixture = try await ServerFixture()
        let file = try Self.evidence(by: fixture)
        let before = try await fixture.send(.get, "/readyz").json()
        #expect(before["forks_proven"] == nil)

        let first = try await Self.send(file, fixture)
        #expect(first.status == .created)
        let index = try #require(try first.json()["index"] as? Int)
        let size = fixture.size
        let again = try await Self.send(file, fixture)
        #expect(again.status == .ok)
        #expect(try again.json()["index"] as? Int == index)
        #expect(fixture.size == size, "the same evidence is recorded once")

        let ready = try await fixture.send(.get, "/readyz")
        #expect(ready.status == .ok)
        #expect(try ready.json()["forks_proven"] as? Int == 1)
        #expect(try ready.json()["first_fork"] as? String == first.json()["id"] as? String)

        let record = try await fixture.send(.get, "/v1/audit/\(index)", as: .auditor)
        let value = try JSONValue.parse(
            Array(record.body.readableBytesView), limits: JSONLimits(byteCount: 1 << 20))
        let evidence = try #require(Self.member("evidence", of: value))
        let kept = try ForkEvidence(parsing: evidence.canonical)
        #expect(
            try kept.verify(by: PinnedLog(vkey: fixture.log.keys.signer.verifierKey.vkey)).id.hex
                == first.json()["id"] as? String)
    }

    @Test("What proves nothing is refused, and is neither recorded nor an alarm")
    func refused() async throws {
        let fixture = try await ServerFixture()
        let other = try await ServerFixture()
        let size = fixture.size
        let sound = try Self.evidence(by: fixture)
        for file in [
            "", "{}", String(sound.dropLast()), try Self.evidence(by: other),
            sound.replacing("evident/v1", with: "evident/v2"),
        ] {
            let response = try await Self.send(file, fixture)
            #expect(response.status == .badRequest)
            #expect(try response.code() == "fork_not_proven")
        }
        let long = sound + String(repeating: " ", count: ForkEvidence.byteLimit)
        #expect(try await Self.send(long, fixture).status == .contentTooLarge)
        let text = try await Self.send(sound, fixture, type: "text/plain")
        #expect(text.status == .unsupportedMediaType)
        #expect(fixture.size == size)
        #expect(try await fixture.send(.get, "/readyz").json()["forks_proven"] == nil)
    }

    @Test("Reports are bounded: checks by the second, records by the minute")
    func bounded() async throws {
        let fixture = try await ServerFixture()
        var codes: [String?] = []
        for root in 1...6 {
            let response = try await Self.send(
                try Self.evidence(by: fixture, root: UInt8(root)), fixture)
            codes.append(response.status == .created ? nil : try response.code())
        }
        #expect(codes == [nil, nil, nil, nil, nil, "too_many_reports"])
        #expect(
            try await Self.send(try Self.evidence(by: fixture, root: 1), fixture).status == .ok)
        // All at once, and again if this machine took its time over them.
        let isRefused = try await eventually {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await Self.send("{}", fixture).status == .tooManyRequests
                    }
                }
                return try await group.reduce(false) { $0 || $1 }
            }
        }
        #expect(isRefused)
    }

    @Test("A bucket lets through what it holds, and then one in each interval")
    func bucket() {
        let start = ContinuousClock.now
        var bucket = TokenBucket(capacity: 2, interval: .seconds(10), now: start)
        let seconds = [0, 0, 0, 9, 10, 10, 25, 26, 100, 100, 100]
        let taken = seconds.map { bucket.take(start + .seconds($0)) }
        #expect(
            taken == [true, true, false, false, true, false, true, false, true, true, false])
    }

    /// Evidence that the fixture's key signed two heads of one size.
    private static func evidence(by fixture: ServerFixture, root: UInt8 = 1) throws -> String {
        let signer = fixture.log.keys.signer
        let roots = [SHA256.hash([0]), SHA256.hash([root])].sorted {
            $0.bytes.lexicographicallyPrecedes($1.bytes)
        }
        let trees = try roots.map { root in
            let note = try signer.sign(TreeHead(size: 9, root: root)).serialized
            let text = note.replacing("\n", with: "\\n")
            return #"{"checkpoint":"\#(text)","nodes":["\#(root.base64)"]}"#
        }
        return #"{"fork":"evident/v1","size":9,"trees":[\#(trees.joined(separator: ","))]}"#
    }

    private static func send(
        _ file: String, _ fixture: ServerFixture, type: String = "application/vnd.evident.fork+json"
    ) async throws -> TestResponse {
        try await fixture.send(
            .post, "/v1/fork-evidence", headers: [.contentType: type], body: file)
    }

    /// A member of any object in a value.
    private static func member(_ name: String, of value: JSONValue) -> JSONValue? {
        if let found = value[name] { return found }
        for member in value.members ?? [] {
            if let found = Self.member(name, of: member.value) { return found }
        }
        return nil
    }
}
