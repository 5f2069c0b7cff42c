// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AuditChain

@Suite struct OriginTests {
    @Test(
        "Good names",
        arguments: [
            "log.example.com/audit", "localhost/0123456789abcdef", "h:1/a", "h:65535/a/B._~-/c",
            "127.0.0.1:6962/x", "a-b.c/d",
        ])
    func accepted(text: String) throws {
        #expect(try Origin(text).text == text)
        #expect(try Origin(text).description == text)
    }

    @Test(
        "Bad names, and what is bad in them",
        arguments: [
            ("", .wrongLength(0)), ("log.example.com", .invalidPath), ("h/", .invalidPath),
            ("h/a/", .invalidPath), ("h//a", .invalidPath), ("h/a b", .invalidPath),
            ("h/é", .invalidPath), ("h/a?b", .invalidPath), ("h/a%20", .invalidPath),
            ("/a", .invalidHost), ("H/a", .invalidHost), ("a..b/c", .invalidHost),
            (".a/c", .invalidHost), ("a./c", .invalidHost), ("-a/c", .invalidHost),
            ("a-/c", .invalidHost), ("a_b/c", .invalidHost), ("https://h/a", .invalidPort),
            ("h:/a", .invalidPort), ("h:0/a", .invalidPort), ("h:080/a", .invalidPort),
            ("h:65536/a", .invalidPort), ("h:1:2/a", .invalidPort), ("h:+1/a", .invalidPort),
            (":1/a", .invalidHost), ("h/a\n", .invalidPath),
        ] as [(String, OriginError)])
    func refused(text: String, error: OriginError) {
        #expect(throws: error) { try Origin(text) }
    }

    @Test("A name has up to 255 bytes")
    func length() throws {
        let longest = "h/" + String(repeating: "a", count: 253)
        #expect(try Origin(longest).text.utf8.count == 255)
        #expect(throws: OriginError.wrongLength(256)) { try Origin(longest + "a") }
    }
}
