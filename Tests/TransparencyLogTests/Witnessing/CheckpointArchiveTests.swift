// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import Testing

@testable import TransparencyLog

@Suite("The archive of witnessed checkpoints")
struct CheckpointArchiveTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { folder.path + "/archive" }

    private func item(_ size: UInt64, _ text: String = "note") -> CheckpointArchive.Item {
        .init(size: size, note: "\(text) \(size)\n")
    }

    @Test("What was appended is found again, oldest first, the last of each size, over many files")
    func appends() throws {
        let archive = try CheckpointArchive.open(folder: path)
        #expect(archive.newest == nil)
        #expect(try archive.items(after: 0, limit: 5).isEmpty)
        let count = UInt64(CheckpointArchive.itemsPerFile) + 10
        for size in 1...count { try archive.append(item(size * 3)) }
        try archive.append(item(count * 3, "again"))
        try archive.append(item(5, "older"))
        let again = try CheckpointArchive.open(folder: path)
        for archive in [archive, again] {
            #expect(archive.newest == item(count * 3, "again"))
            #expect(try archive.items(after: 3, limit: 2) == [item(6), item(9)])
            let border = UInt64(CheckpointArchive.itemsPerFile) * 3
            #expect(
                try archive.items(after: border - 1, limit: 3)
                    == [item(border), item(border + 3), item(border + 6)])
            #expect(
                try archive.items(after: count * 3 - 1, limit: 9) == [item(count * 3, "again")])
            #expect(try archive.items(after: count * 3, limit: 9).isEmpty)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 2)
    }

    @Test("Whatever a crash left of the last one, the others stand and the archive goes on")
    func tornEnd() throws {
        let archive = try CheckpointArchive.open(folder: path)
        for size in 1...3 as ClosedRange<UInt64> { try archive.append(item(size)) }
        let file = try #require(FileManager.default.contentsOfDirectory(atPath: path).first)
        let whole = [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(file)")))
        for prefix in everyPrefix(of: whole) {
            let items = CheckpointArchive.parse(prefix).items
            #expect(items == [item(1), item(2)].prefix(items.count).map(\.self))
        }
        for bumped in everyBumpedByte(of: whole) {
            #expect(CheckpointArchive.parse(bumped).items.count < 3)
        }
        try Data(whole.dropLast()).write(to: URL(filePath: "\(path)/\(file)"))
        chmod("\(path)/\(file)", 0o600)
        let again = try CheckpointArchive.open(folder: path)
        #expect(again.newest == item(2))
        try again.append(item(7))
        #expect(try again.items(after: 0, limit: 9) == [item(1), item(2), item(7)])
    }
}
