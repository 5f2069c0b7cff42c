// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LoadGenerator

struct AnswerReaderTests {
    private static let text =
        "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX: y\r\n\r\nhello"
        + "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"
        + "HTTP/1.1 200 OK\r\nX-Content-Length: 9\r\nContent-Length:11\r\n\r\nhello\r\n\r\nxy"

    private static func read(
        _ text: String, by size: Int, keeping: Bool
    ) -> [AnswerReader.Answer] {
        var reader = AnswerReader()
        reader.keepsBody = keeping
        var found: [AnswerReader.Answer] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            part.withUnsafeBytes { part in
                var part = part
                while let answer = reader.next(&part) { found.append(answer) }
                #expect(part.isEmpty)
            }
        }
        return found
    }

    @Test("Answers are found wherever the packets are cut", arguments: 1...140)
    func cutAnswers(size: Int) {
        let kept = Self.read(Self.text, by: size, keeping: true)
        #expect(kept.map(\.status) == [201, 503, 200])
        #expect(
            kept.map { String(decoding: $0.body, as: UTF8.self) }
                == ["hello", "", "hello\r\n\r\nxy"])
        let counted = Self.read(Self.text, by: size, keeping: false)
        #expect(counted.map(\.status) == [201, 503, 200])
        #expect(counted.allSatisfy { $0.body.isEmpty })
    }

    @Test(
        "An answer whose end cannot be known is none",
        arguments: [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        ])
    func unknownEnd(text: String) {
        #expect(Self.read(text, by: 1_000, keeping: true).map(\.status) == [0])
    }
}
