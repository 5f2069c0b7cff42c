// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    @Test("The vector's text parses to its parts and prints as it was")
    func vectorText() throws {
        let vector = try CheckpointVector.load()
        let checkpoint = try Checkpoint(parsing: vector.body)
        #expect(checkpoint.origin == vector.origin)
        #expect(checkpoint.head == (try vector.head()))
        #expect(checkpoint.extensions.isEmpty)
        #expect(checkpoint.text == vector.body)
        #expect(Checkpoint(origin: vector.origin, head: try vector.head()) == checkpoint)
    }

    @Test("The empty tree's checkpoint is C2SP's")
    func emptyTree() throws {
        let text = "example.com/l\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
        #expect(Checkpoint(origin: "example.com/l", head: .empty).text == text)
        #expect(try Checkpoint(parsing: text).head == .empty)
    }

    @Test("Every prefix is refused, and every bumped byte is refused or states something else")
    func mutations() throws {
        let vector = try CheckpointVector.load()
        let whole = try Checkpoint(parsing: vector.body)
        let bytes = Array(vector.body.utf8)
        for prefix in everyPrefix(of: bytes) {
            #expect(throws: NoteError.malformedCheckpoint) {
                try Checkpoint(parsing: String(decoding: prefix, as: UTF8.self))
            }
        }
        for bumped in everyBumpedByte(of: bytes) {
            let text = String(decoding: bumped, as: UTF8.self)
            if let other = try? Checkpoint(parsing: text) {
                #expect(!other.isSameHead(as: whole))
                #expect(other.text == text)
            }
        }
    }

    @Test(
        "A size that is not a plain decimal is refused",
        arguments: ["", "014", "00", "+14", "-1", "1e1", " 14", "14 ", "0x0E", "١٤", "14.0"]
            + ["18446744073709551616", "99999999999999999999999"])
    func malformedSize(size: String) throws {
        let text = try CheckpointVector.load().body.replacing("\n14\n", with: "\n\(size)\n")
        #expect(throws: NoteError.malformedCheckpoint) { try Checkpoint(parsing: text) }
    }

    @Test("The largest size is read")
    func largestSize() throws {
        let text = try CheckpointVector.load().body
            .replacing("\n14\n", with: "\n18446744073709551615\n")
        #expect(try Checkpoint(parsing: text).head.size == .max)
    }

    @Test("An empty tree under another root is refused")
    func emptyTreeWithRoot() throws {
        let text = try CheckpointVector.load().body.replacing("\n14\n", with: "\n0\n")
        #expect(throws: NoteError.wrongEmptyRoot) { try Checkpoint(parsing: text) }
    }

    @Test("Roots of other lengths, empty lines and an empty origin are refused")
    func malformed() throws {
        let root = SHA256.hash([1]).base64
        for text in [
            "", "\n", "\n14\n\(root)\n", "o\n14\n\n", "o\n14\n\(root)", "o\n14\n\(root)\n\n",
            "o\n14\n\(Base64.encode(SecureRandom.bytes(31)))\n", "o\r\n14\r\n\(root)\r\n",
            "o\n14\n\(Base64.encode(SecureRandom.bytes(33)))\n", "o\n14\n\(root) \n",
            "o\n14\n\(root.dropLast())\n", "o\n\(root)\n14\n", "o\n14\n\(root)\n\nx\n",
        ] {
            #expect(throws: NoteError.malformedCheckpoint) { try Checkpoint(parsing: text) }
        }
    }

    @Test("Extension lines are kept apart, and do not make another head")
    func extensions() throws {
        let body = try CheckpointVector.load().body
        let extended = try Checkpoint(parsing: body + "one\ntwo\n")
        #expect(extended.extensions == ["one", "two"])
        #expect(extended.text == body + "one\ntwo\n")
        #expect(extended.isSameHead(as: try Checkpoint(parsing: body)))
        #expect(extended != (try Checkpoint(parsing: body)))
    }
}
