// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage

extension StoreConformance {
    static let readingChecks = [
        StoreConformance("Look-ups find every entry, and nothing else") { store in
            try store.use { store in
                var log = SampleLog()
                for size in [1, 255, 1, 600, 1, 1300] {
                    try store.commit(log.next(size))
                    try expectFound(log.size - 1, store.reader)
                }
                for index in 0..<log.size { try expectFound(index, store.reader) }
                try expectNotFound(log.size, store.reader)
                try expectIndexes(log.size, store.reader)
            }
        },
        StoreConformance("Look-ups are complete again after a new opening") { store in
            guard store.outlivesItsProcess else { return }
            var log = SampleLog()
            for size in [700, 1, 900] { try store.use { try $0.commit(log.next(size)) } }
            try store.use { store in
                for index in 0..<log.size { try expectFound(index, store.reader) }
                try expectIndexes(log.size, store.reader)
            }
        },
        StoreConformance("What lies beyond the head is not there, however far") { store in
            try store.use { store in
                var log = SampleLog()
                try store.commit(log.next(260))
                for index in [260, 261, 1 << 40, UInt64.max] {
                    try expectEqual(
                        try store.reader.content(at: index), nil, "content \(index)")
                    try expectError(.corrupt, "submission \(index)") {
                        _ = try store.reader.submission(at: index)
                    }
                    try expectEqual(
                        try store.reader.hashTile(level: 0, index: index), nil, "tile \(index)")
                    try expectEqual(
                        try store.reader.hashTile(level: 2, index: index), nil, "tile \(index)")
                }
                try expectEqual(
                    try store.reader.leaves(1 << 40..<UInt64.max), [], "leaves far away")
            }
        },
    ]

    private static func expectFound(_ index: UInt64, _ reader: any LogReader) throws {
        let entry = SampleLog.entry(index)
        try expectEqual(
            try reader.index(ofLeafHash: entry.leafHash), index, "leaf hash \(index)")
        try expectEqual(
            try reader.index(ofSubmissionKey: entry.submission.key), index, "key \(index)")
        for key in entry.lookups.prefix(1) {
            try expectEqual(
                try reader.indexes(of: key, in: 0..<index + 1, descending: true, limit: 1),
                [index], "look-up key of \(index)")
        }
    }

    private static func expectNotFound(_ index: UInt64, _ reader: any LogReader) throws {
        let entry = SampleLog.entry(index)
        try expectEqual(try reader.index(ofLeafHash: entry.leafHash), nil, "a leaf not there")
        try expectEqual(
            try reader.index(ofSubmissionKey: entry.submission.key), nil, "a key not there")
        // The digest of one field is not found under another.
        let other = SampleLog.entry(0)
        try expectEqual(
            try reader.index(ofLeafHash: other.submission.key), nil, "a key as a leaf hash")
        try expectEqual(
            try reader.index(ofSubmissionKey: other.leafHash), nil, "a leaf hash as a key")
    }

    /// Every key in several ranges, both ways, with and without a limit, against a plain scan.
    private static func expectIndexes(_ size: UInt64, _ reader: any LogReader) throws {
        let ranges = [0..<size, 0..<1, 255..<257, size / 3..<size / 2, size - 1..<size, 7..<7]
        let keys = (0..<60).flatMap { SampleLog.lookups($0 * 13 % size).dropFirst() }
        for key in keys {
            let all = (0..<size).filter { SampleLog.lookups($0).contains(key) }
            for range in ranges {
                for (descending, limit) in [(false, 5), (true, 5), (false, 10_000), (true, 0)] {
                    let inside = all.filter(range.contains)
                    let want = (descending ? inside.reversed() : inside).prefix(limit)
                    let got = try reader.indexes(
                        of: key, in: range, descending: descending, limit: limit)
                    try expectEqual(got, Array(want), "indexes in \(range)")
                }
            }
        }
    }
}
