// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import Testing

/// `evident verify chain` as a person runs it.
struct VerifyChainTests {
    /// A log of 301 entries without a server, copied for each test.
    private static let original = Result { try TestLog.stopped(records: 300) }

    private static func copy() throws -> TestLog { try original.get().copy() }

    private func report(_ ended: Program.Ending) throws -> JSONValue {
        try JSONValue.parse(Array(ended.lines[0].utf8), limits: JSONLimits(byteCount: 1 << 20))
    }

    @Test("A sound folder, as JSON and for people")
    func sound() throws {
        let log = try Self.copy()
        let ended = try log.run("verify", "chain", "--data", "data", "--json")
        #expect(ended.status == 0, "\(ended.output) \(ended.errors)")
        let report = try report(ended)
        #expect(report["result"]?.text == "verified")
        #expect(report["records_checked"]?.unsigned == 301)
        let text = try log.run("verify", "chain", "--data", "data", "--vkey", log.vkey)
        #expect(text.output.hasPrefix("verified: entries 0 to 300"), "\(text.output)")
        #expect(text.output.contains("not checked  a checkpoint kept elsewhere"))
    }

    @Test("A changed byte ends with status 1 and its place")
    func changed() throws {
        let log = try Self.copy()
        let file = URL(fileURLWithPath: log.folder("data/store/log.sqlite"))
        var data = try Data(contentsOf: file)
        let place = try #require(data.range(of: Data(#""details":{"n":7}"#.utf8)))
        data[place.upperBound - 2] = UInt8(ascii: "8")
        try data.write(to: file)
        let ended = try log.run("verify", "chain", "--data", "data", "--json")
        #expect(ended.status == 1, "\(ended.output)")
        let report = try report(ended)
        #expect(report["kind"]?.text == "content_mismatch")
        #expect(report["first_bad_index"]?.unsigned == 8)
        #expect(report["verified_through"]?.unsigned == 7)
    }

    @Test("Another chain key is told from tampering, with status 2")
    func wrongKey() throws {
        let log = try Self.copy()
        let key = log.folder("data/keys/chain-0.key")
        try Data((0..<32).map { UInt8($0) }).write(to: URL(fileURLWithPath: key))
        let ended = try log.run("verify", "chain", "--data", "data", "--json")
        #expect(ended.status == 2, "\(ended.output)")
        #expect(try report(ended)["kind"]?.text == "wrong_key")
        // Without any chain key the rest is verified, and it is said.
        try FileManager.default.removeItem(atPath: key)
        let blind = try log.run("verify", "chain", "--data", "data")
        #expect(blind.status == 0 && blind.output.contains("whose key is not here"))
    }

    @Test("A verification goes on from its file, which nobody else can write")
    func resume() throws {
        let log = try Self.copy()
        let line = ["verify", "chain", "--data", "data", "--resume", "position"]
        func run() throws -> Program.Ending { try Program.run(line, in: log.folder) }
        #expect(try run().status == 0)
        let again = try run()
        #expect(again.status == 0 && again.output.contains("which an earlier run verified"))
        let position = try log.folder.text("position")
        try log.folder.file("position", position.replacing("\"next\":301", with: "\"next\":300"))
        #expect(try run().status == 2)
    }

    @Test("A checkpoint of a longer log shows that the folder was set back")
    func setBack() throws {
        let log = try Self.copy()
        let older = try Self.copy()
        let server = try log.serve()
        try log.submit(310, to: server)
        #expect(server.stop() == 0)
        let receipt = try JSONValue.parse(Array(log.folder.text("receipts/310.json").utf8))
        try older.folder.file("kept", #require(receipt["checkpoint"]?.text))
        let ended = try older.run(
            "verify", "chain", "--data", "data", "--checkpoint", "kept", "--json")
        #expect(ended.status == 1)
        let report = try report(ended)
        #expect(report["kind"]?.text == "truncated_tail")
        #expect(report["first_bad_index"]?.unsigned == 301)
    }

    @Test("A server verifies itself for an auditor, and everyone verifies what is public")
    func addresses() throws {
        let log = try Self.copy()
        let token = try log.run("token", "create", "--data", "data", "--role", "auditor")
        try log.folder.file("auditor", token.output)
        let server = try log.serve()
        let own = try log.run("verify", "chain", server.url, "--token-file", "auditor", "--json")
        #expect(own.status == 0, "\(own.output) \(own.errors)")
        #expect(try report(own)["payloads_opened"]?.unsigned ?? 0 >= 301)
        let open = try log.run("verify", "chain", server.url, "--vkey", log.vkey)
        #expect(open.status == 0 && open.output.contains("shows neither"), "\(open.errors)")
        #expect(try log.run("verify", "chain", server.url).status == 3)
        #expect(server.stop() == 0)
    }
}
