// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import SignedNote
import Testing

@Suite("Signed notes")
struct NoteTests {
    /// The example of https://c2sp.org/signed-note's reference implementation.
    private static let example = """
        This is an example message.

        — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3m\
        FXmRKuwHjG1Yu72IneyaQM=

        """
    private static let exampleKey =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

    /// A line of a key that nobody knows.
    private static let stranger = NoteSignature(
        name: "stranger.example", keyID: 7, bytes: [1]
    ).line

    @Test("The reference implementation's example verifies and prints as it was")
    func reference() throws {
        let note = try Note(parsing: Array(Self.example.utf8))
        #expect(note.text == "This is an example message.\n")
        #expect(note.serialized == Self.example)
        let verified = try note.verifiedSignatures(by: [VerifierKey(parsing: Self.exampleKey)])
        #expect(verified == note.signatures)
    }

    @Test("Every prefix and bumped byte of a note is refused or does not verify")
    func mutations() throws {
        let key = try VerifierKey(parsing: Self.exampleKey)
        let bytes = Array(Self.example.utf8)
        for mutant in Array(everyPrefix(of: bytes)) + Array(everyBumpedByte(of: bytes)) {
            #expect(throws: NoteError.self) {
                try Note(parsing: mutant).verifiedSignatures(by: [key])
            }
        }
    }

    @Test("A parsed line prints as it was, and a changed one is another line or none")
    func lines() throws {
        let line = try #require(CheckpointVector.load().ed25519Line.split(separator: "\n").first)
        let parsed = try NoteSignature(parsing: String(line))
        #expect(parsed.line == line)
        for mutant in everyBumpedByte(of: Array(line.utf8)) {
            let text = String(decoding: mutant, as: UTF8.self)
            if let other = try? NoteSignature(parsing: text) {
                #expect(other != parsed)
                #expect(other.line == text)
            }
        }
    }

    @Test(
        "A signature line of another form is refused",
        arguments: [
            "", "—", "— ", "— a", "— a ", "— a AAAA", "— a AAAAAA==", "- a AAAAAAE=",
            "— a  AAAAAAE=", "—  a AAAAAAE=", "— a AAAAAAE= ", "— a AAAAAAE=\n", "— a+b AAAAAAE=",
            "— a\u{A0}b AAAAAAE=", "— a\u{2003}b AAAAAAE=", "— a\tb AAAAAAE=", "— a AAAAAAF=",
            "—\u{A0}a AAAAAAE=", "— a AAAAAAE", " — a AAAAAAE=", "— a b AAAAAAE=",
        ])
    func malformedLines(line: String) throws {
        #expect(throws: NoteError.malformedSignature) { try NoteSignature(parsing: line) }
        if !line.isEmpty && !line.contains("\n") && !line.contains("\t") {
            #expect(throws: NoteError.malformedSignature) {
                try Note(parsing: Array("text\n\n\(line)\n".utf8))
            }
        }
    }

    @Test(
        "Bytes that are no note are refused",
        arguments: [
            "", "\n", "\n\n", "text", "text\n", "text\n\n", "\n\n— a AAAAAAE=\n".dropFirst(1),
            "text\n— a AAAAAAE=\n", "text\n\n— a AAAAAAE=", "te\rxt\n\n— a AAAAAAE=\n",
            "te\u{0}xt\n\n— a AAAAAAE=\n", "text\n\n— a AAAAAAE=\n\n",
            "text\r\n\r\n— a AAAAAAE=\r\n",
        ] as [Substring])
    func malformedNotes(text: Substring) {
        #expect(throws: NoteError.malformedNote) { try Note(parsing: Array(text.utf8)) }
    }

    @Test("Text that is not UTF-8 is refused")
    func notUTF8() {
        #expect(throws: NoteError.malformedNote) {
            try Note(parsing: [0xFF] + Array("text\n\n— a AAAAAAE=\n".utf8))
        }
    }

    @Test("The text ends at the last empty line")
    func emptyLines() throws {
        let text = "one\n\ntwo\n\n\n"
        let note = try Note(parsing: Array("\(text)\n— a AAAAAAE=\n".utf8))
        #expect(note.text == text)
        #expect(note.signatures == [NoteSignature(name: "a", keyID: 0, bytes: [1])])
    }

    @Test("Lines of unknown keys are ignored, also under a known name or a known id")
    func unknownLines() throws {
        let key = try VerifierKey(parsing: Self.exampleKey)
        let signed = try Note(parsing: Array(Self.example.utf8))
        let unknown = [
            NoteSignature(name: key.name, keyID: key.keyID ^ 1, bytes: [1]),
            NoteSignature(name: "example.com/bar", keyID: key.keyID, bytes: [1]),
        ]
        let note = Note(text: signed.text, signatures: unknown + signed.signatures)
        #expect(try note.verifiedSignatures(by: [key]) == signed.signatures)
        #expect(throws: NoteError.noKnownSignature) {
            try Note(text: signed.text, signatures: unknown).verifiedSignatures(by: [key])
        }
        #expect(throws: NoteError.noKnownSignature) { try note.verifiedSignatures(by: []) }
    }

    @Test("A name that Unicode equates with a known one is unknown")
    func equivalentNames() throws {
        let bytes = try #require(Ed25519PublicKey(bytes: SecureRandom.bytes(32)))
        let key = VerifierKey.ed25519(name: "caf\u{E9}.example", bytes)
        let line = NoteSignature(name: "cafe\u{301}.example", keyID: key.keyID, bytes: [1])
        #expect(line != NoteSignature(name: key.name, keyID: key.keyID, bytes: [1]))
        #expect(throws: NoteError.noKnownSignature) {
            try Note(text: "text\n", signatures: [line]).verifiedSignatures(by: [key])
        }
    }

    @Test("A known line that is wrong refuses the note, before or after the right one")
    func knownButWrong() throws {
        let key = try VerifierKey(parsing: Self.exampleKey)
        let signed = try Note(parsing: Array(Self.example.utf8))
        let wrong = NoteSignature(
            name: key.name, keyID: key.keyID, bytes: [UInt8](repeating: 1, count: 64))
        for lines in [[wrong] + signed.signatures, signed.signatures + [wrong], [wrong]] {
            let error = NoteError.invalidSignature(name: key.name, keyID: key.keyID)
            #expect(throws: error) {
                try Note(text: signed.text, signatures: lines).verifiedSignatures(by: [key])
            }
        }
    }

    @Test("A repeated line counts once and stays in the note's text")
    func duplicates() throws {
        let line = try #require(Self.example.split(separator: "\n").last)
        let bytes = Array((Self.example + line + "\n").utf8)
        let note = try Note(parsing: bytes)
        #expect(Array(note.serialized.utf8) == bytes)
        let key = try VerifierKey(parsing: Self.exampleKey)
        #expect(try note.verifiedSignatures(by: [key, key]).count == 1)
    }

    @Test("A hundred lines are read, a hundred and one are refused")
    func tooManyLines() throws {
        let key = try VerifierKey(parsing: Self.exampleKey)
        let most = Self.example + String(repeating: Self.stranger + "\n", count: 99)
        let note = try Note(parsing: Array(most.utf8))
        #expect(try note.verifiedSignatures(by: [key]).count == 1)
        #expect(throws: NoteError.tooManySignatures(101)) {
            try Note(parsing: Array((most + Self.stranger + "\n").utf8))
        }
    }
}
