// SPDX-License-Identifier: Apache-2.0

public import LogCrypto
public import Merkle

/// What a log sends to a witness: a checkpoint, and the proof that it extends the witness's last.
///
///     old 20852014
///     PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
///     …
///
///     <checkpoint with its signatures>
///
/// A request is parsed, not proven. Source: https://c2sp.org/tlog-witness.
public struct AddCheckpointRequest: Hashable, Sendable {
    /// The most bytes that a request may have.
    public static let maxBytes = 65_536

    /// The most hashes that a proof may have.
    public static let maxProofHashes = 63

    /// The size of the tree that the witness cosigned last, as the log knows it.
    public let oldSize: UInt64

    /// The consistency proof's hashes, from the old size to the checkpoint's.
    public let proof: [Digest]

    /// The checkpoint's note.
    public let note: Note

    /// What the note states.
    public let checkpoint: Checkpoint

    /// A request of its parts.
    ///
    /// Throws if the note is no checkpoint, or the proof has more than ``maxProofHashes`` hashes.
    public init(oldSize: UInt64, proof: [Digest], note: Note) throws(NoteError) {
        guard proof.count <= Self.maxProofHashes else { throw .malformedRequest }
        self.oldSize = oldSize
        self.proof = proof
        self.note = note
        self.checkpoint = try Checkpoint(parsing: note.text)
    }

    /// Parses a request; accepts only bytes that ``serialized`` gives back unchanged.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        guard bytes.count <= Self.maxBytes else { throw .malformedRequest }
        let blank = bytes.indices.dropFirst().first {
            bytes[$0] == newline && bytes[$0 - 1] == newline
        }
        guard let blank, let head = lines(of: bytes[..<blank]), let old = head.first,
            old.starts(with: "old ".utf8), let oldSize = decimal(old.dropFirst(4)),
            head.count - 1 <= Self.maxProofHashes
        else { throw .malformedRequest }
        let proof = head.dropFirst().compactMap { Base64.decode(ascii: $0).flatMap { Digest($0) } }
        guard proof.count == head.count - 1 else { throw .malformedRequest }
        try self.init(
            oldSize: oldSize, proof: proof, note: Note(parsing: Array(bytes[(blank + 1)...])))
        guard serialized == bytes else { throw .malformedRequest }
    }

    /// The request's body.
    public var serialized: [UInt8] {
        var text = "old \(oldSize)\n"
        for hash in proof { text += hash.base64 + "\n" }
        return Array((text + "\n" + note.serialized).utf8)
    }

    /// The proof as such: nothing is proven before it is verified between two heads.
    public var consistency: ConsistencyProof {
        ConsistencyProof(oldSize: oldSize, newSize: checkpoint.head.size, hashes: proof)
    }
}
