// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import Merkle

@Suite("Consistency proofs")
struct ConsistencyProofTests {
    @Test("Every two trees up to 1,024 have the RFC's proof, and it holds")
    func exhaustive() throws {
        let reference = ReferenceTree(count: 1024)
        let heads = (0...1024).map { reference.head(size: $0) }
        let nodes = reference.nodesByHeight
        for new in 1...1024 {
            for old in 1...new {
                let plan = try ProofPlan.consistency(from: UInt64(old), to: UInt64(new))
                let proof = ConsistencyProof(
                    oldSize: UInt64(old), newSize: UInt64(new),
                    hashes: plan.hashes { nodes[Int($0.height)][Int($0.index)] })
                guard proof.hashes == reference.consistencyProof(from: old, to: new) else {
                    Issue.record("from \(old) to \(new)")
                    return
                }
                try proof.verify(from: heads[old], to: heads[new])
            }
        }
    }

    @Test("Every tree extends the empty one, whose root is fixed")
    func fromEmpty() throws {
        let head = ReferenceTree(count: 5).head(size: 5)
        let proof = ConsistencyProof(oldSize: 0, newSize: 5, hashes: [])
        try proof.verify(from: .empty, to: head)
        #expect(throws: ProofError.rootMismatch(got: .emptyRoot, want: .zero)) {
            try proof.verify(from: TreeHead(size: 0, root: .zero), to: head)
        }
        #expect(throws: ProofError.wrongLength(got: 1, want: 0)) {
            try ConsistencyProof(oldSize: 0, newSize: 5, hashes: [.zero])
                .verify(from: .empty, to: head)
        }
    }

    @Test("Two heads of one size with two roots are not consistent")
    func fork() throws {
        let head = ReferenceTree(count: 5).head(size: 5)
        let other = TreeHead(size: 5, root: .zero)
        let proof = ConsistencyProof(oldSize: 5, newSize: 5, hashes: [])
        try proof.verify(from: head, to: head)
        #expect(throws: ProofError.self) { try proof.verify(from: head, to: other) }
        #expect(throws: ProofError.self) { try proof.verify(from: other, to: head) }
    }

    @Test("A truncated, extended or flipped proof is refused")
    func mutations() throws {
        let reference = ReferenceTree(count: 16)
        for new in 1...16 {
            for old in 1...new {
                let whole = try proof(from: old, to: new, in: reference).hashes
                for hashes in mutations(of: whole) {
                    let proof = ConsistencyProof(
                        oldSize: UInt64(old), newSize: UInt64(new), hashes: hashes)
                    #expect(throws: ProofError.self) {
                        try proof.verify(
                            from: reference.head(size: old), to: reference.head(size: new))
                    }
                }
            }
        }
    }

    @Test("Another root, another size or swapped heads are refused")
    func otherHeads() throws {
        let reference = ReferenceTree(count: 16)
        for new in 2...16 {
            for old in 1..<new {
                let proof = try proof(from: old, to: new, in: reference)
                let (from, to) = (reference.head(size: old), reference.head(size: new))
                let wrong = [
                    (TreeHead(size: from.size, root: .zero), to),
                    (from, TreeHead(size: to.size, root: .zero)),
                    (reference.head(size: old - 1), to), (to, from), (to, to), (from, from),
                ]
                for (from, to) in wrong {
                    #expect(throws: ProofError.self) { try proof.verify(from: from, to: to) }
                }
            }
        }
    }

    @Test("A tree does not grow to fewer leaves")
    func shrinking() throws {
        let error = ProofError.sizesOutOfOrder(old: 3, new: 2)
        #expect(throws: error) { try ProofPlan.consistency(from: 3, to: 2) }
        let reference = ReferenceTree(count: 3)
        #expect(throws: error) {
            try ConsistencyProof(oldSize: 3, newSize: 2, hashes: [])
                .verify(from: reference.head(size: 3), to: reference.head(size: 2))
        }
    }

    @Test("Huge trees are planned and checked without a trap")
    func huge() throws {
        let sizes: [UInt64] = [1, 2, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, .max - 1, .max]
        for (place, new) in sizes.enumerated() {
            for old in sizes[...place] {
                let plan = try ProofPlan.consistency(from: old, to: new)
                let count = ConsistencyProof.hashCount(oldSize: old, newSize: new)
                #expect(plan.parts.count == count)
                let hashes = plan.hashes { _ in Digest.zero }
                let proof = ConsistencyProof(oldSize: old, newSize: new, hashes: hashes)
                #expect(throws: ProofError.self) {
                    try proof.verify(
                        from: TreeHead(size: old, root: .emptyRoot),
                        to: TreeHead(size: new, root: .zero))
                }
            }
        }
    }

    private func proof(
        from old: Int, to new: Int, in reference: ReferenceTree
    ) throws -> ConsistencyProof {
        let plan = try ProofPlan.consistency(from: UInt64(old), to: UInt64(new))
        return ConsistencyProof(
            oldSize: UInt64(old), newSize: UInt64(new),
            hashes: plan.hashes(node: reference.node))
    }

    private func mutations(of hashes: [Digest]) -> [[Digest]] {
        var mutations = [hashes + [.zero], [.zero] + hashes]
        if !hashes.isEmpty { mutations += [Array(hashes.dropLast()), Array(hashes.dropFirst())] }
        for place in hashes.indices {
            var bytes = hashes[place].bytes
            bytes[place % bytes.count] ^= 1
            var flipped = hashes
            flipped[place] = Digest(bytes) ?? .zero
            mutations.append(flipped)
        }
        return mutations
    }
}
