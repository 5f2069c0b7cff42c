// SPDX-License-Identifier: Apache-2.0

public import LogCrypto
public import Merkle

/// A proof file: shows offline that a log holds a leaf.
///
///     c2sp.org/tlog-proof@v1
///     extra <base64>
///     index 4
///     zlslgoBLTIRmJM3blUR5ZrqNA0bqKLXhxiwV/mUbQbs=
///     …
///
///     <checkpoint with its signatures>
///
/// A proof is parsed, not proven: see ``open(leafHash:origin:keys:)``. Source:
/// https://c2sp.org/tlog-proof.
public struct LogProof: Hashable, Sendable {
    private static let header = "c2sp.org/tlog-proof@v1"

    /// What the log's application adds, not empty; in this log's files, the leaf.
    ///
    /// Nothing vouches for it.
    public let extra: [UInt8]?

    /// The way from the leaf to the checkpoint's root.
    public let proof: InclusionProof

    /// The checkpoint's note, verbatim.
    public var checkpoint: String { exactCheckpoint.string }

    private let exactCheckpoint: ExactText

    /// A proof under a checkpoint's note, whose size must be the proof's.
    public init(extra: [UInt8]?, proof: InclusionProof, checkpoint note: String) {
        precondition(extra?.isEmpty != true, "extra data is not empty where there is any")
        self.extra = extra
        self.proof = proof
        self.exactCheckpoint = ExactText(note)
    }

    /// Parses a proof file; accepts only bytes that ``serialized`` gives back unchanged.
    ///
    /// The proof's tree size is the checkpoint's.
    public init(parsing bytes: [UInt8]) throws(NoteError) {
        let separator = bytes.indices.dropFirst().first {
            bytes[$0] == newline && bytes[$0 - 1] == newline
        }
        guard let separator, var head = lines(of: bytes[..<separator])?[...],
            head.popFirst()?.elementsEqual(Self.header.utf8) == true
        else { throw .malformedProof }
        let extra = head.first.flatMap { Self.value(of: "extra ", in: $0) }
        if extra != nil { head.removeFirst() }
        guard let index = head.popFirst().flatMap({ Self.value(of: "index ", in: $0) })
        else { throw .malformedProof }
        let noteBytes = Array(bytes[(separator + 1)...])
        let checkpoint = try Checkpoint(parsing: Note(parsing: noteBytes).text)
        try self.init(
            extra: extra, index: index, hashes: head, treeSize: checkpoint.head.size,
            note: String(decoding: noteBytes, as: UTF8.self))
        guard serialized.utf8.elementsEqual(bytes) else { throw .malformedProof }
    }

    private init(
        extra: ArraySlice<UInt8>?, index: ArraySlice<UInt8>, hashes: ArraySlice<ArraySlice<UInt8>>,
        treeSize: UInt64, note: String
    ) throws(NoteError) {
        guard let index = decimal(index), index < treeSize, hashes.count <= 64 else {
            throw .malformedProof
        }
        let digests = hashes.compactMap { Base64.decode(ascii: $0).flatMap { Digest($0) } }
        let decoded = extra.flatMap { Base64.decode(ascii: $0) }
        guard digests.count == hashes.count, (decoded == nil) == (extra == nil),
            decoded?.isEmpty != true
        else { throw .malformedProof }
        self.init(
            extra: decoded,
            proof: InclusionProof(leafIndex: index, treeSize: treeSize, hashes: digests),
            checkpoint: note)
    }

    /// The proof file.
    public var serialized: String {
        var text = Self.header + "\n"
        if let extra { text += "extra \(Base64.encode(extra))\n" }
        text += "index \(proof.leafIndex)\n"
        for hash in proof.hashes { text += hash.base64 + "\n" }
        return text + "\n" + checkpoint
    }

    /// Opens the checkpoint and checks that its tree has the leaf at the proof's index.
    ///
    /// The caller makes the leaf's hash from a leaf that it has checked, never from the file alone.
    public func open(
        leafHash: Digest, origin: String, keys: [VerifierKey]
    ) throws(NoteError) -> OpenedCheckpoint {
        let opened = try OpenedCheckpoint.open(
            Array(checkpoint.utf8), origin: origin, keys: keys)
        do {
            try proof.verify(leafHash: leafHash, in: opened.checkpoint.head)
        } catch {
            throw .invalidProof(error)
        }
        return opened
    }

    /// What a line has after a label; `nil` if it does not begin with it.
    private static func value(
        of label: String, in line: ArraySlice<UInt8>
    ) -> ArraySlice<UInt8>? {
        line.starts(with: label.utf8) ? line.dropFirst(label.utf8.count) : nil
    }
}
