// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import HTTPTypes
import HummingbirdTesting
import LogCrypto
import Merkle
import NIOCore
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("What third parties read")
struct TreeRouteTests {
    private static func fixture(records: Int) async throws -> ServerFixture {
        let fixture = try await ServerFixture()
        let lines = (0..<records).map { ServerFixture.record("\($0)") }
        _ = try await fixture.submit(
            lines.joined(separator: "\n"), type: "application/x-ndjson")
        return fixture
    }

    @Test("The checkpoint is opened by both keys of the log")
    func checkpoint() async throws {
        let fixture = try await Self.fixture(records: 4)
        let response = try await fixture.send(.get, "/checkpoint")
        #expect(response.headers[.contentType] == "text/plain; charset=utf-8")
        #expect(response.headers[.cacheControl] == "no-store")
        #expect(response.headers[.accessControlAllowOrigin] == "*")
        let signer = fixture.log.keys.signer
        let opened = try OpenedCheckpoint.open(
            Array(response.body.readableBytesView), origin: signer.origin,
            keys: [signer.verifierKey, signer.treeHeadKey])
        #expect(opened.checkpoint.head.size == 5)
        #expect(opened.verified.count == 2)
    }

    @Test("Tiles of every width up to the published one, for ever")
    func tiles() async throws {
        let fixture = try await Self.fixture(records: 299)
        for path in [
            "/tile/0/000", "/tile/0/000.p/17", "/tile/0/001.p/44", "/tile/0/001.p/1",
            "/tile/1/000.p/1", "/tile/entries/000", "/tile/entries/001.p/44",
        ] {
            let response = try await fixture.send(.get, path)
            #expect(response.status == .ok, "\(path)")
            #expect(response.headers[.contentType] == "application/octet-stream")
            #expect(
                response.headers[.cacheControl] == "public, max-age=31536000, immutable")
            #expect(response.headers[.accessControlAllowOrigin] == "*")
            let tile = try Tile(path: path.dropFirst()).unwrap()
            let unit = tile.level == .entries ? 2 + Leaf.byteCount : Digest.byteCount
            #expect(response.body.readableBytes == tile.width * unit)
        }
    }

    @Test("An entry bundle is compressed where the client asks for it, a hash tile never")
    func gzip() async throws {
        let fixture = try await Self.fixture(records: 255)
        let plain = try await fixture.send(.get, "/tile/entries/000")
        #expect(plain.headers[.vary] == "Accept-Encoding" && plain.headers[.contentEncoding] == nil)
        for (path, field, isCompressed) in [
            ("/tile/entries/000", "gzip", true),
            ("/tile/entries/000", "br;q=1, GZIP ; q=0.5", true),
            ("/tile/entries/000", "gzip;q=0, identity", false), ("/tile/0/000", "gzip", false),
        ] {
            let answer = try await fixture.send(.get, path, headers: [.acceptEncoding: field])
            #expect(
                (answer.headers[.contentEncoding] == "gzip") == isCompressed, "\(path) \(field)")
            guard isCompressed else { continue }
            #expect(answer.body.readableBytes < plain.body.readableBytes * 4 / 5)
            let process = Process()
            let (input, output) = (Pipe(), Pipe())
            process.executableURL = URL(filePath: "/bin/gzip")
            process.arguments = ["-dc"]
            (process.standardInput, process.standardOutput) = (input, output)
            try process.run()
            try input.fileHandleForWriting.write(contentsOf: Data(answer.body.readableBytesView))
            try input.fileHandleForWriting.close()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            #expect([UInt8](text) == Array(plain.body.readableBytesView))
        }
    }

    @Test(
        "What is not published, and what is no tile, is 404 and not kept",
        arguments: [
            "/tile/0/001", "/tile/0/001.p/45", "/tile/1/000", "/tile/2/000.p/1", "/tile/64/000",
            "/tile/0/0", "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/01",
            "/tile/0/x000/000", "/tile/00/000", "/tile/entries/002.p/1", "/tile", "/tile/",
            "/tile//0/000", "/tile/0/000/", "/tile/0/%30%30%30", "/tile/../checkpoint",
        ])
    func missingTiles(_ path: String) async throws {
        let fixture = try await Self.fixture(records: 299)
        let response = try await fixture.send(.get, path)
        #expect(response.status == .notFound)
        #expect(response.headers[.cacheControl] == "no-store")
    }

    @Test("Inclusion proofs verify, by index and by hash, at every size asked for")
    func inclusion() async throws {
        let fixture = try await Self.fixture(records: 20)
        let proof = try await fixture.send(.get, "/v1/proof/inclusion?index=7").json()
        let hash = try (proof["leaf_hash"] as? String).unwrap()
        #expect(proof["size"] as? Int == 21)
        #expect((proof["checkpoint"] as? String)?.hasPrefix("log.example.com/test\n21\n") == true)
        let byHash = try await fixture.send(.get, "/v1/proof/inclusion?hash=\(hash)&size=9")
        let answer = try byHash.json()
        #expect(byHash.headers[.cacheControl] == "no-store")
        #expect(answer["index"] as? Int == 7 && answer["size"] as? Int == 9)
        #expect(answer["checkpoint"] == nil)
        let hashes = try (answer["inclusion"] as? [String]).unwrap()
        let root = try InclusionProof(
            leafIndex: 7, treeSize: 9, hashes: hashes.map { try Digest(base64: $0).unwrap() }
        ).root(fromLeafHash: Digest(hex: hash).unwrap())
        let old = try await fixture.send(.get, "/v1/proof/consistency?from=9")
        let consistency = try (try old.json()["consistency"] as? [String]).unwrap()
        try ConsistencyProof(
            oldSize: 9, newSize: 21, hashes: consistency.map { try Digest(base64: $0).unwrap() }
        ).verify(
            from: TreeHead(size: 9, root: root), to: fixture.log.published.head)
    }

    @Test(
        "Edges of the proof endpoints",
        arguments: [
            ("/v1/proof/inclusion?index=0&size=1", 200), ("/v1/proof/inclusion?index=4", 200),
            ("/v1/proof/inclusion?index=5", 404), ("/v1/proof/inclusion?index=1&size=1", 400),
            ("/v1/proof/inclusion?index=0&size=0", 400),
            ("/v1/proof/inclusion?index=0&size=6", 404),
            ("/v1/proof/inclusion", 400), ("/v1/proof/inclusion?index=01", 400),
            ("/v1/proof/inclusion?index=-1", 400), ("/v1/proof/inclusion?index=+1", 400),
            ("/v1/proof/inclusion?index=18446744073709551616", 400),
            ("/v1/proof/inclusion?index=0&index=0", 400),
            ("/v1/proof/inclusion?index=0&hash=00", 400),
            ("/v1/proof/inclusion?hash=\(String(repeating: "0", count: 64))", 404),
            ("/v1/proof/inclusion?hash=\(String(repeating: "A", count: 64))", 400),
            ("/v1/proof/inclusion?index=0&x=1", 400), ("/v1/proof/inclusion?index=%30", 200),
            ("/v1/proof/inclusion?index=%3", 400), ("/v1/proof/inclusion?index=0&", 400),
            ("/v1/proof/consistency?from=0", 200), ("/v1/proof/consistency?from=0&to=0", 200),
            ("/v1/proof/consistency?from=5&to=5", 200), ("/v1/proof/consistency?from=1&to=5", 200),
            ("/v1/proof/consistency?from=6", 404), ("/v1/proof/consistency?from=3&to=2", 400),
            ("/v1/proof/consistency?to=2", 400), ("/v1/proof/consistency?from=1&to=6", 404),
            ("/checkpoint?x=1", 400), ("/checkpoint?", 200),
        ])
    func edges(_ uri: String, status: Int) async throws {
        let fixture = try await Self.fixture(records: 4)
        let response = try await fixture.send(.get, uri)
        #expect(response.status.code == status, "\(response.text)")
        #expect(response.headers[.cacheControl] == "no-store")
    }

    @Test("A proof file holds alone")
    func proofFile() async throws {
        let fixture = try await Self.fixture(records: 4)
        let response = try await fixture.send(.get, "/v1/audit/3/proof", as: .producer)
        let proof = try LogProof(parsing: Array(response.body.readableBytesView))
        let leaf = try Leaf(decoding: proof.extra.unwrap())
        let signer = fixture.log.keys.signer
        let opened = try proof.open(
            leafHash: leaf.hash, origin: signer.origin, keys: [signer.verifierKey])
        #expect(opened.checkpoint.head.size == 5 && proof.proof.leafIndex == 3)
    }

    @Test("OPTIONS and foreign methods say what there is")
    func methods() async throws {
        let fixture = try await ServerFixture()
        let options = try await fixture.send(.options, "/tile/0/000")
        #expect(options.status == .noContent)
        #expect(options.headers[.allow] == "GET, HEAD, OPTIONS")
        #expect(options.headers[.accessControlAllowOrigin] == "*")
        let post = try await fixture.send(.post, "/checkpoint")
        #expect(post.status == .methodNotAllowed)
        #expect(post.headers[.allow] == "GET, HEAD, OPTIONS")
        let delete = try await fixture.send(.delete, "/v1/audit/1", as: .auditor)
        #expect(delete.status == .methodNotAllowed)
        for method in [HTTPRequest.Method.get, .options] {
            let fixed = try await fixture.send(method, "/v1/audit/verify", as: .auditor)
            #expect(fixed.headers[.allow] == "OPTIONS, POST")
        }
        let hidden = try await fixture.send(.options, "/v1/audit")
        #expect(hidden.headers[.accessControlAllowOrigin] == nil)
        #expect(hidden.headers[.allow] == "GET, HEAD, OPTIONS, POST")
        let unknown = try await fixture.send(.get, "/v1/admin/tokens", as: .operator)
        #expect(unknown.status == .notFound)
    }

    @Test("The log describes itself; health and readiness answer")
    func descriptions() async throws {
        let fixture = try await ServerFixture()
        let log = try await fixture.send(.get, "/v1/log").json()
        #expect(log["origin"] as? String == "log.example.com/test")
        #expect(log["vkey"] as? String == fixture.log.keys.signer.verifierKey.vkey)
        let keys = try (log["keys"] as? [[String: Any]]).unwrap()
        let jwk = try (keys[1]["jwk"] as? [String: String]).unwrap()
        let point = try [jwk["x"], jwk["y"]].flatMap { try Base64.decodeURL($0.unwrap()).unwrap() }
        #expect(Array(fixture.log.keys.signer.spki.suffix(64)) == point)
        #expect((log["durability"] as? [String: Any])?["durable"] as? Bool == false)
        #expect(try await fixture.send(.get, "/healthz").text == "ok\n")
        let ready = try await fixture.send(.get, "/readyz")
        #expect(ready.status == .ok)
        #expect(try ready.json()["size"] as? Int == 1)
    }
}
