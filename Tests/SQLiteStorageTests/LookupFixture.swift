// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogStorage
import LogTesting
import StorageTesting
import Synchronization

@testable import SQLiteStorage

/// The records that a log would hold, and the answers that follow from reading them all.
final class LookupRecords: Sendable {
    private let records = Mutex<[[LookupKey]]>([])
    /// While set, the records cannot be read.
    let isUnreadable = Mutex(false)
    let readCount = Mutex(0)

    var size: UInt64 { records.withLock { UInt64($0.count) } }

    func add(_ keys: [[LookupKey]]) { records.withLock { $0 += keys } }

    func keys(_ range: Range<UInt64>) throws -> [[LookupKey]] {
        if isUnreadable.withLock({ $0 }) { throw StoreError(.inputOutput, "unreadable in a test") }
        readCount.withLock { $0 += range.count }
        return records.withLock { Array($0[Int(range.lowerBound)..<Int(range.upperBound)]) }
    }

    func answer(
        _ key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) -> [UInt64] {
        records.withLock { records in
            let bearing = records.indices.filter { records[$0].contains(key) }.map(UInt64.init)
                .filter(range.contains)
            return Array((descending ? bearing.reversed() : bearing).prefix(limit))
        }
    }

    /// Every key that any record bears.
    var allKeys: [LookupKey] { records.withLock { Array(Set($0.joined())).sorted() } }

    func randomKey(using random: inout SeededGenerator) -> LookupKey? {
        let (place, key) = (random.next(), random.next())
        return records.withLock { records in
            guard !records.isEmpty else { return nil }
            let keys = records[Int(place % UInt64(records.count))]
            return keys[Int(key % UInt64(keys.count))]
        }
    }
}

/// Random keys: three unique ones, two common ones, sometimes an actor, now and then a repeat.
struct LookupKeySource {
    var random: SeededGenerator
    private var recent: [LookupKey] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func unique(_ field: LookupField) -> LookupKey {
        LookupKey(rawValue: UInt64(field.rawValue) << 48 | random.next() >> 16)
    }

    mutating func record() -> [LookupKey] {
        var keys = [unique(.leafHash), unique(.submissionKey)]
        let id = random.next() % 20 == 0 ? recent.randomElement(using: &random) : nil
        keys.append(id ?? unique(.recordID))
        recent = recent.suffix(50) + [keys[2]]
        keys.append(SampleLog.hasher.key(.tenant, "tenant \(random.next() % 3)"))
        keys.append(SampleLog.hasher.key(.type, "type \(random.next() % 7)"))
        if random.next() % 3 > 0 {
            keys.append(SampleLog.hasher.key(.actor, "actor \(random.next() % 60)"))
        }
        if random.next() % 10 == 0 { keys.append(keys[3]) }
        return keys
    }

    mutating func records(_ count: Int) -> [[LookupKey]] { (0..<count).map { _ in record() } }
}

/// A folder that is removed with the value.
final class LookupTestFolder: Sendable {
    let path: String

    init() {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "lookup-\(UUID().uuidString)").path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    var runNames: [String] { names.filter { $0.hasSuffix(".run") } }

    func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(filePath: "\(path)/\(name)")))
    }

    /// Changes a file in place, as damage would: who has it open sees the change.
    func overwrite(_ name: String, with bytes: [UInt8]) throws {
        if let file = FileHandle(forUpdatingAtPath: "\(path)/\(name)") {
            try file.write(contentsOf: bytes)
            try file.truncate(atOffset: UInt64(bytes.count))
            try file.close()
        } else {
            try Data(bytes).write(to: URL(filePath: "\(path)/\(name)"))
        }
    }
}

extension LookupSettings {
    /// Small enough that a few hundred records make several tiers.
    static let tiny = LookupSettings(
        recordsPerTail: 16, fanOut: 3, mostWaitingTails: 4, niceness: 0, firstPauseMS: 5)
}

/// Opens an index over the records, with tiny tails unless told.
func openLookups(
    _ folder: LookupTestFolder, _ records: LookupRecords, _ settings: LookupSettings = .tiny
) throws -> LookupIndex {
    try LookupIndex.open(
        directory: folder.path, committedSize: records.size, settings: settings,
        readEntries: { try records.keys($0) })
}

extension LookupTestFolder {
    /// Takes the folder away from under whoever uses it, or gives it back.
    func move(to other: LookupTestFolder) throws {
        try FileManager.default.moveItem(atPath: path, toPath: other.path)
    }
}
