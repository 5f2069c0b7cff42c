// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import Merkle

/// `Tests/Vectors/tree.json` and `tiles.json`, made by another implementation.
@Suite("Published vectors")
struct VectorTests {
    struct Tree: Decodable {
        let roots: [String]
        let inclusion: [Inclusion]
        let consistency: [Consistency]
    }

    struct Inclusion: Decodable {
        let index, size: UInt64
        let leaf_hash, root: String
        let proof: [String]
    }

    struct Consistency: Decodable {
        let old_size, size: UInt64
        let old_root, root: String
        let proof: [String]
    }

    struct Tiles: Decodable {
        let paths: [Path]
        let refuse: [String]
        let covers: [Cover]
    }

    struct Path: Decodable {
        let level: Level
        let index: UInt64
        let width: Int
        let path: String
    }

    struct Level: Decodable {
        let value: Tile.Level

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            value = (try? container.decode(UInt8.self)).map(Tile.Level.hashes) ?? .entries
        }
    }

    struct Cover: Decodable {
        let size: UInt64
        let tiles: [[UInt64]]
    }

    /// The vectors' tree: leaf i is the one byte i.
    let reference = ReferenceTree(leaves: (0..<256).map { [UInt8($0)] })

    @Test("Every root is reproduced")
    func roots() throws {
        var range = CompactRange()
        for (size, root) in try Vectors.decode(Tree.self, from: "tree").roots.enumerated() {
            #expect(range.head == TreeHead(size: UInt64(size), root: try digest(root)))
            range.append(.leafHash([UInt8(size)]))
        }
    }

    @Test("Every inclusion proof is made and holds")
    func inclusion() throws {
        for vector in try Vectors.decode(Tree.self, from: "tree").inclusion {
            let plan = try ProofPlan.inclusion(index: vector.index, size: vector.size)
            let hashes = plan.hashes(node: reference.node)
            #expect(hashes.map(\.hex) == vector.proof)
            let proof = InclusionProof(
                leafIndex: vector.index, treeSize: vector.size, hashes: hashes)
            let head = TreeHead(size: vector.size, root: try digest(vector.root))
            try proof.verify(leafHash: digest(vector.leaf_hash), in: head)
        }
    }

    @Test("Every consistency proof is made and holds")
    func consistency() throws {
        for vector in try Vectors.decode(Tree.self, from: "tree").consistency {
            let plan = try ProofPlan.consistency(from: vector.old_size, to: vector.size)
            let hashes = plan.hashes(node: reference.node)
            #expect(hashes.map(\.hex) == vector.proof)
            let proof = ConsistencyProof(
                oldSize: vector.old_size, newSize: vector.size, hashes: hashes)
            try proof.verify(
                from: TreeHead(size: vector.old_size, root: digest(vector.old_root)),
                to: TreeHead(size: vector.size, root: digest(vector.root)))
        }
    }

    @Test("Every tile path is written and read")
    func tilePaths() throws {
        for vector in try Vectors.decode(Tiles.self, from: "tiles").paths {
            let tile = Tile(vector.level.value, index: vector.index, width: vector.width)
            #expect(tile.path == vector.path)
            #expect(Tile(path: vector.path) == tile)
        }
    }

    @Test("Every path that names no tile is refused")
    func refusedPaths() throws {
        for path in try Vectors.decode(Tiles.self, from: "tiles").refuse {
            #expect(Tile(path: path) == nil, "\(path)")
        }
    }

    @Test("Every tree has exactly the tiles that it must have")
    func covers() throws {
        for vector in try Vectors.decode(Tiles.self, from: "tiles").covers {
            let want = vector.tiles.map {
                Tile(.hashes(UInt8($0[0])), index: $0[1], width: Int($0[2]))
            }
            let got = TileCover.tiles(size: vector.size)
            #expect(got.count == want.count)
            #expect(Set(got) == Set(want))
        }
    }

    private func digest(_ hex: String) throws -> Digest {
        try #require(Digest(hex: hex))
    }
}
