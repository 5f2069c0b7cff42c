// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import Merkle

@Suite("Inclusion proofs")
struct InclusionProofTests {
    @Test("Every leaf of every tree up to 1,024 has the RFC's proof, and it holds")
    func exhaustive() throws {
        let reference = ReferenceTree(count: 1024)
        let nodes = reference.nodesByHeight
        for size in 1...1024 {
            let head = reference.head(size: size)
            for index in 0..<size {
                let plan = try ProofPlan.inclusion(index: UInt64(index), size: UInt64(size))
                let proof = InclusionProof(
                    leafIndex: UInt64(index), treeSize: UInt64(size),
                    hashes: plan.hashes { nodes[Int($0.height)][Int($0.index)] })
                guard proof.hashes == reference.inclusionProof(index: index, size: size) else {
                    Issue.record("leaf \(index) of \(size)")
                    return
                }
                try proof.verify(leafHash: reference.leafHashes[index], in: head)
            }
        }
    }

    @Test("A proof of one leaf is not taken for that of another")
    func otherLeaves() throws {
        let reference = ReferenceTree(count: 33)
        for size in 1...33 {
            let head = reference.head(size: size)
            for index in 0..<size {
                let hashes = reference.inclusionProof(index: index, size: size)
                for other in 0..<size where other != index {
                    let proof = InclusionProof(
                        leafIndex: UInt64(other), treeSize: UInt64(size), hashes: hashes)
                    let leaf = reference.leafHashes[index]
                    let accepted: Void? = try? proof.verify(leafHash: leaf, in: head)
                    #expect(accepted == nil, "leaf \(index) of \(size) passed for \(other)")
                }
            }
        }
    }

    @Test("A proof that speaks of another size than the head is refused")
    func otherSize() throws {
        let reference = ReferenceTree(count: 3)
        // Leaf 1 of 2 and leaf 2 of 3 have the same way up: only the size tells them apart.
        let hashes = [reference.root(size: 2)]
        let proof = InclusionProof(leafIndex: 1, treeSize: 2, hashes: hashes)
        let head = reference.head(size: 3)
        #expect(try proof.root(fromLeafHash: reference.leafHashes[2]) == head.root)
        #expect(throws: ProofError.wrongSize(got: 2, want: 3)) {
            try proof.verify(leafHash: reference.leafHashes[2], in: head)
        }
    }

    @Test("A truncated or extended proof is refused", arguments: [1, 2, 3, 7, 8, 64, 65, 100])
    func wrongLength(size: Int) throws {
        let reference = ReferenceTree(count: size)
        let head = reference.head(size: size)
        for index in 0..<size {
            let whole = try proof(of: index, size: size, in: reference).hashes
            let longer = [whole + [.zero], [.zero] + whole, whole + whole + [head.root]]
            let shorter = whole.isEmpty ? [] : [Array(whole.dropLast()), Array(whole.dropFirst())]
            for hashes in longer + shorter {
                let proof = InclusionProof(
                    leafIndex: UInt64(index), treeSize: UInt64(size), hashes: hashes)
                #expect(throws: ProofError.wrongLength(got: hashes.count, want: whole.count)) {
                    try proof.verify(leafHash: reference.leafHashes[index], in: head)
                }
            }
        }
    }

    @Test("A flipped bit anywhere is refused")
    func flippedBit() throws {
        let reference = ReferenceTree(count: 13)
        let head = reference.head(size: 13)
        for index in 0..<13 {
            let whole = try proof(of: index, size: 13, in: reference)
            for place in whole.hashes.indices {
                for flipped in everyFlippedBit(of: whole.hashes[place].bytes) {
                    var hashes = whole.hashes
                    hashes[place] = try #require(Digest(flipped))
                    let proof = InclusionProof(
                        leafIndex: whole.leafIndex, treeSize: 13, hashes: hashes)
                    let leaf = reference.leafHashes[index]
                    let accepted: Void? = try? proof.verify(leafHash: leaf, in: head)
                    #expect(accepted == nil)
                }
            }
            let otherLeaf = reference.leafHashes[(index + 1) % 13]
            #expect(throws: ProofError.self) { try whole.verify(leafHash: otherLeaf, in: head) }
        }
    }

    @Test("A leaf beyond the tree has no proof", arguments: [0, 1, 2, 1 << 63, .max] as [UInt64])
    func beyond(size: UInt64) {
        for index in [size, size &+ 1, UInt64.max] where index >= size {
            let error = ProofError.leafBeyondTree(index: index, size: size)
            #expect(throws: error) { try ProofPlan.inclusion(index: index, size: size) }
            let proof = InclusionProof(leafIndex: index, treeSize: size, hashes: [])
            #expect(throws: error) { try proof.root(fromLeafHash: .zero) }
        }
    }

    @Test("Huge trees are planned and checked without a trap")
    func huge() throws {
        let sizes: [UInt64] = [(1 << 63) - 1, 1 << 63, (1 << 63) + 1, .max - 1, .max]
        for size in sizes {
            for index in [0, 1, size / 2, size - 2, size - 1] {
                let plan = try ProofPlan.inclusion(index: index, size: size)
                let count = InclusionProof.hashCount(leafIndex: index, treeSize: size)
                #expect(plan.parts.count == count)
                #expect(plan.tiles.allSatisfy { Tile(path: $0.path) == $0 })
                let hashes = plan.hashes { node in Digest.leafHash([node.height]) }
                let proof = InclusionProof(leafIndex: index, treeSize: size, hashes: hashes)
                let root = try proof.root(fromLeafHash: .zero)
                try proof.verify(leafHash: .zero, in: TreeHead(size: size, root: root))
            }
        }
    }

    @Test("A plan reads only tiles of the tree, and only nodes that are in them")
    func tiles() throws {
        for size in [1, 2, 255, 256, 257, 511, 65_536, 65_537, 70_000] as [UInt64] {
            let cover = Set(TileCover.tiles(size: size))
            for index in [0, size / 3, size / 2, size - 1] {
                let plan = try ProofPlan.inclusion(index: index, size: size)
                #expect(Set(plan.tiles).isSubset(of: cover))
                #expect(Set(plan.tiles).count == plan.tiles.count)
                for node in plan.nodes {
                    let tile = Tile.hashes(node.tileLevel, node.tileIndex, treeSize: size)
                    let reach = (node.indexInTile + 1) << node.heightInTile
                    #expect(try #require(tile).width >= reach)
                }
            }
        }
    }

    private func proof(
        of index: Int, size: Int, in reference: ReferenceTree
    ) throws -> InclusionProof {
        let plan = try ProofPlan.inclusion(index: UInt64(index), size: UInt64(size))
        return InclusionProof(
            leafIndex: UInt64(index), treeSize: UInt64(size),
            hashes: plan.hashes(node: reference.node))
    }
}
