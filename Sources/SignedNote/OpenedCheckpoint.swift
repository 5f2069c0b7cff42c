// SPDX-License-Identifier: Apache-2.0

/// A checkpoint that bears a verified signature of its log.
public struct OpenedCheckpoint: Sendable {
    /// What the log states.
    public let checkpoint: Checkpoint

    /// The note that it came in, with the lines of unknown keys too.
    public let note: Note

    /// The signatures that were verified, one for each key that signed.
    public let verified: [NoteSignature]

    /// Opens the note of a log's checkpoint.
    ///
    /// - Parameters:
    ///   - bytes: The note as it was served.
    ///   - origin: The log that is expected. Another one is refused.
    ///   - keys: The log's own keys, under its origin, and those of witnesses. At least one of the
    ///     log's own must have signed; a line of any of them that does not verify is refused.
    public static func open(
        _ bytes: [UInt8], origin: String, keys: [VerifierKey]
    ) throws(NoteError) -> OpenedCheckpoint {
        let note = try Note(parsing: bytes)
        let checkpoint = try Checkpoint(parsing: note.text)
        guard checkpoint.isOf(origin: origin) else {
            throw .wrongOrigin(got: checkpoint.origin, want: origin)
        }
        guard checkpoint.extensions.isEmpty else { throw .unexpectedExtension }
        let verified = try note.verifiedSignatures(by: keys)
        let logKeys = keys.filter {
            $0.algorithm != .cosignature && checkpoint.isOf(origin: $0.name)
        }
        guard verified.contains(where: { line in logKeys.contains { $0.isNamed(by: line) } })
        else { throw .noLogSignature }
        return OpenedCheckpoint(checkpoint: checkpoint, note: note, verified: verified)
    }

    /// When the log's tree head key signed, in milliseconds since 1970; `nil` if the key was not
    /// among those that opened the checkpoint, or did not sign.
    public func timestampMS(of key: VerifierKey) -> UInt64? {
        guard key.algorithm == .treeHead else { return nil }
        return line(of: key).flatMap { TreeHeadSignature($0.bytes) }?.timestampMS
    }

    /// When a witness cosigned, in seconds since 1970; `nil` if the key was not among those that
    /// opened the checkpoint, or did not sign.
    public func cosignatureTimeSeconds(of key: VerifierKey) -> UInt64? {
        guard key.algorithm == .cosignature else { return nil }
        return line(of: key).flatMap { Cosignature($0.bytes) }?.timeSeconds
    }

    private func line(of key: VerifierKey) -> NoteSignature? {
        verified.first { key.isNamed(by: $0) }
    }
}
