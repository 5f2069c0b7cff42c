// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Verifies inclusion proofs under one head, and the nodes that they share only once.
///
/// Where the way up from a leaf meets the way of the proof verified before it, and every sibling
/// above is the same, the rest is proven already. For leaves in order that leaves about two node
/// hashes a proof; for leaves in any order the answer is the same as
/// ``InclusionProof/verify(leafHash:in:)``.
public struct ProofChecker: Sendable {
    /// A node on the way from a leaf to the root, after one more sibling was hashed in.
    private struct Step {
        let height: Int
        let index: UInt64
        let hash: Digest
    }

    private let head: TreeHead
    /// The siblings of the newest proof that verified, and the way that they make.
    private var siblings: [Digest] = []
    private var way: [Step] = []

    /// A checker that has verified nothing yet.
    public init(head: TreeHead) {
        self.head = head
    }

    /// Checks that the tree under the head has this leaf at the proof's index.
    ///
    /// Source: RFC 9162 §2.1.3.2.
    public mutating func verify(_ proof: InclusionProof, leafHash: Digest) throws(ProofError) {
        guard proof.treeSize == head.size else {
            throw .wrongSize(got: proof.treeSize, want: head.size)
        }
        guard proof.leafIndex < head.size else {
            throw .leafBeyondTree(index: proof.leafIndex, size: head.size)
        }
        let want = InclusionProof.hashCount(leafIndex: proof.leafIndex, treeSize: head.size)
        guard proof.hashes.count == want else {
            throw .wrongLength(got: proof.hashes.count, want: want)
        }
        var climb = Climb(leafIndex: proof.leafIndex, size: head.size, hash: leafHash)
        var steps: [Step] = []
        var known = 0
        for (offset, sibling) in proof.hashes.enumerated() {
            climb.step(sibling)
            steps.append(Step(height: climb.height, index: climb.index, hash: climb.hash))
            while known < way.count && way[known].height < climb.height { known += 1 }
            guard known < way.count, way[known].height == climb.height,
                way[known].index == climb.index, way[known].hash == climb.hash,
                proof.hashes[(offset + 1)...] == siblings[(known + 1)...]
            else { continue }
            way.replaceSubrange(...known, with: steps)
            siblings = proof.hashes
            return
        }
        guard climb.hash == head.root else {
            throw .rootMismatch(got: climb.hash, want: head.root)
        }
        (way, siblings) = (steps, proof.hashes)
    }
}

/// The way up from a leaf: one sibling at a time.
private struct Climb {
    /// The node reached, and the last node of the same height.
    private(set) var index: UInt64
    private var last: UInt64
    private(set) var height = 0
    private(set) var hash: Digest

    init(leafIndex: UInt64, size: UInt64, hash: Digest) {
        (index, last) = (leafIndex, size - 1)
        self.hash = hash
    }

    mutating func step(_ sibling: Digest) {
        if index & 1 == 1 || index == last {
            hash = .node(sibling, hash)
            // A last node that is a left one has no sibling, and stands for its parent.
            while index & 1 == 0 && index != 0 { rise() }
        } else {
            hash = .node(hash, sibling)
        }
        rise()
    }

    private mutating func rise() {
        (index, last, height) = (index >> 1, last >> 1, height + 1)
    }
}
