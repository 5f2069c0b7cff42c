// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogCrypto
import Logging
import Merkle
import NIOCore
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("A witness over HTTP")
struct WitnessServerTests {
    let folder: TemporaryFolder
    let log: CheckpointSigner
    let signer: CosignatureSigner
    let leaves = (0..<20).map { Digest.leafHash([UInt8($0)]) }

    init() throws {
        folder = try TemporaryFolder()
        log = try Self.log("log.example.com/a")
        signer = try CosignatureSigner(
            name: "w.example", key: Ed25519PrivateKey(seed: .random(count: 32))
        ).unwrap()
    }

    private static func log(_ origin: String) throws -> CheckpointSigner {
        CheckpointSigner(
            origin: origin, ed25519: try Ed25519PrivateKey(seed: .random(count: 32)),
            ecdsa: try P256PrivateKey(
                scalar: SecretBytes(copying: [UInt8](repeating: 7, count: 32))))
    }

    private func server() throws -> WitnessServer {
        WitnessServer(
            try CosigningWitness(
                signer: signer, logs: [log.verifierKey], folder: folder.path + "/logs"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs `body` against a witness that goes on from what the one before remembered.
    private func withServer(
        _ body: @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        try await server().application.test(.router) { client in
            let done: Void = try await body(client)
            return done
        }
    }

    /// The head of the first leaves, or of others in their place.
    private func head(_ size: Int, forked: Bool = false) -> TreeHead {
        var range = CompactRange()
        for (place, leaf) in leaves.prefix(size).enumerated() {
            range.append(forked && place == size - 1 ? .zero : leaf)
        }
        return range.head
    }

    /// RFC 6962 §2.1.2, from the leaves.
    private func proof(_ old: Int, _ size: Int) throws -> [Digest] {
        func root(_ part: ArraySlice<Digest>) -> Digest {
            if part.count == 1 { return part[part.startIndex] }
            let half =
                part.startIndex + 1 << (Int.bitWidth - (part.count - 1).leadingZeroBitCount - 1)
            return .node(root(part[..<half]), root(part[half...]))
        }
        func hashes(_ old: Int, _ part: ArraySlice<Digest>, _ whole: Bool) -> [Digest] {
            if old == part.count { return whole ? [] : [root(part)] }
            let width = 1 << (Int.bitWidth - (part.count - 1).leadingZeroBitCount - 1)
            let half = part.startIndex + width
            return old <= width
                ? hashes(old, part[..<half], whole) + [root(part[half...])]
                : hashes(old - width, part[half...], false) + [root(part[..<half])]
        }
        return old == 0 ? [] : hashes(old, leaves[..<size], true)
    }

    private func send(
        _ client: any TestClientProtocol, old: Int, _ head: TreeHead,
        by log: CheckpointSigner? = nil,
        proof: [Digest]? = nil
    ) async throws -> TestResponse {
        let request = try AddCheckpointRequest(
            oldSize: UInt64(old),
            proof: proof ?? self.proof(old, Int(head.size)), note: (log ?? self.log).sign(head))
        return try await post(client, request.serialized)
    }

    private func post(
        _ client: any TestClientProtocol, _ body: [UInt8]
    ) async throws -> TestResponse {
        try await client.execute(
            uri: "/add-checkpoint", method: .post, body: ByteBuffer(bytes: body))
    }

    private var path: String {
        "/\(SHA256.hash(Array(log.origin.utf8)).hex)/checkpoint"
    }

    @Test("It cosigns a head and those that extend it, and shows the newest to monitors")
    func cosigns() async throws {
        try await withServer { (client) async throws in
            #expect(try await client.execute(uri: path, method: .get).status == .notFound)
            for (old, size) in [(0, 3), (3, 3), (3, 4), (4, 20)] {
                let answer = try await send(client, old: old, head(size))
                #expect(answer.status == .ok)
                let lines = try AddCheckpointAnswer(
                    status: 200, contentType: nil, body: Array(answer.body.readableBytesView))
                guard case .cosigned(let signatures) = lines else { throw Missing() }
                let note = Note(
                    text: Checkpoint(origin: log.origin, head: head(size)).text,
                    signatures: signatures)
                #expect(try note.verifiedSignatures(by: [signer.verifierKey]) == signatures)
            }
            let shown = try await client.execute(uri: path, method: .get)
            let opened = try OpenedCheckpoint.open(
                Array(shown.body.readableBytesView), origin: log.origin,
                keys: [log.verifierKey, signer.verifierKey])
            #expect(opened.checkpoint.head == head(20) && opened.verified.count == 2)
        }
    }

    @Test("Each refusal has the protocol's status, and none changes what is remembered")
    func refusals() async throws {
        try await withServer { (client) async throws in
            #expect(try await send(client, old: 0, head(4)).status == .ok)
            let conflict = try await send(client, old: 0, head(8))
            #expect(conflict.status == .conflict && conflict.text == "4\n")
            #expect(conflict.headers[.contentType] == "text/x.tlog.size")
            #expect(try await send(client, old: 3, head(8)).status == .conflict)
            #expect(try await send(client, old: 8, head(8)).status == .conflict)
            let wrong: [(Int, TreeHead, [Digest]?)] = [
                (4, head(4, forked: true), []), (4, head(8, forked: true), nil),
                (4, head(8), []), (4, head(8), [.zero]), (4, head(4), [.zero]),
            ]
            for (old, head, proof) in wrong {
                let answer = try await send(client, old: old, head, proof: proof)
                #expect(answer.status.code == 422)
            }
            #expect(try await send(client, old: 9, head(8), proof: []).status == .badRequest)
            let stranger = try Self.log(log.origin)
            #expect(try await send(client, old: 4, head(8), by: stranger).status == .forbidden)
            let other = try Self.log("log.example.com/b")
            #expect(try await send(client, old: 4, head(8), by: other).status == .notFound)
            for body in ["", "old 4\n", "old 4\n\n", "x"] {
                #expect(try await post(client, Array(body.utf8)).status == .badRequest)
            }
            let large = try await post(client, [UInt8](repeating: 0x20, count: 70_000))
            #expect(large.status.code == 413)
            #expect(
                try await client.execute(uri: "/add-checkpoint", method: .get).status.code == 405)
            #expect(try await send(client, old: 4, head(8)).status == .ok)
        }
    }

    @Test("A first head comes with no proof, and an empty tree has one root")
    func first() async throws {
        try await withServer { (client) async throws in
            #expect(try await send(client, old: 0, head(8), proof: [.zero]).status.code == 422)
            let wrong = "\(log.origin)\n0\n\(Digest.zero.base64)\n\n— \(log.origin) AAAAAAE=\n"
            #expect(try await post(client, Array("old 0\n\n\(wrong)".utf8)).status.code == 422)
            #expect(try await send(client, old: 0, .empty).status == .ok)
            #expect(try await send(client, old: 0, head(8)).status == .ok)
        }
    }

    @Test("What it has cosigned is remembered over a restart, and a changed file is refused")
    func restart() async throws {
        try await withServer { (client) async throws in
            #expect(try await send(client, old: 0, head(4)).status == .ok)
        }
        try await withServer { (client) async throws in
            #expect(try await send(client, old: 0, head(8)).text == "4\n")
        }
        let file = folder.path + "/logs/" + SHA256.hash(Array(log.origin.utf8)).hex
        let forged = try log.sign(.empty).serialized
        try forged.write(toFile: file, atomically: false, encoding: .utf8)
        #expect(throws: (any Error).self) { try server() }
    }

    @Test("Of many heads that contradict each other and come at once, one history is cosigned")
    func race() async throws {
        try await withServer { (client) async throws in
            #expect(try await send(client, old: 0, head(4)).status == .ok)
            let cosigned = try await withThrowingTaskGroup(of: Bool?.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let forked = number % 2 == 0
                        var range = CompactRange()
                        for leaf in leaves.prefix(4) { range.append(leaf) }
                        range.append(forked ? .zero : leaves[4])
                        let next: Digest = forked ? .zero : leaves[4]
                        let answer = try await send(client, old: 4, range.head, proof: [next])
                        return answer.status == .ok ? forked : nil
                    }
                }
                var found: [Bool] = []
                for try await outcome in group.compactMap(\.self) { found.append(outcome) }
                return found
            }
            #expect(cosigned.count == 1)
        }
    }
}
