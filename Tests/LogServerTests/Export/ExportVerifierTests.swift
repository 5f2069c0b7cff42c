// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdTesting
import LogClient
import LogCrypto
import LogTesting
import Testing

@testable import LogServer

/// What `ExportVerifier` refuses, on files that a server made.
@Suite("Exports that were changed")
struct ExportVerifierTests {
    private static func made(
        _ format: String
    ) async throws -> (ServerFixture, ServerFixture.Export) {
        let fixture = try await ServerFixture()
        for text in ["one", "two\\nlines, \\\"quoted\\\"", "three"] {
            #expect(try await fixture.submit(ServerFixture.record(text)).status == .created)
        }
        return (fixture, try await fixture.export("?format=\(format)"))
    }

    @Test("No byte of the file can differ, be missing or be added", arguments: ["ndjson", "csv"])
    func file(format: String) async throws {
        let (fixture, export) = try await Self.made(format)
        #expect(try fixture.verify(export).manifest.records == 4)
        for changed in everyBumpedByte(of: export.file) {
            #expect(throws: ExportError.self) { try fixture.verify((changed, export.manifest)) }
        }
        for prefix in everyPrefix(of: export.file) {
            #expect(throws: ExportError.self) { try fixture.verify((prefix, export.manifest)) }
        }
        #expect(throws: ExportError.tooLong(want: UInt64(export.file.count))) {
            try fixture.verify((export.file + [0x0a], export.manifest))
        }
    }

    @Test("No byte of the manifest can differ, be missing or be added")
    func manifest() async throws {
        let (fixture, export) = try await Self.made("ocsf")
        for changed in everyBumpedByte(of: export.manifest) {
            #expect(throws: ExportError.self) { try fixture.verify((export.file, changed)) }
        }
        for prefix in everyPrefix(of: export.manifest) {
            #expect(throws: ExportError.self) { try fixture.verify((export.file, prefix)) }
        }
        for more in ["\n", " ", "{}\n"] {
            #expect(throws: ExportError.self) {
                try fixture.verify((export.file, export.manifest + Array(more.utf8)))
            }
        }
    }

    @Test("Each class of lie has its verdict")
    func verdicts() async throws {
        let (fixture, export) = try await Self.made("ndjson")
        let text = String(decoding: export.manifest, as: UTF8.self)
        let lines = text.split(separator: "\n").map(String.init)
        func verdict(_ file: [UInt8], _ manifest: String) -> Verdict? {
            do {
                return try fixture.verify((file, Array(manifest.utf8))).vouchedBy == nil
                    ? .unverifiable : nil
            } catch {
                return (error as? ExportError)?.verdict
            }
        }
        #expect(verdict(export.file, text) == nil)
        #expect(
            verdict(export.file, text.replacing("\"records\":4", with: "\"records\":3"))
                == .tampered)
        #expect(
            verdict(
                export.file,
                text.replacing("\"query\":{}", with: "\"query\":{\"actor\":[\"alice\"]}"))
                == .tampered)
        #expect(verdict(Array(export.file.dropLast()), text) == .unverifiable)
        #expect(verdict(export.file + [0x20], text) == .tampered)
        #expect(verdict(export.file, lines[0] + "\n") == .unverifiable)
        #expect(
            verdict(export.file, lines[0] + "\n{\"unvouched\":\"frozen\"}\n") == .unverifiable)
        // The record of another export, and one of another kind.
        let other = String(
            decoding: try await fixture.export("?format=csv").manifest, as: UTF8.self)
        let foreign = other.split(separator: "\n").map(String.init)
        #expect(verdict(export.file, lines[0] + "\n" + foreign[1] + "\n") == .tampered)
        #expect(
            verdict(export.file, other) == .unverifiable || verdict(export.file, other) == .tampered
        )
        let set = try await fixture.send(.get, "/v1/audit/bundles", as: .auditor)
        let vouched = set.text.split(separator: "\n").last.map(String.init) ?? ""
        #expect(verdict(export.file, lines[0] + "\n" + vouched + "\n") == .unverifiable)
        // Another log's, with another key.
        let (stranger, _) = try await Self.made("ndjson")
        #expect(throws: ExportError.self) { try stranger.verify(export) }
    }

    @Test("Where the lines do not make the signed tree, the log's word is not enough")
    func tree() async throws {
        let (fixture, export) = try await Self.made("ndjson")
        // A log that vouches for a lie: another time in a line, and hashes to fit.
        let text = String(decoding: export.file, as: UTF8.self)
        let time = try #require(text.firstMatch(of: /"timestamp_ms":(\d+)/)?.1)
        let other = String(try #require(UInt64(time)) + 1)
        let file = Array(text.replacing(time, with: other, maxReplacements: 1).utf8)
        let line = String(decoding: export.manifest, as: UTF8.self).split(separator: "\n")[0]
        let digest = SHA256.hash(export.file).hex
        let lying =
            line.replacing(digest, with: SHA256.hash(file).hex) + "\n{\"unvouched\":\"x\"}\n"
        #expect {
            try fixture.verify((file, Array(lying.utf8)))
        } throws: { error in
            if case .proof(.rootMismatch)? = error as? ExportError { true } else { false }
        }
    }
}
