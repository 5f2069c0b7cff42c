// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage

extension StoreConformance {
    static let removalChecks = [
        StoreConformance("Removed content is gone, and nothing else changes") { store in
            try store.use { store in
                var log = SampleLog()
                for size in [300, 300] { try store.commit(log.next(size)) }
                try store.transaction { transaction in
                    try transaction.remove(10..<20, by: 500)
                    try transaction.remove(15..<25, by: 501)
                    try transaction.remove(255..<257, by: 502)
                }
                try store.wipe([10..<25, 255..<257])
                try store.commit(log.next(9))
                for index in 0..<log.size {
                    let by: UInt64? =
                        switch index {
                        case 10..<20: 500
                        case 20..<25: 501
                        case 255..<257: 502
                        default: nil
                        }
                    try expectEqual(try store.reader.removal(at: index), by, "removal \(index)")
                    try expectEqual(
                        try store.reader.content(at: index),
                        by == nil ? SampleLog.content(index) : nil, "content \(index)")
                    try expectStanding(index, store.reader)
                    try expectLookUps(index, isFound: by == nil, store.reader)
                }
                try expectRemovals(
                    [(12..<20, 500), (20..<25, 501), (255..<256, 502)], in: 12..<256, store.reader)
                try expectRemovals([], in: 25..<255, store.reader)
                try expectRemovals([(10..<11, 500)], in: 0..<11, store.reader)
                let found = try store.reader.contents(at: Array(0..<log.size)).map(\.index)
                try expectEqual(
                    found, (0..<log.size).filter { !(10..<25 ~= $0 || 255..<257 ~= $0) },
                    "what is left")
                try expectEqual(try store.reader.head(), log.head, "the head")
            }
        },
        StoreConformance("A reduced record keeps its other fields, then goes whole") { store in
            try store.use { store in
                var log = SampleLog()
                try store.commit(log.next(100))
                let left = try SampleLog.content(7).erasing(["labels"], by: 90)
                try store.transaction { try $0.reduce(7, to: left.fields(), by: 90) }
                try store.wipe([7..<8])
                try expectEqual(try store.reader.content(at: 7), left, "what is left")
                try expectEqual(left.record, Array(#"{"details":7}"#.utf8), "its text")
                try expectEqual(
                    try store.reader.contents(at: [6, 7, 8]).map(\.content),
                    [SampleLog.content(6), left, SampleLog.content(8)], "among others")
                try expectEqual(try store.reader.removal(at: 7), nil, "a removal")
                try expectStanding(7, store.reader)
                let again = try left.erasing(["labels"], by: 91)
                try expectEqual(again, left, "an erasure of what is erased")
                try store.transaction { try $0.remove(7..<8, by: 92) }
                try expectEqual(try store.reader.content(at: 7), nil, "the rest")
                try expectEqual(try store.reader.removal(at: 7), 92, "the removal")
            }
        },
        StoreConformance("Nothing goes that was not announced before") { store in
            try store.use { store in
                var log = SampleLog()
                try store.commit(log.next(100))
                let fields = try SampleLog.content(7).erasing(["labels"], by: 90).fields()
                for by: UInt64 in [0, 7, 100, 101] {
                    try expectError(.constraint, "a removal by \(by)") {
                        try store.transaction { try $0.remove(7..<8, by: by) }
                    }
                    try expectError(.constraint, "a reduction by \(by)") {
                        try store.transaction { try $0.reduce(7, to: fields, by: by) }
                    }
                }
                try expectError(.constraint, "a reduction of what is removed") {
                    try store.transaction { try $0.remove(7..<8, by: 90) }
                    try store.transaction { try $0.reduce(7, to: fields, by: 91) }
                }
                try expectEqual(try store.reader.content(at: 8), SampleLog.content(8), "others")
            }
        },
        StoreConformance("What was removed stays so after a new opening") { store in
            guard store.outlivesItsProcess else { return }
            var log = SampleLog()
            let left = try SampleLog.content(9).erasing(["labels"], by: 200)
            try store.use { store in
                try store.commit(log.next(300))
                try store.transaction { transaction in
                    try transaction.remove(0..<9, by: 200)
                    try transaction.reduce(9, to: left.fields(), by: 200)
                }
            }
            try store.use { store in
                for index in 0..<log.size { try expectStanding(index, store.reader) }
                try expectEqual(try store.reader.content(at: 8), nil, "what was removed")
                try expectEqual(try store.reader.content(at: 9), left, "what is left")
                try expectEqual(try store.reader.removal(at: 3), 200, "the removal")
                try store.wipe([0..<10])
                try expectLookUps(3, isFound: false, store.reader)
                try expectLookUps(10, isFound: true, store.reader)
            }
        },
    ]

    /// What was removed of a range, by whom, put together where it is told in parts.
    private static func expectRemovals(
        _ expected: [(Range<UInt64>, UInt64)], in range: Range<UInt64>, _ reader: any LogReader
    ) throws {
        var found: [StoredRemoval] = []
        for removal in try reader.removals(in: range) {
            if let last = found.last, last.by == removal.by,
                last.range.upperBound == removal.range.lowerBound
            {
                found.removeLast()
                found.append(
                    StoredRemoval(last.range.lowerBound..<removal.range.upperBound, by: last.by))
            } else {
                found.append(removal)
            }
        }
        try expectEqual(found, expected.map { StoredRemoval($0, by: $1) }, "removals in \(range)")
    }

    /// What nothing may take away: leaf, submission, and the look-ups of both.
    private static func expectStanding(_ index: UInt64, _ reader: any LogReader) throws {
        let entry = SampleLog.entry(index)
        try expectEqual(try reader.leaves(index..<index + 1), [entry.leaf], "leaf \(index)")
        try expectEqual(
            try reader.submission(at: index), entry.submission, "submission \(index)")
        try expectEqual(
            try reader.index(ofLeafHash: entry.leafHash), index, "leaf hash \(index)")
        try expectEqual(
            try reader.index(ofSubmissionKey: entry.submission.key), index, "key \(index)")
    }

    private static func expectLookUps(
        _ index: UInt64, isFound: Bool, _ reader: any LogReader
    ) throws {
        for key in SampleLog.lookups(index).dropLast(2) {
            let found = try reader.indexes(
                of: key, in: index..<index + 1, descending: false, limit: 1)
            try expectEqual(found, isFound ? [index] : [], "look-up of \(index)")
        }
    }
}
