// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import Merkle

@Suite("Trees taken apart")
struct TreeSplitTests {
    @Test("Every tree up to 300 is taken apart at every size, and both roots come out")
    func exhaustive() throws {
        let reference = ReferenceTree(count: 300)
        let nodes = reference.nodesByHeight
        for size in 1...300 {
            for prefix in 1...size {
                let plan = try ProofPlan.split(of: UInt64(size), at: UInt64(prefix))
                let hashes = plan.hashes { nodes[Int($0.height)][Int($0.index)] }
                let split = try TreeSplit(
                    prefixSize: UInt64(prefix), size: UInt64(size), hashes: hashes)
                guard split.prefix == reference.head(size: prefix),
                    split.whole == reference.head(size: size)
                else {
                    Issue.record("\(size) at \(prefix)")
                    return
                }
            }
        }
    }

    @Test("A split holds what the consistency proof holds, and the first hash always")
    func consistency() throws {
        let reference = ReferenceTree(count: 40)
        let nodes = reference.nodesByHeight
        for (old, new) in [(1, 2), (4, 7), (3, 7), (6, 7), (32, 40), (33, 40)] {
            let plan = try ProofPlan.split(of: UInt64(new), at: UInt64(old))
            let hashes = plan.hashes { nodes[Int($0.height)][Int($0.index)] }
            let proof = reference.consistencyProof(from: old, to: new)
            #expect(hashes.suffix(proof.count) == proof[...])
            #expect(hashes.count - proof.count == (old & (old - 1) == 0 ? 1 : 0))
        }
    }

    @Test("A change of any hash changes the whole tree's root")
    func mutations() throws {
        let reference = ReferenceTree(count: 23)
        let nodes = reference.nodesByHeight
        for prefix in 1...23 {
            let plan = try ProofPlan.split(of: 23, at: UInt64(prefix))
            let hashes = plan.hashes { nodes[Int($0.height)][Int($0.index)] }
            for place in hashes.indices {
                var other = hashes
                other[place] = .zero
                let split = try TreeSplit(prefixSize: UInt64(prefix), size: 23, hashes: other)
                #expect(split.whole != reference.head(size: 23))
            }
            #expect(throws: ProofError.wrongLength(got: hashes.count + 1, want: hashes.count)) {
                try TreeSplit(prefixSize: UInt64(prefix), size: 23, hashes: hashes + [.zero])
            }
        }
        #expect(throws: ProofError.sizesOutOfOrder(old: 0, new: 3)) {
            try TreeSplit(prefixSize: 0, size: 3, hashes: [])
        }
        #expect(throws: ProofError.sizesOutOfOrder(old: 4, new: 3)) {
            try ProofPlan.split(of: 3, at: 4)
        }
    }
}
