// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogStorage
import Merkle
import Testing

@Suite("A folder of tiles")
struct TileFolderTests {
    private let path = FileManager.default.temporaryDirectory
        .appending(path: "tiles-\(UUID().uuidString)").path(percentEncoded: false)

    private static func bytes(_ tile: Tile, _ fill: UInt8 = 7) -> [UInt8] {
        [UInt8](repeating: fill, count: tile.width * 32)
    }

    @Test("What is written is there, under the names of the tree, for everyone to read")
    func written() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try TileFolder.open(path)
        let tiles = [
            Tile(.hashes(0), index: 1_234_067), Tile(.entries, index: 5, width: 17),
            Tile(.hashes(2), index: 0, width: 1),
        ]
        try folder.write(tiles.map { ($0, Self.bytes($0)) })
        try folder.publish(checkpoint: Array("note\n".utf8))
        for tile in tiles {
            #expect(try folder.bytes(of: tile) == Self.bytes(tile))
            let file = try FileManager.default.attributesOfItem(atPath: "\(path)/\(tile.path)")
            #expect((file[.posixPermissions] as? Int ?? 0) & 0o044 == 0o044)
        }
        #expect(try folder.checkpoint() == Array("note\n".utf8))
        #expect(FileManager.default.fileExists(atPath: "\(path)/tile/0/x001/x234/067"))
        let own = try FileManager.default.attributesOfItem(atPath: "\(path)/.evident")
        #expect(own[.posixPermissions] as? Int == 0o700)
    }

    @Test("A tile that is there stays, whatever is to take its place")
    func final() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try TileFolder.open(path)
        let (one, other) = (Tile(.hashes(0), index: 0), Tile(.hashes(0), index: 1))
        try folder.write([(one, Self.bytes(one))])
        try folder.write([(one, Self.bytes(one))])
        #expect(throws: TileFolderError.differs(one)) {
            try folder.write([(other, Self.bytes(other)), (one, Self.bytes(one, 8))])
        }
        #expect(try folder.bytes(of: one) == Self.bytes(one))
        #expect(try folder.bytes(of: other) == nil, "all of a call or nothing")
    }

    @Test("One writer at a time; what a killed one left unfinished goes")
    func oneWriter() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            let folder = try TileFolder.open(path)
            #expect(throws: TileFolderError.held(path)) { try TileFolder.open(path) }
            try Data("half".utf8).write(to: URL(filePath: "\(path)/.evident/drafts/3"))
            withExtendedLifetime(folder) {}
        }
        let next = try TileFolder.open(path)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(path)/.evident/drafts").isEmpty)
        withExtendedLifetime(next) {}
    }

    @Test("Partial tiles go when the full one is there, and not before")
    func partials() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try TileFolder.open(path)
        let (full, next) = (Tile(.entries, index: 0), Tile(.entries, index: 1, width: 9))
        let partials = [3, 200].map { Tile(.entries, index: 0, width: $0) }
        for tile in partials + [next] { try folder.write([(tile, Self.bytes(tile))]) }
        try folder.removePartials(from: 3, to: 265)
        #expect(try folder.bytes(of: partials[0]) != nil, "the full one is not there")
        try folder.write([(full, Self.bytes(full))])
        try folder.removePartials(from: 3, to: 265)
        for tile in partials { #expect(try folder.bytes(of: tile) == nil) }
        #expect(try folder.bytes(of: next) != nil)
        #expect(!FileManager.default.fileExists(atPath: "\(path)/tile/entries/000.p"))
    }

    @Test("A volume that takes no more is an error, and what was there stays")
    func failure() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let folder = try TileFolder.open(path)
        let tile = Tile(.hashes(0), index: 0)
        // A file where a folder must be: no name can be given below it.
        try Data().write(to: URL(filePath: "\(path)/tile"))
        #expect(throws: TileFolderError.self) { try folder.write([(tile, Self.bytes(tile))]) }
        try FileManager.default.removeItem(atPath: "\(path)/tile")
        try folder.write([(tile, Self.bytes(tile))])
        #expect(try folder.bytes(of: tile) == Self.bytes(tile))
    }
}
