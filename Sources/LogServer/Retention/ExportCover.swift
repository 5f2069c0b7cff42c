// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage
import Merkle
import TransparencyLog

/// The exports that together hold all records of a range, as the log vouches for.
///
/// An export counts that was finished, of all tenants, without a filter, and whose record is what was
/// committed. Whether its file was kept, and verified, the log cannot know.
struct ExportCover {
    /// What one export's record says that it is of.
    private struct Export {
        let index: UInt64
        let range: Range<UInt64>
    }

    private static let pageSize = 1_000
    /// The formats that leave nothing of a record out.
    private static let wholeFormats: Set<String> = ["ndjson", "csv", "cloudevents"]
    /// Parameters that only say which indexes are meant.
    private static let bounds: Set<String> = ["from_index", "to_index"]

    /// The indexes of the records of as few exports as hold the range, rising; nil if some of it is in
    /// none.
    static func of(_ range: Range<UInt64>, _ world: ActSurroundings) async throws -> [UInt64]? {
        var exports = try await found(world)[...]
        var (covered, chosen) = (range.lowerBound, [UInt64]())
        while covered < range.upperBound {
            // Of those that begin early enough, the one that reaches farthest.
            let farthest = exports.filter { $0.range.lowerBound <= covered }
                .max { $0.range.upperBound < $1.range.upperBound }
            guard let farthest, farthest.range.upperBound > covered else { return nil }
            guard try await isCommitted(farthest.index, world.log) else {
                exports.removeAll { $0.index == farthest.index }
                continue
            }
            chosen.append(farthest.index)
            covered = farthest.range.upperBound
        }
        return chosen.sorted()
    }

    private static func found(_ world: ActSurroundings) async throws -> [Export] {
        guard let reader = Credential.local else { throw Problem(.internalError) }
        let selection = try RecordSelection(
            Query(values: ["tenant": ["_log"], "type": ["audit.export"]]), of: reader,
            redactor: nil)
        let size = world.log.published.head.size
        var exports: [Export] = []
        var from: UInt64?
        repeat {
            let page = try await world.search.page(
                selection, order: .ascending, from: from, treeSize: size, limit: pageSize)
            exports += page.records.compactMap(Self.export)
            from = page.next
        } while from != nil
        return exports
    }

    private static func export(_ record: Found) -> Export? {
        guard let value = try? JSONValue.parse(record.content.record, limits: .disclosed),
            let details = value["details"], details["export"] == "file",
            details["tenant"]?.text == TenantScope.all.description,
            details["manifest_sha256"] != nil,
            let format = details["format"]?.text, wholeFormats.contains(format),
            let first = details["first"]?.unsigned,
            let end = details["end"]?.unsigned, first < end, end <= record.index
        else { return nil }
        let names = details["filter"]?["names"]?.elements ?? []
        guard names.allSatisfy({ $0.text.map(bounds.contains) ?? false }) else { return nil }
        return Export(index: record.index, range: first..<end)
    }

    /// Whether the record is the one whose commitment is in the tree.
    private static func isCommitted(_ index: UInt64, _ log: Log) async throws -> Bool {
        let leaf = try await log.record(at: index).leaf
        let content = try await log.content(at: index)
        return content?.commitment(origin: log.keys.identity.origin) == leaf.commitment
    }
}
