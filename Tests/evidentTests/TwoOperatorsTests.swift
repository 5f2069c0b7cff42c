// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Acts that two operators decide, by tokens of theirs, over HTTP.
struct TwoOperatorsTests {
    /// What came back of one request.
    private struct Answer {
        let status: Int
        let body: [String: Any]
    }

    /// One request by curl: a server's answers as anybody gets them.
    private struct Request {
        private let process = Process()
        private let output: String

        init(
            _ path: String, as token: String, _ body: String? = nil, in log: TestLog,
            _ server: RunningServer
        ) throws {
            output = try log.folder.file("answer-\(UUID())", "")
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments =
                [
                    "curl", "-s", "-H", "Authorization: Bearer \(token)", "-w", "\n%{http_code}",
                    server.url + path,
                ] + (body.map { ["-H", "Content-Type: application/json", "-d", $0] } ?? [])
            process.standardOutput = FileHandle(forWritingAtPath: output)
            try process.run()
        }

        func answer() throws -> Answer {
            process.waitWithDeadline()
            let text = try String(contentsOfFile: output, encoding: .utf8)
            let end = try #require(text.lastIndex(of: "\n"))
            let status = try #require(Int(text[text.index(after: end)...]))
            let body = try? JSONSerialization.jsonObject(with: Data(text[..<end].utf8))
            return Answer(status: status, body: body as? [String: Any] ?? [:])
        }
    }

    private static let approve = #"{"decision":"approve","reason":"reviewed"}"#

    private static func token(_ role: String, _ name: String, _ log: TestLog) throws -> String {
        let made = try log.run(
            "token", "create", "--data", "data", "--role", role, "--name", name)
        return try #require(made.lines.last, "\(made.errors)")
    }

    @Test("What one operator asks for another one approves, and it is carried out once")
    func once() throws {
        let log = try TestLog.stopped(records: 12)
        try log.folder.file("data/evident.yaml", "approval:\n  two_person: true\n")
        let (alice, bob) = try (
            Self.token("operator", "alice", log), Self.token("operator", "bob", log)
        )
        let auditor = try Self.token("auditor", "auditor", log)
        let server = try log.serve()
        func ask(_ path: String, _ token: String, _ body: String? = nil) throws -> Answer {
            try Request(path, as: token, body, in: log, server).answer()
        }
        let asked = try ask(
            "/v1/admin/erasures", alice, #"{"dry_run":false,"reason":"gdpr.art17","records":[8]}"#)
        #expect(asked.status == 202, "\(asked.body)")
        let act = "/v1/admin/approvals/\(try #require(asked.body["pending"] as? Int))"
        let listed = try ask("/v1/admin/approvals", bob)
        #expect((listed.body["pending"] as? [[String: Any]])?.count == 1, "\(listed.body)")

        // Not by who asked, nor by anybody who is no operator.
        let own = try ask(act, alice, Self.approve)
        #expect(own.status == 409 && own.body["code"] as? String == "own_approval")
        for token in [auditor, "none"] {
            #expect([401, 403].contains(try ask(act, token, Self.approve).status))
        }
        #expect(try ask("/v1/audit/8", auditor).status == 200)

        // By another one, at once and again.
        let requests = try (0..<6).map { _ in
            try Request(act, as: bob, Self.approve, in: log, server)
        }
        let answers = try requests.map { try $0.answer() }
        #expect(answers.count { $0.status == 200 } == 1, "\(answers)")
        #expect(answers.count { $0.status == 404 } == 5, "\(answers)")
        #expect(try ask(act, bob, Self.approve).status == 404)
        let gone = try ask("/v1/audit/8", auditor)
        #expect(gone.status == 410 && gone.body["code"] as? String == "erased", "\(gone)")
        #expect(try ask("/v1/audit/9", auditor).status == 200)

        for type in ["approval.requested", "approval.decided", "erasure.request"] {
            let page = try ask("/v1/audit?tenant=_log&type=\(type)", auditor)
            let records = try #require(page.body["records"] as? [[String: Any]], "\(page)")
            #expect(records.count == 1, "\(type)")
        }
        #expect(server.stop() == 0)
        #expect(try log.run("fsck", "--data", "data").status == 0)
    }
}
