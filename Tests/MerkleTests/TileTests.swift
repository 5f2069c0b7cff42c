// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import Merkle

@Suite("Tiles")
struct TileTests {
    @Test("A path survives writing and reading at every width and at large indexes")
    func roundTrip() {
        let indexes: [UInt64] = [0, 1, 999, 1000, 1001, 999_999, 1_000_000, 1 << 56, .max]
        for level in [Tile.Level.entries, .hashes(0), .hashes(9), .hashes(10), .hashes(63)] {
            for index in indexes {
                for width in 1...256 {
                    let tile = Tile(level, index: index, width: width)
                    #expect(Tile(path: tile.path) == tile)
                }
            }
        }
    }

    @Test(
        "Whatever parses is written the same again",
        arguments: ["tile/0/x001/x234/067.p/17", "tile/entries/000", "tile/63/x999/999.p/255"])
    func oneSpelling(path: String) {
        let bytes = Array(path.utf8)
        for mutated in Array(everyPrefix(of: bytes)) + Array(everyBumpedByte(of: bytes)) {
            guard let text = String(validating: mutated, as: UTF8.self) else { continue }
            #expect(Tile(path: text).map(\.path) ?? text == text)
        }
        for prefix in everyPrefix(of: Array("\(path).p/1".utf8)) where prefix.count < 8 {
            #expect(Tile(path: String(decoding: prefix, as: UTF8.self)) == nil)
        }
    }

    @Test(
        "What names no tile is refused",
        arguments: [
            "", "/", "tile", "tile/0", "/tile/0/000", "tile/0/000 ", "tile/0/+00", "tile/0/0x0",
            "tile/0/x18/x446/x744/x073/x709/x551/616", "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/0/x099/x999/x999/x999/x999/x999/999", "tile/0.p/5", "tile/0/.p/5",
            "tile/256/000", "tile/0/000.p/-1", "tile/0/000.p/+1", "tile/0/000.p/1/", "Tile/0/000",
            "tile/entries/x000.p/1", "tile/data/000", "tile/0/٠٠٠", "tile/0/000.p/1.p/1",
        ])
    func refused(path: String) {
        #expect(Tile(path: path) == nil)
    }

    @Test("A hostile path costs nothing")
    func long() {
        #expect(Tile(path: "tile/0/" + String(repeating: "x000/", count: 100_000) + "000") == nil)
    }

    @Test("Widths near 2^63 do not trap")
    func hugeWidths() {
        for level in UInt8(0)...63 {
            for size in [0, 1, 1 << 63, .max] as [UInt64] {
                for index in [0, 1 << 55, .max >> 8, .max] as [UInt64] {
                    let width = Tile.width(of: level, index: index, treeSize: size)
                    #expect((0...256).contains(width))
                }
            }
        }
        #expect(Tile.width(of: 0, index: .max >> 8, treeSize: .max) == 255)
        #expect(Tile.width(of: 7, index: 0, treeSize: .max) == 255)
        #expect(Tile.width(of: 8, index: 0, treeSize: .max) == 0)
    }

    @Test("The tiles of a growth are those of the new size that the old size had not")
    func growth() {
        let sizes = Array(0...520) + [65_535, 65_536, 65_537, 66_000] as [UInt64]
        for old in sizes where old % 5 < 2 {
            let had = Set(TileCover.tiles(size: old))
            for new in sizes where new % 3 < 2 {
                let want = new <= old ? [] : Set(TileCover.tiles(size: new)).subtracting(had)
                let got = TileCover.tiles(from: old, to: new)
                guard Set(got) == want, got.count == want.count else {
                    Issue.record("from \(old) to \(new)")
                    return
                }
            }
        }
    }

    @Test(
        "A tile answers with each of its nodes, and with no other",
        arguments: [1, 15, 16, 255, 256])
    func nodes(width: Int) throws {
        let reference = ReferenceTree(count: width)
        let tile = reference.bytes(of: Tile(.hashes(0), index: 0, width: width))
        let nodes = try TileNodes(tile: tile)
        #expect(nodes.width == width)
        #expect(nodes.bytes == tile)
        for height in 0...7 {
            for index in 0..<256 >> height {
                let coordinate = NodeCoordinate(height: UInt8(height), index: UInt64(index))
                let complete = (index + 1) << height <= width
                let want = complete ? reference.node(coordinate) : nil
                #expect(nodes.hash(height: height, index: index) == want)
                #expect(nodes[coordinate] == want)
            }
        }
    }

    @Test("What is not 1 to 256 hashes is no tile", arguments: [0, 1, 31, 33, 8191, 8193, 8224])
    func notATile(byteCount: Int) {
        #expect(throws: TileError.wrongByteCount(byteCount)) {
            try TileNodes(tile: Array(repeating: 0, count: byteCount))
        }
    }
}
