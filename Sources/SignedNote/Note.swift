// SPDX-License-Identifier: Apache-2.0

/// A text and the lines that say who signed it.
///
///     This is an example message.
///
///     — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3…
///
/// A note is parsed, not verified: see ``verifiedSignatures(by:)``. Source:
/// https://c2sp.org/signed-note.
public struct Note: Hashable, Sendable {
    /// The most signature lines that a note may have.
    public static let maxSignatures = 100

    /// What is signed: the text up to and with the newline before the last empty line.
    public var text: String { exactText.string }

    /// The signature lines as they stand, repeated ones too.
    public let signatures: [NoteSignature]

    private let exactText: ExactText

    /// A note of a text, which must end in a newline, and signatures, at least one.
    public init(text: String, signatures: [NoteSignature]) {
        precondition(text.utf8.last == newline, "the text of a note ends in a newline")
        precondition(!signatures.isEmpty, "a note has a signature")
        self.exactText = ExactText(text)
        self.signatures = signatures
    }

    /// Parses a note; accepts only bytes that ``serialized`` gives back unchanged.
    ///
    /// Cost: linear in the number of bytes, which the caller must have limited.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        guard String(validating: bytes, as: UTF8.self) != nil,
            bytes.allSatisfy({ $0 >= 0x20 || $0 == newline }),
            let blank = Self.lastBlankLine(in: bytes),
            let signatureLines = lines(of: bytes[(blank + 1)...])
        else { throw .malformedNote }
        guard signatureLines.count <= Self.maxSignatures else {
            throw .tooManySignatures(signatureLines.count)
        }
        var signatures: [NoteSignature] = []
        for line in signatureLines {
            signatures.append(try NoteSignature(utf8: line))
        }
        self.init(text: String(decoding: bytes[..<blank], as: UTF8.self), signatures: signatures)
        guard serialized.utf8.elementsEqual(bytes) else { throw .malformedNote }
    }

    /// The note's text form: text, empty line, signature lines.
    public var serialized: String {
        signatures.reduce(into: text + "\n") { $0 += $1.line + "\n" }
    }

    /// Where the last empty line's newline is; the text before it is not empty.
    private static func lastBlankLine(in bytes: [UInt8]) -> Int? {
        bytes.indices.dropFirst().last { bytes[$0] == newline && bytes[$0 - 1] == newline }
    }
}
