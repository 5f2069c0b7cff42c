// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `evident prune` and `evident retention` as a person runs them, without a server.
struct PruneCommandTests {
    private static let original = Result { try TestLog.stopped(records: 300) }

    private static func copy() throws -> TestLog { try original.get().copy() }

    /// In how many files a text stands.
    private func count(_ text: String, _ log: TestLog) throws -> Int {
        let root = log.folder("data")
        let names = try #require(FileManager.default.enumerator(atPath: root))
        return names.compactMap { $0 as? String }.count { name in
            let data = FileManager.default.contents(atPath: "\(root)/\(name)")
            return data?.range(of: Data(text.utf8)) != nil
        }
    }

    @Test("Content goes from every file, and every check still passes and says so")
    func prunes() async throws {
        let log = try Self.copy()
        let server = try log.serve()
        // By the log's own clock all records are older than now, by a second and what is rounded away.
        try await Task.sleep(for: .milliseconds(2_500))
        let shown = try log.run("retention", "show", "--data", "data", "--json")
        let time = try #require(shown.output.firstMatch(of: /"local_ms":([0-9]+)/)).1
        let moment = Date(timeIntervalSince1970: try #require(Double(time)) / 1_000)
        let arguments = [
            "prune", "--data", "data", "--before", moment.formatted(.iso8601), "--because", "test",
        ]
        let dry = try Program.run(arguments, in: log.folder)
        #expect(dry.status == 0 && dry.errors.contains("300 records"), "\(dry.errors)")
        let refused = try Program.run(arguments + ["--yes"], in: log.folder)
        #expect(refused.status != 0 && refused.errors.contains("witness"), "\(refused.errors)")
        #expect(try count(#""details":{"n":7}"#, log) > 0)
        let done = try Program.run(arguments + ["--yes", "--trust-clock"], in: log.folder)
        #expect(done.status == 0 && done.output == "301\n", "\(done.output) \(done.errors)")
        #expect(server.stop() == 0)
        for n in [0, 7, 299] { #expect(try count("\"details\":{\"n\":\(n)}", log) == 0) }
        let chain = try log.run("verify", "chain", "--data", "data")
        #expect(chain.status == 0 && chain.output.contains("300 pruned"), "\(chain.output)")
        let fsck = try log.run("fsck", "--data", "data", "--lookups")
        #expect(fsck.status == 0, "\(fsck.output) \(fsck.errors)")
        let naive = try log.run(
            "prune", "--data", "data", "--before", "2026-01-01T00:00:00", "--because", "test")
        #expect(naive.status == 3)
    }

    @Test("A second operator approves with a token of another name")
    func approvals() throws {
        let log = try Self.copy()
        try log.folder.file("data/evident.yaml", "approval:\n  two_person: true\n")
        let token = try log.run("token", "create", "--data", "data", "--role", "operator")
        try log.folder.file("operator", token.output)
        // It waits over the end of the command, which had no server, and over a start.
        let asked = try log.run(
            "erase", "--data", "data", "--record", "8", "--because", "test", "--yes")
        #expect(asked.status == 0 && asked.errors.contains("another operator"), "\(asked.errors)")
        let index = asked.output.trimmingCharacters(in: .newlines)
        let server = try log.serve()
        let list = try log.run("approval", "list", "--data", "data")
        #expect(list.output.hasPrefix(index) && list.output.contains("erase"), "\(list.output)")
        let own = try log.run(
            "approval", "approve", index, "--data", "data", "--because", "reviewed")
        #expect(own.status != 0 && own.errors.contains("409"), "\(own.errors)")
        let done = try log.run(
            "approval", "approve", index, "--because", "reviewed", "--url", server.url,
            "--token-file", "operator")
        #expect(done.status == 0 && done.output.contains("announced"), "\(done.errors)")
        #expect(server.stop() == 0)
        #expect(try count(#""details":{"n":7}"#, log) == 0)
    }

    @Test("Rules of evident.yaml are read strictly, and floors hold at the start")
    func rules() throws {
        let log = try Self.copy()
        let table: [(String, Int32, String)] = [
            ("retention:\n  rules: tenant=acme keep=90d; keep=forever\n", 0, ""),
            ("retention:\n  rules: keep=90d\n  profile: hipaa\n", 3, "hipaa"),
            (
                "retention:\n  rules: keep=90d\n  profile: hipaa\n  override_reason: counsel-1\n",
                0, ""
            ),
            ("retention:\n  rules: keep=soon\n", 3, "keep=soon"),
            ("retention:\n  profile: sox\n", 3, "sox"),
            ("retention:\n  mode: scheduled\n", 3, "scheduled"),
            ("retention:\n  override_reason: Somebody said so\n", 3, "override_reason"),
            ("approval:\n  two_person: maybe\n", 3, "two_person"),
            ("retention:\n  require_export: maybe\n", 3, "require_export"),
            ("retention:\n  require_export: true\n", 0, ""),
        ]
        for (text, status, message) in table {
            try log.folder.file("data/evident.yaml", text)
            let ending = try log.run("retention", "show", "--data", "data")
            #expect(ending.status == status, "\(text): \(ending.errors)")
            #expect(message.isEmpty || ending.errors.contains(message))
        }
        try log.folder.file(
            "data/evident.yaml", "retention:\n  rules: tenant=acme keep=90d; keep=forever\n")
        let shown = try log.run("retention", "show", "--data", "data")
        #expect(shown.lines == ["tenant=acme keep=90d", "keep=forever"])
        #expect(shown.errors.contains("no witness"))
        let dry = try log.run("retention", "run", "--data", "data", "--because", "test")
        #expect(dry.status == 0 && dry.errors.contains("nothing is past its time"))
        let refused = try log.run("retention", "run", "--data", "data", "--because", "x", "--yes")
        #expect(refused.status != 0 && refused.errors.contains("409"), "\(refused.errors)")
    }
}
