// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import Merkle
import SQLiteStorage
import Testing

/// Flips one bit of one column in the database file, and expects to be told which.
struct FsckTests {
    /// Where a bit is flipped.
    ///
    /// Index 2 is sealed in a segment, index 300 lies open.
    enum Place: String, CaseIterable {
        case record, seed, form, formChecksum
        case sealedTime, sealedCommitment, sealedMAC, sealedHash
        case sealedKey, sealedCredential, sealedChecksum
        case openTime, openCommitment, openMAC, openKey, openChecksum
        case levelOneTile, headRoot, credentialName
    }

    /// A log of 303 entries without a server, copied for each case.
    private static let original = Result { try TestLog.stopped(records: 302) }

    private static func copy() throws -> TestLog { try original.get().copy() }

    @Test("A sound log is sound, with its rates, and so are its look-ups")
    func sound() throws {
        let log = try Self.copy()
        let ended = try log.run("fsck", "--data", "data", "--lookups", "--json")
        #expect(ended.status == 0, "\(ended.output) \(ended.errors)")
        for part in [
            "\"verdict\":\"sound\"", "\"size\":303", "\"tree\":", "\"deep\":", "\"lookups\":303",
        ] {
            #expect(ended.output.contains(part), "\(ended.output)")
        }
    }

    @Test("A log can be checked while its server runs")
    func live() throws {
        let log = try Self.copy()
        let server = try log.serve()
        #expect(try log.run("fsck", "--data", "data").status == 0)
        #expect(server.stop() == 0)
    }

    @Test("A flipped bit in any column is found, and its place is named", arguments: Place.allCases)
    func flippedBit(place: Place) throws {
        let log = try Self.copy()
        try Self.flip(place, in: log)
        let ended = try log.run("fsck", "--data", "data")
        #expect(ended.status == 1, "\(place): \(ended.output) \(ended.errors)")
        let (index, columns) = Self.expected(place)
        #expect(ended.output.hasPrefix("DAMAGED"), "\(ended.output)")
        if let index { #expect(ended.output.contains("index \(index),"), "\(ended.output)") }
        #expect(columns.contains { ended.output.contains($0) }, "\(place): \(ended.output)")
    }

    @Test("An anchor that is gone, cut or of another log is found")
    func anchor() throws {
        let log = try Self.copy()
        let other = try TestLog()
        let files = FileManager.default
        try files.removeItem(atPath: log.folder("data/anchor"))
        #expect(try log.run("fsck", "--data", "data").output.contains("anchor"))
        try files.copyItem(
            atPath: other.folder("data/anchor"), toPath: log.folder("data/anchor"))
        let foreign = try log.run("fsck", "--data", "data")
        #expect(foreign.status == 1 && foreign.output.contains("signature"), "\(foreign.output)")
        try log.folder.file("data/anchor", "nothing")
        #expect(try log.run("fsck", "--data", "data").status == 1)
    }

    // MARK: Finding the bytes

    private static func expected(_ place: Place) -> (index: Int?, columns: [String]) {
        switch place {
        case .record, .seed: (2, ["record"])
        case .form, .formChecksum: (2, ["content", "form"])
        case .sealedTime, .sealedCommitment, .sealedMAC: (2, ["leaf"])
        case .sealedHash: (2, ["hashes"])
        case .sealedKey, .sealedCredential, .sealedChecksum: (2, ["submission"])
        case .openTime, .openCommitment, .openMAC: (300, ["leaf", "tile", "head"])
        case .openKey, .openChecksum: (300, ["submission"])
        case .levelOneTile: (0, ["tile level 1"])
        case .headRoot: (nil, ["head"])
        case .credentialName: (nil, ["credential", "submission"])
        }
    }

    private static func flip(_ place: Place, in log: TestLog) throws {
        let view = try SQLiteStore.openReadOnly(directory: log.folder("data/store"))
        let segment = try #require(try view.segment(0))
        let open = try #require(try view.openEntries().first { $0.index == 300 })
        let content = try #require(try view.reader.content(at: 2))
        let head = try #require(try view.reader.head())
        let tile = try #require(try view.reader.hashTile(level: 1, index: 0))
        view.close()
        // The credential is known by its token's public part; its tenant stands before it.
        let name = try log.folder.text("token").dropFirst(4).prefix(12)
        let (leaf, submission) = (72 * 2, 40 * 2)
        // The bytes to look for, and the one among them that is changed.
        let (bytes, offset): ([UInt8], Int) =
            switch place {
            case .record: (content.record, content.record.count - 3)
            case .seed: (try #require(content.seed).bytes, 5)
            case .form: (try #require(content.formDigest).bytes, 5)
            case .formChecksum: (try #require(content.formDigest).bytes, 33)
            case .sealedTime: (Array(segment.leaves[(leaf + 8)..<(leaf + 72)]), -2)
            case .sealedCommitment: (Array(segment.leaves[leaf..<(leaf + 72)]), 10)
            case .sealedMAC: (Array(segment.leaves[leaf..<(leaf + 72)]), 50)
            case .sealedHash: (Array(segment.hashes[64..<96]), 5)
            case .sealedKey: (Array(segment.submissions[submission..<(submission + 40)]), 5)
            case .sealedCredential: (Array(segment.submissions[submission..<(submission + 40)]), 35)
            case .sealedChecksum: (Array(segment.submissions[submission..<(submission + 40)]), 39)
            case .openTime: (open.leaf, 5)
            case .openCommitment: (open.leaf, 10)
            case .openMAC: (open.leaf, 50)
            case .openKey: (open.submission, 5)
            case .openChecksum: (open.submission, 39)
            case .levelOneTile: (tile, 3)
            case .headRoot: (head.treeHead.root.bytes, 9)
            case .credentialName: (Array("default\(name)".utf8), 2)
            }
        try flip(bytes, offset, in: log.folder("data/store/log.sqlite"))
    }

    /// Flips a bit of the byte at `offset` from where `bytes` are found, wherever that is.
    private static func flip(_ bytes: [UInt8], _ offset: Int, in file: String) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: file))
        var found = 0
        var start = data.startIndex
        while let range = data.range(of: Data(bytes), in: start..<data.endIndex) {
            data[range.lowerBound + offset] ^= 1
            found += 1
            start = range.upperBound
        }
        try #require(found > 0, "the bytes are not in the file")
        try data.write(to: URL(fileURLWithPath: file))
    }
}
