// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import Merkle

struct ProofCheckerTests {
    /// Leaf hashes, and the growth that holds their proofs.
    private static func tree(_ size: Int) -> (leaves: [Digest], growth: TreeGrowth) {
        let leaves = (0..<size).map { Digest.leafHash([UInt8($0 & 0xFF), UInt8($0 >> 8)]) }
        var edge = TreeEdge()
        return (leaves, edge.append(leaves))
    }

    @Test("Every proof of a tree verifies, in order and backwards", arguments: 1...130)
    func all(size: Int) throws {
        let (leaves, growth) = Self.tree(size)
        for order in [Array(0..<size), Array((0..<size).reversed())] {
            var checker = ProofChecker(head: growth.newHead)
            for index in order {
                let proof = growth.inclusionProof(of: UInt64(index))
                try checker.verify(proof, leafHash: leaves[index])
            }
        }
    }

    @Test(
        "After a good proof, one with any hash or the leaf changed is still refused",
        arguments: [2, 3, 7, 8, 100, 129])
    func changed(size: Int) throws {
        let (leaves, growth) = Self.tree(size)
        for index in 1..<size {
            var checker = ProofChecker(head: growth.newHead)
            try checker.verify(
                growth.inclusionProof(of: UInt64(index - 1)), leafHash: leaves[index - 1])
            let good = growth.inclusionProof(of: UInt64(index))
            for place in good.hashes.indices {
                var hashes = good.hashes
                hashes[place] = .leafHash([])
                let bad = InclusionProof(
                    leafIndex: good.leafIndex, treeSize: good.treeSize, hashes: hashes)
                #expect(throws: ProofError.self, "leaf \(index), hash \(place)") {
                    try checker.verify(bad, leafHash: leaves[index])
                }
            }
            #expect(throws: ProofError.self) {
                try checker.verify(good, leafHash: leaves[index - 1])
            }
            try checker.verify(good, leafHash: leaves[index])
        }
    }

    @Test("Proofs of another size, beyond the tree or of another length are refused")
    func shapes() throws {
        let (leaves, growth) = Self.tree(9)
        var checker = ProofChecker(head: growth.newHead)
        let good = growth.inclusionProof(of: 4)
        for bad in [
            InclusionProof(leafIndex: 4, treeSize: 8, hashes: good.hashes),
            InclusionProof(leafIndex: 9, treeSize: 9, hashes: good.hashes),
            InclusionProof(leafIndex: 4, treeSize: 9, hashes: good.hashes.dropLast()),
            InclusionProof(leafIndex: 4, treeSize: 9, hashes: good.hashes + [.zero]),
            InclusionProof(leafIndex: 5, treeSize: 9, hashes: good.hashes),
        ] {
            #expect(throws: ProofError.self) { try checker.verify(bad, leafHash: leaves[4]) }
        }
    }
}
