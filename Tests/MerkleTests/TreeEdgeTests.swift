// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import Merkle

@Suite("The growing edge of a tree")
struct TreeEdgeTests {
    @Test("Batches of any size give the heads, tiles and proofs of the RFC", arguments: 0..<8)
    func randomBatches(seed: UInt64) throws {
        let reference = ReferenceTree(count: 1024)
        var generator = SeededGenerator(seed: seed)
        var (edge, stored) = (TreeEdge(), [Tile: [UInt8]]())
        var size = 0
        while size < 1024 {
            let largest = Bool.random(using: &generator) ? 4 : 300
            let end = min(1024, size + Int.random(in: 0...largest, using: &generator))
            let growth = edge.append(Array(reference.leafHashes[size..<end]))
            #expect(growth.oldHead == reference.head(size: size), "seed \(seed)")
            #expect(growth.newHead == reference.head(size: end), "seed \(seed)")
            #expect(edge.head == growth.newHead)
            for index in size..<end {
                let proof = growth.inclusionProof(of: UInt64(index))
                #expect(proof.hashes == reference.inclusionProof(index: index, size: end))
                try proof.verify(leafHash: reference.leafHashes[index], in: growth.newHead)
            }
            expectTiles(of: growth, from: size, to: end, in: reference)
            for tile in growth.sealed {
                #expect(stored.updateValue(tile.bytes, forKey: tile.tile) == nil)
            }
            size = end
        }
        let full = TileCover.tiles(size: 1024).filter(\.isFull)
        #expect(Set(full) == Set(stored.keys))
    }

    @Test("One leaf at a time and all at once end alike")
    func oneByOne() {
        let leaves = (0..<70_000).map {
            Digest.leafHash([UInt8($0 >> 8 & 0xFF), UInt8($0 & 0xFF)])
        }
        var (single, whole, range) = (TreeEdge(), TreeEdge(), CompactRange())
        let all = whole.append(leaves)
        var sealed: [SealedTile] = []
        for leaf in leaves {
            sealed += single.append([leaf]).sealed
            range.append(leaf)
        }
        #expect(single.head == whole.head)
        #expect(range.head == whole.head)
        #expect(Set(sealed) == Set(all.sealed))
        #expect(all.sealed.count == 70_000 / 256 + 70_000 / 65_536)
        #expect(
            all.partials.map(\.tile)
                == TileCover.tiles(size: 70_000).filter {
                    !$0.isFull && $0.level != .hashes(0)
                })
    }

    @Test("Reloaded at every size up to 1,024 it goes on as if it had never stopped")
    func reloaded() throws {
        let reference = ReferenceTree(count: 1030)
        for size in 0...1024 {
            var asked: [Tile] = []
            var edge = try TreeEdge(size: UInt64(size)) { level, index, width in
                let tile = Tile(.hashes(level), index: index, width: width)
                asked.append(tile)
                return reference.bytes(of: tile)
            }
            #expect(asked == TreeEdge.tiles(size: UInt64(size)))
            #expect(edge.head == reference.head(size: size))
            let growth = edge.append(Array(reference.leafHashes[size..<size + 6]))
            #expect(growth.newHead == reference.head(size: size + 6))
            for index in size..<size + 6 {
                let proof = growth.inclusionProof(of: UInt64(index))
                #expect(proof.hashes == reference.inclusionProof(index: index, size: size + 6))
            }
        }
    }

    @Test("A tile of another width than asked for is refused", arguments: [0, 31, 33, 64, 8192])
    func wrongWidth(byteCount: Int) {
        let bytes = [UInt8](repeating: 7, count: byteCount)
        #expect(throws: TileError.wrongByteCount(byteCount)) {
            try TreeEdge(size: 257) { _, _, _ in bytes }
        }
    }

    @Test("The loader's own error comes through")
    func loaderFails() {
        struct Unreadable: Error {}
        #expect(throws: Unreadable.self) {
            try TreeEdge(size: 1) { _, _, _ throws(Unreadable) in throw Unreadable() }
        }
    }

    @Test("A copy kept from before an append is untouched by it")
    func copies() {
        let leaves = (0..<300).map { Digest.leafHash([UInt8($0 & 0xFF)]) }
        var edge = TreeEdge()
        _ = edge.append(Array(leaves[..<200]))
        let before = edge
        let growth = edge.append(Array(leaves[200...]))
        var again = before
        #expect(before.head == growth.oldHead)
        #expect(again.append(Array(leaves[200...])).newHead == growth.newHead)
        _ = edge.append(leaves)
        #expect(throws: Never.self) {
            try growth.inclusionProof(of: 299).verify(leafHash: leaves[299], in: growth.newHead)
        }
    }

    @Test("The edge of a tree of nearly 2^63 leaves grows without a trap")
    func huge() throws {
        let size = UInt64(1) << 63 - 2
        let tile = [UInt8](repeating: 1, count: 8192)
        var edge = try TreeEdge(size: size) { _, _, width in Array(tile[..<(width * 32)]) }
        let growth = edge.append([.zero, .zero, .zero])
        #expect(growth.newHead.size == size + 3)
        // All eight levels' tiles fill up but the highest, whose 128th hash this is.
        #expect(growth.sealed.count == 7)
        #expect(growth.partials.map(\.tile) == [Tile(.hashes(7), index: 0, width: 128)])
        for index in size..<size + 3 {
            try growth.inclusionProof(of: index).verify(leafHash: .zero, in: growth.newHead)
        }
    }

    private func expectTiles(
        of growth: TreeGrowth, from old: Int, to new: Int, in reference: ReferenceTree
    ) {
        let changed = TileCover.tiles(from: UInt64(old), to: UInt64(new))
        #expect(growth.sealed.map(\.tile) == changed.filter(\.isFull))
        #expect(
            growth.partials.map(\.tile)
                == changed.filter {
                    !$0.isFull && $0.level != .hashes(0)
                })
        #expect(growth.sealed.allSatisfy { $0.bytes == reference.bytes(of: $0.tile) })
        #expect(growth.partials.allSatisfy { $0.bytes == reference.bytes(of: $0.tile) })
    }
}
