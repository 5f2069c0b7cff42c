// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// One signature line of a note, of which nothing is verified yet.
///
///     — log.example.com/audit Iz2O99qL8wJmVAt2…
///
/// The dash is U+2014; the base64 holds the key id and then the signature. Source:
/// https://c2sp.org/signed-note.
public struct NoteSignature: Hashable, Sendable {
    private static let prefix = Array("— ".utf8)

    /// The name of the key that is said to have signed.
    public var name: String { exactName.string }

    /// The id of that key: together with its name it tells the key and the signature type.
    public let keyID: UInt32

    /// What the signature type puts there: at least one byte.
    public let bytes: [UInt8]

    private let exactName: ExactText

    /// A line of its parts; the name must be a valid key name, and `bytes` not empty.
    public init(name: String, keyID: UInt32, bytes: [UInt8]) {
        precondition(KeyName.isValid(name) && !bytes.isEmpty, "no signature line can hold this")
        self.exactName = ExactText(name)
        self.keyID = keyID
        self.bytes = bytes
    }

    /// A line as a note has it, without its newline.
    public init(parsing line: String) throws(NoteError) {
        try self.init(utf8: Array(line.utf8)[...])
    }

    /// A line whose bytes are known to be UTF-8.
    init(utf8 line: ArraySlice<UInt8>) throws(NoteError) {
        guard line.starts(with: Self.prefix) else { throw .malformedSignature }
        let fields = line.dropFirst(Self.prefix.count)
            .split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard fields.count == 2, let decoded = Base64.decode(ascii: fields[1]), decoded.count > 4
        else { throw .malformedSignature }
        let name = String(decoding: fields[0], as: UTF8.self)
        guard KeyName.isValid(name) else { throw .malformedSignature }
        self.init(
            name: name, keyID: bigEndian(decoded.prefix(4), as: UInt32.self),
            bytes: Array(decoded.dropFirst(4)))
    }

    /// The line without its newline.
    public var line: String {
        var signed: [UInt8] = []
        signed.appendBigEndian(keyID)
        return "— \(name) \(Base64.encode(signed + bytes))"
    }
}
