// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogClient
import LogCrypto
import LogStorage
import LogTesting
import Merkle
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Exports of a server")
struct ExportTests {
    private static func fixture(
        records: Int, store: GatedStore = GatedStore()
    ) async throws -> ServerFixture {
        let fixture = try await ServerFixture(store: store)
        var random = SeededGenerator(seed: 11)
        for _ in 0..<records { try await fixture.submit(RandomRecord(&random)) }
        return fixture
    }

    @Test("Every format is vouched for, with one record a line", arguments: ExportFormat.allCases)
    func formats(_ format: ExportFormat) async throws {
        let fixture = try await Self.fixture(records: 1_203)
        let size = fixture.size
        let export = try await fixture.export("?format=\(format.rawValue)")
        let verified = try fixture.verify(export)
        #expect(verified.manifest.records == size)
        #expect(verified.manifest.showsAll)
        #expect(verified.manifest.formatVersion == format.version)
        #expect(
            verified.manifest.chainLast == (try await fixture.log.record(at: size - 1)).leaf.mac)
        #expect(verified.coversTree == (format == .ndjson))
        #expect(try #require(verified.vouchedBy) == size + 1)
        #expect(verified.manifest.begun == size)
    }

    @Test("The records are those that a query finds", arguments: [1, 2, 3])
    func filters(seed: UInt64) async throws {
        let fixture = try await Self.fixture(records: 300)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<8 {
            let query = (RandomFilter(&random).query + ["to_index=301"]).joined(separator: "&")
            let export = try await fixture.export("?format=ndjson&\(query)")
            let verified = try fixture.verify(export)
            let found = String(decoding: export.file, as: UTF8.self).split(separator: "\n").map {
                $0.split(separator: ",")[0].split(separator: ":")[1]
            }
            let want = try await fixture.walk("?limit=100&\(query)")
            #expect(found == want.map { Substring(String($0)) }, "\(query)")
            #expect(verified.manifest.range == 0..<301)
        }
    }

    @Test("That it was begun is in the log first, and the manifest's hash at the end; no values")
    func recorded() async throws {
        let fixture = try await Self.fixture(records: 20)
        let size = fixture.size
        let export = try await fixture.export("?format=ocsf&actor=alice&from_index=2")
        #expect(fixture.size == size + 2)
        let records = try await fixture.accessRecords()
        let (begun, made) = (records[0], records[1])
        #expect(begun["export"] as? String == "begun")
        #expect(made["export"] as? String == "file")
        let manifest = export.manifest.prefix { $0 != 0x0a } + [0x0a]
        #expect(made["manifest_sha256"] as? String == SHA256.hash(Array(manifest)).hex)
        #expect(made["sha256"] as? String == SHA256.hash(export.file).hex)
        for record in [begun, made] {
            #expect(record["credential"] as? String == "auditor")
            #expect(record["format"] as? String == "ocsf")
            #expect(record["first"] as? UInt64 == 2 && record["end"] as? UInt64 == size)
        }
        #expect(!"\(records)".contains("alice"))
    }

    @Test("Nothing that matches makes an empty file that holds")
    func empty() async throws {
        let fixture = try await Self.fixture(records: 10)
        for format in ExportFormat.allCases {
            for query in ["&actor=nobody", "&from_index=5&to_index=5", "&from_index=99999"] {
                let export = try await fixture.export("?format=\(format.rawValue)\(query)")
                #expect(export.file == format.heading)
                #expect(try fixture.verify(export).manifest.records == 0)
            }
        }
    }

    @Test("The log's own records and those of every tenant can be exported, by auditors alone")
    func tenants() async throws {
        let fixture = try await Self.fixture(records: 10)
        let own = try await fixture.export("?format=ndjson&tenant=_log")
        #expect(try fixture.verify(own).manifest.records == 1)
        for asker in ServerFixture.Asker.allCases where asker != .auditor {
            let answer = try await fixture.send(
                .post, "/v1/audit/exports?format=ndjson", as: asker)
            #expect([401, 403].contains(answer.status.code), "\(asker)")
        }
        let answer = try await fixture.send(
            .post, "/v1/audit/exports?format=ndjson", as: .auditor)
        let id = try #require(answer.headers[.export])
        #expect(
            try await fixture.send(.get, "/v1/audit/exports/\(id)", as: .operator).status.code
                == 403)
        for query in [
            "", "?format=pdf", "?format=ndjson&unvouched=1", "?format=csv&resume_bytes=1",
        ] {
            let refused = try await fixture.send(
                .post, "/v1/audit/exports\(query)", as: .auditor)
            #expect(refused.status == .badRequest, "\(query)")
        }
        #expect(
            try await fixture.send(
                .get, "/v1/audit/exports/\(String(repeating: "0", count: 32))/manifest",
                as: .auditor
            ).status == .notFound)
    }

    @Test("What was erased is not in the file, and is counted")
    func erased() async throws {
        let fixture = try await ServerFixture()
        for _ in 0..<6 { _ = try await fixture.submit(ServerFixture.record("canary")) }
        for body in [
            #"{"dry_run":false,"reason":"gdpr","records":[2,{"index":3,"fields":["details"]}]}"#,
            #"{"dry_run":false,"reason":"gdpr","records":[5]}"#,
        ] {
            let answer = try await fixture.send(
                .post, "/v1/admin/erasures", as: .operator,
                headers: [.contentType: "application/json"], body: body)
            #expect(answer.status == .ok, "\(answer.text)")
        }
        let size = fixture.size
        for format in ExportFormat.allCases {
            let export = try await fixture.export("?format=\(format.rawValue)&to_index=\(size)")
            let verified = try fixture.verify(export)
            #expect(verified.manifest.records == size - 2)
            #expect(verified.manifest.erasedRecords == 2)
            #expect(verified.manifest.erasedFields == 1)
            #expect(verified.manifest.showsAll && !verified.coversTree)
            let text = String(decoding: export.file, as: UTF8.self)
            #expect(text.split(separator: "canary").count == 4, "\(format)")
            if format == .ndjson { #expect(text.contains("\"erased\":[[\"details\",")) }
        }
    }

    @Test("A file that was broken off goes on where it was, and is the same")
    func resumed() async throws {
        let fixture = try await Self.fixture(records: 1_100)
        let size = fixture.size
        let whole = try await fixture.export("?format=cloudevents").file
        _ = try await fixture.submit(ServerFixture.record())
        for length in [0, 1, 400, whole.count / 2, whole.count - 1, whole.count] {
            let digest = SHA256.hash(Array(whole[..<length])).hex
            let rest = try await fixture.export(
                "?format=cloudevents&to_index=\(size)&resume_bytes=\(length)"
                    + "&resume_sha256=\(digest)")
            #expect(rest.file == Array(whole[length...]))
            #expect(try fixture.verify((whole, rest.manifest)).manifest.records == size)
        }
    }

    @Test("A beginning that is not the file's ends the export, and is told")
    func changed() async throws {
        let fixture = try await Self.fixture(records: 20)
        let size = fixture.size
        let whole = try await fixture.export("?format=ndjson").file
        let others = [Array(whole.dropLast()) + [0], whole + [0x20], Array("x".utf8)]
        for other in others {
            let reason = try await fixture.failure(
                "?format=ndjson&to_index=\(size)&resume_bytes=\(other.count)"
                    + "&resume_sha256=\(SHA256.hash(other).hex)")
            #expect(reason == .exportChanged)
        }
    }

    @Test("Where the log cannot write, nothing is begun; a log that was ended vouches for nothing")
    func noRecords() async throws {
        let store = GatedStore()
        let folder = try TemporaryFolder()
        let fixture = try await ServerFixture(store: store) {
            $0.readJournal = ReadJournal(path: folder.path + "/reads.ndjson")
        }
        _ = try await fixture.submit(ServerFixture.record())
        store.set(.failing)
        let full = try await fixture.send(.post, "/v1/audit/exports?format=csv", as: .auditor)
        #expect(full.status.code == 507)
        store.set(.open)
        _ = try await fixture.log.freeze(
            fixture.settings.governance(of: .logFrozen(reason: "closed")))
        let refused = try await fixture.send(.post, "/v1/audit/exports?format=csv", as: .auditor)
        #expect(try refused.code() == "frozen")
        #expect(refused.text.contains("unvouched=true"))
        let export = try await fixture.export("?format=ndjson&unvouched=true")
        let verified = try fixture.verify(export)
        #expect(verified.vouchedBy == nil && verified.manifest.begun == nil)
        #expect(verified.coversTree, "leaves need nobody's word")
        let journal = try String(contentsOfFile: folder.path + "/reads.ndjson", encoding: .utf8)
        #expect(journal.contains("audit.export"))
    }

    @Test("A record that is not what its leaf commits to is not exported")
    func tampered() async throws {
        let store = SlowStore()
        let fixture = try await ServerFixture(store: store)
        for _ in 0..<3 { _ = try await fixture.submit(ServerFixture.record("canary")) }
        #expect(try await fixture.failure("?format=ocsf") == nil)
        store.alter("canary", to: "canarx", at: 2)
        #expect(try await fixture.failure("?format=ocsf") == .corrupt)
    }

    @Test("A page of a query is an array of events, where that is asked for")
    func pages() async throws {
        let fixture = try await Self.fixture(records: 30)
        for (type, key) in [
            ("application/ocsf+json", "class_uid"),
            ("application/cloudevents-batch+json", "specversion"),
        ] {
            for order in ["asc", "desc"] {
                let answer = try await fixture.send(
                    .get, "/v1/audit?limit=7&order=\(order)", as: .auditor,
                    headers: [.accept: type])
                #expect(answer.headers[.contentType] == type)
                #expect(answer.headers[.nextCursor] != nil)
                let events = try #require(
                    try JSONSerialization.jsonObject(
                        with: Data(answer.body.readableBytesView)) as? [[String: Any]])
                #expect(events.count == 7 && events.allSatisfy { $0[key] != nil })
            }
        }
        let none = try await fixture.send(
            .get, "/v1/audit?actor=nobody&format=ocsf", as: .auditor)
        #expect(try JSONSerialization.jsonObject(with: Data(none.text.utf8)) as? [Int] == [])
        let refused = try await fixture.send(
            .get, "/v1/audit?format=ocsf&include=proof", as: .auditor)
        #expect(refused.status == .badRequest)
    }
}

extension ServerFixture {
    typealias Export = (file: [UInt8], manifest: [UInt8])

    /// Makes an export and fetches its manifest.
    func export(_ query: String) async throws -> Export {
        let answer = try await send(.post, "/v1/audit/exports\(query)", as: .auditor)
        guard answer.status == .ok, let id = answer.headers[.export] else {
            throw UnexpectedAnswer(text: answer.text)
        }
        let manifest = try await send(
            .get, "/v1/audit/exports/\(id)/manifest", as: .auditor)
        guard manifest.status == .ok else { throw UnexpectedAnswer(text: manifest.text) }
        return (Array(answer.body.readableBytesView), Array(manifest.body.readableBytesView))
    }

    func verify(_ export: Export) throws -> VerifiedExport {
        var verifier = try ExportVerifier(try pinned(), manifest: export.manifest)
        var rest = export.file[...]
        while !rest.isEmpty {
            try verifier.read(Array(rest.prefix(777)))
            rest = rest.dropFirst(777)
        }
        return try verifier.finish()
    }

    /// The code with which an export that was begun is broken off.
    func failure(_ query: String) async throws -> ProblemCode? {
        do {
            _ = try await export(query)
            return nil
        } catch let problem as Problem {
            return problem.code
        } catch let error as LogError {
            return Problem(error).code
        }
    }
}
