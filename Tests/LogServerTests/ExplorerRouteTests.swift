// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import LogServer

@Suite("The explorer's files")
struct ExplorerRouteTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/CExplorer/web")

    /// Those of the one-file verifier alone.
    private static let unserved: Set<String> = ["verifier.html", "verifier.js"]

    private static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { !unserved.contains($0) && !$0.hasPrefix(".") }
    }

    private static func path(_ name: String) -> String {
        name == "index.html" ? "/" : "/explorer/\(name)"
    }

    @Test("Every file is served as it stands in the repository, and may run nothing else")
    func files() async throws {
        let fixture = try await ServerFixture()
        let names = try Self.names()
        #expect(names.count > 20)
        for name in names {
            let response = try await fixture.send(.get, Self.path(name))
            let want = try Data(contentsOf: Self.folder.appending(path: name))
            #expect(response.status == .ok, "\(name)")
            #expect(Data(response.body.readableBytesView) == want, "\(name)")
            let policy = try response.headers[.contentSecurityPolicy].unwrap()
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'"))
            #expect(!policy.contains("unsafe"))
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            #expect(response.headers[.accessControlAllowOrigin] == nil)
            let type = try response.headers[.contentType].unwrap()
            let kind = try name.split(separator: ".").last.map(String.init).unwrap()
            #expect(
                type == ["js": "text/javascript", "css": "text/css"][kind, default: "text/html"]
                    + "; charset=utf-8")
        }
    }

    @Test("Every file that a file names is there")
    func references() throws {
        let names = Set(try Self.names() + Self.unserved)
        for name in names {
            let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            for match in text.matches(of: #/(?:from "\./|(?:href|src)="explorer/)([^"]+)"/#) {
                #expect(names.contains(String(match.1)), "\(name) names \(match.1)")
            }
        }
    }

    @Test("A file that the browser has is not sent again", arguments: ["identity", "gzip"])
    func revalidation(_ encoding: String) async throws {
        let fixture = try await ServerFixture()
        let asked: HTTPFields = [.acceptEncoding: encoding]
        let first = try await fixture.send(.get, "/explorer/app.js", headers: asked)
        #expect(first.headers[.contentEncoding] == (encoding == "gzip" ? "gzip" : nil))
        #expect(first.headers[.cacheControl] == "no-cache")
        let tag = try first.headers[.eTag].unwrap()
        for field in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
            let again = try await fixture.send(
                .get, "/explorer/app.js", headers: [.acceptEncoding: encoding, .ifNoneMatch: field])
            #expect(again.status == .notModified, "\(field)")
            #expect(again.body.readableBytes == 0)
            #expect(again.headers[.eTag] == tag)
        }
        let other = try await fixture.send(
            .get, "/explorer/style.css", headers: [.acceptEncoding: encoding, .ifNoneMatch: tag])
        #expect(other.status == .ok)
    }

    @Test(
        "Nothing else is there",
        arguments: [
            "/explorer/index.html", "/explorer/verifier.html", "/explorer/none.js", "/explorer/..",
            "/explorer", "/index.html",
        ])
    func unknown(_ path: String) async throws {
        let fixture = try await ServerFixture()
        #expect(try await fixture.send(.get, path).status == .notFound)
    }
}
