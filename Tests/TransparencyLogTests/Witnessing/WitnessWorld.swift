// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Merkle
import SignedNote
import Synchronization

@testable import TransparencyLog

/// Witnesses that live in this process, good and bad, behind the transport that a log asks by.
final class WitnessWorld: Sendable {
    /// What one witness does with a request.
    typealias Conduct =
        @Sendable (CosigningWitness, WitnessCall) async throws(WitnessFailure) -> WitnessReply

    struct Member: Sendable {
        let signer: CosignatureSigner
        let witness: CosigningWitness
    }

    let members: [Member]
    private let conducts: Mutex<[Conduct]>
    private let calls = Mutex<[String]>([])

    init(
        _ count: Int, log: VerifierKey, folder: String,
        clock: @escaping @Sendable () -> ClockReading
    )
        throws
    {
        members = try (0..<count).map { place in
            let key = try Ed25519PrivateKey(seed: .random(count: 32))
            guard let signer = CosignatureSigner(name: "w\(place).example", key: key) else {
                throw NoteError.malformedKey
            }
            return Member(
                signer: signer,
                witness: try CosigningWitness(
                    signer: signer, logs: [log], folder: "\(folder)/w\(place)", clock: clock))
        }
        conducts = Mutex(Array(repeating: Self.honest, count: count))
    }

    static let honest: Conduct = { (witness, call) throws(WitnessFailure) in
        guard let body = call.body else {
            let hash = call.url.split(separator: "/").dropLast().last ?? ""
            let note = witness.checkpoint(originHash: hash)
            return WitnessReply(
                status: note == nil ? 404 : 200, contentType: nil,
                body: Array((note ?? "").utf8))
        }
        let answer = await witness.add(body)
        let type: String? = if case .conflict = answer { AddCheckpointAnswer.sizeType } else { nil }
        return WitnessReply(status: answer.status, contentType: type, body: answer.body)
    }

    static let dead: Conduct = { (_, _) throws(WitnessFailure) in throw .unreachable }

    static func says(_ status: Int, _ body: String = "", type: String? = nil) -> Conduct {
        { (_, _) throws(WitnessFailure) in
            WitnessReply(status: status, contentType: type, body: Array(body.utf8))
        }
    }

    func set(_ place: Int, _ conduct: @escaping Conduct) {
        conducts.withLock { $0[place] = conduct }
    }

    /// The addresses that were asked, in order.
    var asked: [String] { calls.withLock { $0 } }

    func policy(_ threshold: Int) throws -> WitnessPolicy {
        var text = ""
        for (place, member) in members.enumerated() {
            text += "witness w\(place) \(member.signer.verifierKey.vkey) http://w\(place)\n"
        }
        let names = members.indices.map { "w\($0)" }.joined(separator: " ")
        text += "group g \(threshold) \(names)\nquorum g\n"
        return try WitnessPolicy(parsing: Array(text.utf8))
    }

    func settings(_ threshold: Int) throws -> WitnessSettings {
        var settings = WitnessSettings(policy: try policy(threshold)) {
            [self] (call) throws(WitnessFailure) in
            calls.withLock { $0.append(call.url) }
            let host = call.url.dropFirst("http://w".count).prefix { $0 != "/" }
            guard let place = Int(host), members.indices.contains(place) else {
                throw .unreachable
            }
            let conduct = conducts.withLock { $0[place] }
            return try await conduct(members[place].witness, call)
        }
        settings.interval = .milliseconds(20)
        settings.timeout = .seconds(20)
        settings.wait = .milliseconds(1_500)
        return settings
    }
}
