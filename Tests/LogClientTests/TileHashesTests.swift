// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@testable import LogClient

@Suite("Proofs made from tiles")
struct TileHashesTests {
    @Test("Any leaf is proven, and any earlier tree, from tiles alone", arguments: [1, 257, 700])
    func proofs(size: Int) async throws {
        let log = try TestLog(count: size)
        let hashes = try TileHashes(log, head: log.head)
        var range = CompactRange()
        for index in 0..<size {
            let leafHash = TestLog.leaf(index).hash
            let proof = try await hashes.inclusionProof(of: UInt64(index), leafHash: leafHash)
            #expect(proof.leafIndex == index)
            let consistency = try await hashes.consistencyProof(from: range.head)
            #expect(consistency.oldSize == index)
            range.append(leafHash)
        }
        #expect(range.head == hashes.head)
    }

    @Test("A false leaf, an older tree of another log, and a false tile prove nothing")
    func refused() async throws {
        let log = try TestLog(count: 300)
        let hashes = try TileHashes(log, head: log.head)
        await #expect(throws: VerifyError.self) {
            try await hashes.inclusionProof(of: 3, leafHash: TestLog.leaf(4).hash)
        }
        let beyond = VerifyError.inclusion(.leafBeyondTree(index: 300, size: 300))
        await #expect(throws: beyond) {
            try await hashes.inclusionProof(of: 300, leafHash: .zero)
        }
        await #expect(throws: VerifyError.self) {
            try await hashes.consistencyProof(from: TreeHead(size: 200, root: .zero))
        }
        await #expect(throws: VerifyError.consistency(.sizesOutOfOrder(old: 301, new: 300))) {
            try await hashes.consistencyProof(from: TreeHead(size: 301, root: .zero))
        }
        let tile = Tile(.hashes(0), index: 0)
        log.tiles[tile]?[40] ^= 1
        await #expect(throws: VerifyError.self) {
            try await hashes.inclusionProof(of: 0, leafHash: TestLog.leaf(0).hash)
        }
        log.tiles[tile] = []
        await #expect(throws: VerifyError.malformedTile(tile)) {
            try await hashes.inclusionProof(of: 0, leafHash: TestLog.leaf(0).hash)
        }
    }
}
