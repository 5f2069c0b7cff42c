// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogClient
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Synchronization
import Testing
import TransparencyLog

@testable import LogServer

/// Three witnesses in this process, of which any number can be away.
final class NearWitnesses: Sendable {
    let signers: [CosignatureSigner]
    private let witnesses = Mutex<[CosigningWitness]>([])
    private let away = Mutex<Set<Int>>([])

    init() throws {
        signers = try (0..<3).map { place in
            let key = try Ed25519PrivateKey(seed: .random(count: 32))
            return try CosignatureSigner(name: "w\(place).example", key: key).unwrap()
        }
    }

    func set(away places: Set<Int>) { away.withLock { $0 = places } }

    func policy() throws -> WitnessPolicy {
        let lines = signers.enumerated().map { place, signer in
            "witness w\(place) \(signer.verifierKey.vkey) http://w\(place)\n"
        }
        return try WitnessPolicy(
            parsing: Array((lines.joined() + "group g 2 w0 w1 w2\nquorum g\n").utf8))
    }

    func settings(
        _ keys: LogKeys, _ folder: String, _ mode: WitnessSettings.FailureMode = .open,
        wait: Duration = .seconds(50),
        clock: @escaping @Sendable () -> ClockReading = { SystemClock.read() }
    ) throws -> WitnessSettings {
        let made = try signers.enumerated().map { place, signer in
            try CosigningWitness(
                signer: signer, logs: [keys.signer.verifierKey], folder: "\(folder)/w\(place)",
                clock: clock)
        }
        witnesses.withLock { $0 = made }
        var settings = WitnessSettings(policy: try policy()) {
            [self] (call) throws(WitnessFailure) in try await answer(call)
        }
        settings.onFailure = mode
        settings.interval = .milliseconds(20)
        settings.wait = wait
        settings.archiveFolder = folder + "/witnessed"
        return settings
    }

    private func answer(_ call: WitnessCall) async throws(WitnessFailure) -> WitnessReply {
        let host = call.url.dropFirst("http://w".count).prefix { $0 != "/" }
        guard let place = Int(host), !away.withLock({ $0.contains(place) }), let body = call.body
        else { throw .unreachable }
        let answer = await witnesses.withLock { $0[place] }.add(body)
        let type: String? = if case .conflict = answer { AddCheckpointAnswer.sizeType } else { nil }
        return WitnessReply(status: answer.status, contentType: type, body: answer.body)
    }
}

@Suite("What witnesses vouch for")
struct WitnessedRouteTests {
    let near: NearWitnesses

    init() throws {
        near = try NearWitnesses()
    }

    private func fixture(
        _ mode: WitnessSettings.FailureMode = .open, wait: Duration = .seconds(50)
    ) async throws -> ServerFixture {
        try await ServerFixture(witnesses: { try near.settings($0, $1, mode, wait: wait) })
    }

    @Test("A receipt that waited is under a head that meets the policy, in each form of answer")
    func waits() async throws {
        let fixture = try await fixture()
        let pinned = try PinnedLog(
            keys: [fixture.log.keys.signer.verifierKey], policy: near.policy())
        let one = try await fixture.submit(ServerFixture.record(), query: "?wait=witnessed")
        #expect(one.status == .created)
        #expect(try one.json()["witnessed"] as? Bool == true)
        let receipt = try Receipt(parsing: Array(one.body.readableBytesView))
        #expect(try receipt.verify(by: pinned).proven.witnesses.count >= 2)
        let array = try await fixture.submit(
            "[\(ServerFixture.record("a")),\(ServerFixture.record("b"))]", query: "?wait=witnessed")
        #expect(try array.json()["witnessed"] as? Bool == true)
        let note = try (array.json()["checkpoint"] as? String).unwrap()
        #expect(throws: Never.self) { try pinned.open(Array(note.utf8)) }
        let lines = try await fixture.submit(
            ServerFixture.record("c"), query: "?wait=witnessed", type: "application/x-ndjson")
        #expect(lines.text.hasSuffix("\"witnessed\":true}\n"))
        let plain = try await fixture.submit(ServerFixture.record("d"))
        #expect(try plain.json()["witnessed"] == nil)
        await fixture.log.shutDown()
    }

    @Test("Evidence is under a witnessed head, as far as that reaches")
    func evidence() async throws {
        let fixture = try await fixture()
        let pinned = try PinnedLog(
            keys: [fixture.log.keys.signer.verifierKey], policy: near.policy())
        let early = try await fixture.send(
            .get, "/v1/audit/bundles?head=witnessed", as: .auditor)
        #expect(try early.status == .ok || early.code() == "not_witnessed")
        _ = try await fixture.submit(ServerFixture.record(), query: "?wait=witnessed")
        near.set(away: [0, 1, 2])
        let later = try await fixture.submit(ServerFixture.record("y")).json()["index"] as? Int
        for (index, isWitnessed) in [(1, true), (try later.unwrap(), false)] {
            let answer = try await fixture.send(.get, "/v1/audit/\(index)/bundle", as: .auditor)
            let bundle = try EvidenceBundle(parsing: Array(answer.body.readableBytesView))
            if isWitnessed {
                #expect(try bundle.verify(by: pinned).proven.witnesses.count >= 2)
            } else {
                #expect(throws: VerifyError.self) { try bundle.verify(by: pinned) }
            }
        }
        let size = try fixture.log.witnessed.unwrap().head.size
        let set = try await fixture.bundleSet("?head=witnessed")
        #expect(set.checkpoint.checkpoint.head.size == size && set.showsAll)
        #expect(try await fixture.bundleSet("?head=newest").records > set.records)
        let export = try await fixture.export("?format=ndjson&head=witnessed")
        let verified = try ExportVerifier(pinned, manifest: export.manifest).manifest
        #expect(verified.range == 0..<size && verified.showsAll)
        let newest = try await fixture.export("?format=ndjson").manifest
        #expect(throws: ExportError.self) { _ = try ExportVerifier(pinned, manifest: newest) }
        let wrong = try await fixture.send(.get, "/v1/audit/bundles?head=x", as: .auditor)
        #expect(wrong.status == .badRequest)
        await fixture.log.shutDown()
    }

    @Test("Without a quorum an open log says so, and a closed one gives no receipt")
    func withoutQuorum() async throws {
        near.set(away: [0, 1])
        let open = try await fixture(wait: .milliseconds(300))
        let answer = try await open.submit(ServerFixture.record(), query: "?wait=witnessed")
        #expect(answer.status == .created)
        #expect(try answer.json()["witnessed"] as? Bool == false)
        #expect(throws: Never.self) { try Receipt(parsing: Array(answer.body.readableBytesView)) }
        #expect(try await open.send(.get, "/witnessed/checkpoint").status == .notFound)
        #expect(try await open.send(.get, "/readyz").status == .ok)
        await open.log.shutDown()

        let closed = try await fixture(.closed, wait: .milliseconds(2_000))
        let first = try await closed.submit(ServerFixture.record(), key: "k")
        #expect(first.status == .serviceUnavailable)
        #expect(try first.code() == "not_witnessed")
        #expect(await eventually { closed.log.lacksWitnesses })
        let size = closed.size
        let second = try await closed.submit(ServerFixture.record("y"), key: "l")
        #expect(try second.code() == "witnesses_unavailable")
        #expect(closed.size == size)
        let ready = try await closed.send(.get, "/readyz")
        #expect(ready.status == .serviceUnavailable)
        #expect(try ready.json()["reason"] as? String == "witnesses_unavailable")
        near.set(away: [])
        let isWitnessed = try await eventually {
            let retry = try await closed.submit(ServerFixture.record(), key: "k")
            return try retry.status == .ok && retry.json()["witnessed"] as? Bool == true
        }
        #expect(isWitnessed)
        await closed.log.shutDown()
    }

    @Test("The witnessed tree has its checkpoint and tiles, and its heads are kept")
    func tree() async throws {
        let fixture = try await fixture()
        _ = try await fixture.submit(ServerFixture.record(), query: "?wait=witnessed")
        let note = try await fixture.send(.get, "/witnessed/checkpoint")
        #expect(note.status == .ok && note.headers[.accessControlAllowOrigin] == "*")
        #expect(note.text.hasPrefix("log.example.com/test\n2\n"))
        near.set(away: [0, 1, 2])
        _ = try await fixture.submit(ServerFixture.record("y"))
        for (path, status) in [
            ("/witnessed/tile/0/000.p/2", 200), ("/witnessed/tile/entries/000.p/2", 200),
            ("/witnessed/tile/0/000.p/3", 404), ("/tile/0/000.p/3", 200),
            ("/witnessed/tile/0/0", 404), ("/witnessed/tile/0/000", 404),
        ] {
            #expect(try await fixture.send(.get, path).status.code == status, "\(path)")
        }
        let kept = try await fixture.send(.get, "/v1/checkpoints?since=1").json()
        #expect(
            (kept["checkpoints"] as? [String])?.last?.hasPrefix("log.example.com/test\n2\n") == true
        )
        let none = try await fixture.send(.get, "/v1/checkpoints?since=2").json()
        #expect((none["checkpoints"] as? [String])?.isEmpty == true)
        #expect(try await fixture.send(.get, "/v1/checkpoints?since=x").status == .badRequest)
        await fixture.log.shutDown()
    }

    @Test("The log says whom it asks, and how they do")
    func description() async throws {
        near.set(away: [2])
        let fixture = try await fixture()
        _ = try await fixture.submit(ServerFixture.record(), query: "?wait=witnessed")
        let log = try await fixture.send(.get, "/v1/log").json()
        let witnesses = try (log["witnesses"] as? [[String: String]]).unwrap()
        #expect(witnesses.map { $0["vkey"] } == near.signers.map { $0.verifierKey.vkey })
        let policy = try (log["witness_policy"] as? [String: Any]).unwrap()
        #expect(policy["on_failure"] as? String == "open" && policy["fewest"] as? Int == 2)
        let text = try (policy["policy"] as? String).unwrap()
        #expect(try WitnessPolicy(parsing: Array(text.utf8)) == near.policy())
        let ready = try await fixture.send(.get, "/readyz").json()
        let state = try (ready["witnessed"] as? [String: Any]).unwrap()
        #expect(state["met"] as? Bool == true)
        let each = try (state["witnesses"] as? [[String: Any]]).unwrap()
        #expect(each.map { $0["failure"] as? String } == [nil, nil, "unreachable"])
        await fixture.log.shutDown()
    }
}
