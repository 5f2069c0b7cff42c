// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogServer
import LogStorage

/// Asks the look-ups for records that are known to be there.
///
/// Look-ups are made from the records and can be made again, so they are no evidence: all records
/// of a small log are asked for, and of a large one a sample that is spread evenly.
struct LookupCheck {
    let reader: any LogReader
    let hasher: LookupHasher
    let size: UInt64

    static let sample: UInt64 = 10_000

    /// The number of records that are asked for.
    var count: UInt64 { min(size, Self.sample) }

    /// Throws the first ``FsckFinding``.
    func run(progress: (UInt64) -> Void) throws(FsckFinding) {
        for number in 0..<count {
            // The last record is always among them: it is in the newest part of the look-ups.
            let index = count == size ? number : size - 1 - number * (size / count)
            do {
                try check(index)
            } catch let finding as FsckFinding {
                throw finding
            } catch let error as StoreError {
                throw FsckFinding(error, near: index, reading: "look-ups")
            } catch {
                throw FsckFinding(index, "look-ups", "\(error)")
            }
            progress(number + 1)
        }
    }

    private func check(_ index: UInt64) throws {
        guard let leaf = try reader.leaves(index..<index + 1).first else {
            throw FsckFinding(index, "leaf", "the leaf is missing")
        }
        let submission = try reader.submission(at: index)
        guard try reader.index(ofLeafHash: leaf.hash) == index,
            try reader.index(ofSubmissionKey: submission.key) == index
        else { throw FsckFinding(index, "look-ups", "the leaf or its key is not found by hash") }
        // A record that is gone is found by nothing else; the deep check says whether it may be.
        guard let content = try reader.content(at: index) else { return }
        for key in RecordLookups.keys(of: content.record, hasher) {
            guard try isFound(key, index) else {
                let field = key.field.map { "\($0)" } ?? "values"
                throw FsckFinding(index, "look-ups", "the record is not found by its \(field)")
            }
        }
    }

    private func isFound(_ key: LookupKey, _ index: UInt64) throws -> Bool {
        let only = index..<index + 1
        if let span = LookupSpan(at: key) {
            return try reader.stretches(of: span, in: only).map(\.range) == [only]
        }
        return try reader.indexes(of: key, in: only, descending: false, limit: 1) == [index]
    }
}
