// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import LogCrypto
public import Merkle
public import SignedNote

/// Two heads that one log has signed and that no single history has: proof that it forked.
///
/// Each head comes with the hashes that take its tree apart at the same size. Each list leads to
/// the head's own root, so it fixes the root of that tree's first leaves; the two differ, so the
/// trees differ among leaves that both of them claim. Nobody who lacks the log's key can make it,
/// and nobody has to be asked to check it. Evidence is parsed, not proven: see ``verify(by:)``.
public struct ForkEvidence: Hashable, Sendable {
    /// The size at which both trees are taken apart: no larger than the smaller of them.
    public let size: UInt64

    /// The two trees: the smaller first, of equal ones that with the lesser root.
    public let trees: [Tree]

    /// One of the two trees.
    public struct Tree: Hashable, Sendable {
        /// The signed note of its checkpoint.
        public let checkpoint: String

        /// The hashes that take it apart (``TreeSplit``), lowest first.
        public let nodes: [Digest]
    }

    /// The evidence that two checkpoints make, which were opened under the pinned keys.
    ///
    /// Fails unless it verifies. Of each note, only the lines that those keys made are kept.
    ///
    /// - Parameters:
    ///   - one: A checkpoint, and the split of its tree.
    ///   - other: The other checkpoint, and the split of its tree at the same size.
    ///   - pinned: The log.
    public init(
        _ one: (OpenedCheckpoint, TreeSplit), _ other: (OpenedCheckpoint, TreeSplit),
        of pinned: PinnedLog
    ) throws(ForkEvidenceError) {
        let sides = [one, other].sorted { Self.isOrdered($0.0.head, before: $1.0.head) }
        size = one.1.prefixSize
        trees = sides.map { opened, split in
            let note = Note(text: opened.note.text, signatures: opened.verified)
            return Tree(checkpoint: note.serialized, nodes: split.hashes)
        }
        try verify(by: pinned)
    }

    /// Parses a file of evidence, of at most ``byteLimit`` bytes.
    ///
    /// Members in any order, none unknown.
    public init(parsing bytes: [UInt8]) throws(ProofFileError) {
        let file: JSONValue
        do {
            file = try JSONValue.parse(bytes, limits: JSONLimits(byteCount: Self.byteLimit))
        } catch {
            throw .json(error)
        }
        let members = try MemberReader(file, at: "", required: ["fork", "size", "trees"])
        try members.require("fork", is: "evident/v1")
        size = try members.number("size")
        let elements = try members.elements("trees")
        guard elements.count == 2 else { throw .malformed("trees") }
        var trees: [Tree] = []
        for (place, value) in elements.enumerated() {
            let tree = try MemberReader(
                value, at: "trees[\(place)]", required: ["checkpoint", "nodes"])
            trees.append(
                Tree(
                    checkpoint: try tree.text("checkpoint"), nodes: try tree.hashes("nodes")))
        }
        self.trees = trees
    }

    /// The most bytes that a file of evidence may have.
    ///
    /// Two notes with all the signatures that a note may have take less.
    public static let byteLimit = 128 << 10

    /// The evidence as JSON, members in the order of the specification.
    public var json: [UInt8] {
        var bytes = Array(#"{"fork":"evident/v1","size":"#.utf8)
        bytes.appendDecimal(size)
        bytes += #","trees":["#.utf8
        for (place, tree) in trees.enumerated() {
            bytes += (place == 0 ? #"{"checkpoint":"# : #",{"checkpoint":"#).utf8
            bytes.appendQuoted(tree.checkpoint)
            bytes += #","nodes":["#.utf8
            for (place, hash) in tree.nodes.enumerated() {
                bytes += (place == 0 ? "\"" : ",\"").utf8
                Base64.append(hash, to: &bytes)
                bytes.append(UInt8(ascii: "\""))
            }
            bytes += "]}".utf8
        }
        return bytes + "]}".utf8
    }

    /// Checks offline that the pinned log signed both heads, and that they exclude each other.
    ///
    /// Witnesses are not asked for: the log's own signatures are what convicts it. Cost: one
    /// signature verification for each line by a pinned key, and about four node hashes for each
    /// level of the trees.
    @discardableResult
    public func verify(by pinned: PinnedLog) throws(ForkEvidenceError) -> ProvenFork {
        var sides: [(opened: OpenedCheckpoint, split: TreeSplit)] = []
        for tree in trees {
            sides.append(try tree.verify(at: size, by: pinned))
        }
        let heads = sides.map(\.opened.head)
        guard Self.isOrdered(heads[0], before: heads[1]) else { throw .order }
        guard sides[0].split.prefix != sides[1].split.prefix else { throw .noContradiction }
        return ProvenFork(
            origin: pinned.origin, checkpoints: sides.map(\.opened), size: size,
            prefixes: sides.map(\.split.prefix.root))
    }

    /// The same evidence with no signature lines but the log's own that were verified.
    public func withOwnLines(of fork: ProvenFork) -> ForkEvidence {
        ForkEvidence(
            size: size,
            trees: zip(trees, fork.checkpoints).map { tree, opened in
                let note = Note(text: opened.note.text, signatures: opened.verified)
                return Tree(checkpoint: note.serialized, nodes: tree.nodes)
            })
    }

    private init(size: UInt64, trees: [Tree]) {
        self.size = size
        self.trees = trees
    }

    private static func isOrdered(_ left: TreeHead, before right: TreeHead) -> Bool {
        left.size == right.size
            ? left.root.bytes.lexicographicallyPrecedes(right.root.bytes)
            : left.size < right.size
    }
}

extension ForkEvidence.Tree {
    fileprivate func verify(
        at size: UInt64, by pinned: PinnedLog
    ) throws(ForkEvidenceError) -> (opened: OpenedCheckpoint, split: TreeSplit) {
        let opened: OpenedCheckpoint
        do {
            opened = try pinned.openUnwitnessed(Array(checkpoint.utf8))
        } catch {
            throw .checkpoint(error)
        }
        let split: TreeSplit
        do {
            split = try TreeSplit(prefixSize: size, size: opened.head.size, hashes: nodes)
        } catch {
            throw .nodes(error)
        }
        guard split.whole == opened.head else {
            throw .nodes(.rootMismatch(got: split.whole.root, want: opened.head.root))
        }
        return (opened, split)
    }
}

extension OpenedCheckpoint {
    /// The tree's size and root.
    var head: TreeHead { checkpoint.head }
}

extension PinnedLog {
    /// Opens a checkpoint under the log's own keys alone, whoever cosigned it.
    func openUnwitnessed(_ note: [UInt8]) throws(NoteError) -> OpenedCheckpoint {
        try .open(note, origin: origin.text, keys: keys)
    }
}

/// A fork that was proven.
public struct ProvenFork: Sendable {
    /// The log that forked.
    public let origin: Origin

    /// The two heads that it signed, in the order of the evidence.
    public let checkpoints: [OpenedCheckpoint]

    /// A size that both trees reach and at which they differ already.
    public let size: UInt64

    /// The root that each tree has at that size.
    public let prefixes: [Digest]

    /// What two pieces of evidence share that are about the same two heads, however they are
    /// signed and taken apart.
    ///
    ///     SHA256("evident.fork.v1" ‖ 0x00 ‖ u8(len origin) ‖ origin
    ///            ‖ u64(size) ‖ root ‖ u64(size) ‖ root)
    public var id: Digest {
        var bytes = Array("evident.fork.v1\0".utf8)
        bytes.append(UInt8(origin.text.utf8.count))
        bytes += origin.text.utf8
        for head in checkpoints.map(\.head) {
            bytes.appendBigEndian(head.size)
            bytes += head.root.bytes
        }
        return SHA256.hash(bytes)
    }
}

/// Why evidence proves no fork.
public enum ForkEvidenceError: Error, Hashable, Sendable {
    /// One of the two checkpoints does not open under the pinned key.
    case checkpoint(NoteError)

    /// The hashes do not lead to the root of their checkpoint.
    case nodes(ProofError)

    /// The two trees are not in their order, or are the same.
    case order

    /// Both trees begin alike up to the size at which they are taken apart.
    case noContradiction
}

extension ForkEvidenceError: CustomStringConvertible {
    /// One sentence for people, without a full stop.
    public var description: String {
        switch self {
        case .checkpoint(let error): VerifyError.checkpoint(error).description
        case .nodes(let error): "the hashes do not lead to a signed root (\(error))"
        case .order: "the two trees are the same, or not in their order"
        case .noContradiction: "both trees begin alike as far as the hashes show"
        }
    }
}
