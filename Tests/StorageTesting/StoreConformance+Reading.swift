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
        StoreConformance("Contents come in the order asked for, and only what is there") { store in
            try store.use { store in
                var log = SampleLog()
                try store.commit(log.next(530))
                for indexes in [
                    [], [0], [529, 528, 527, 3, 4, 5, 6, 5], Array(250...260), [260, 1, 300, 2],
                    [9, 8, 9, 10, 600, 7, 1 << 63, 6],
                ] as [[UInt64]] {
                    let found = try store.reader.contents(at: indexes)
                    let want = indexes.filter { $0 < 530 }.map {
                        IndexedContent(index: $0, content: SampleLog.content($0))
                    }
                    try expectEqual(found, want, "contents at \(indexes)")
                }
            }
        },
        StoreConformance("Stretches of time leave no record out") { store in
            try store.use { store in
                var log = SampleLog()
                for size in [300, 1, 700, 300] { try store.commit(log.next(size)) }
                try expectStretches(log.size, store.reader)
            }
        },
        StoreConformance("Stretches of time are there again after a new opening") { store in
            guard store.outlivesItsProcess else { return }
            var log = SampleLog()
            for size in [700, 300] { try store.use { try $0.commit(log.next(size)) } }
            try store.use { try expectStretches(log.size, $0.reader) }
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

    /// Spans of both times in several ranges: rising, apart, and with every record in them that
    /// lies in the span; those that say so with no other.
    private static func expectStretches(_ size: UInt64, _ reader: any LogReader) throws {
        let start: Int64 = 1_790_000_000_000
        for field in [LookupField.time, .received] {
            for (since, until) in [
                (nil, nil), (start + 500, nil), (nil, start + 2_010), (start + 900, start + 1_200),
                (start + 5_000, start + 5_001), (start - 9, start), (start + 990_000, nil),
            ] as [(Int64?, Int64?)] {
                guard
                    let span = LookupSpan(
                        field, since: since.map { $0 * 1_000 }, until: until.map { $0 * 1_000 })
                else { continue }
                for range in [0..<size, 100..<400, 255..<257, size - 1..<size + 9, 5..<5] {
                    try expectStretches(span, range.clamped(to: 0..<size), size, reader) {
                        since ?? .min <= $0 && $0 < until ?? .max
                    }
                }
            }
        }
    }

    private static func expectStretches(
        _ span: LookupSpan, _ range: Range<UInt64>, _ size: UInt64, _ reader: any LogReader,
        isIn: (Int64) -> Bool
    ) throws {
        let stretches = try reader.stretches(of: span, in: range)
        var last = range.lowerBound
        for stretch in stretches {
            try expect(
                stretch.range.lowerBound >= last && stretch.range.upperBound <= range.upperBound,
                "\(stretch) in \(range)")
            last = stretch.range.upperBound
        }
        for index in range {
            let time = span.field == .time ? SampleLog.time(index) : SampleLog.received(index)
            let stretch = stretches.first { $0.range.contains(index) }
            try expect(!isIn(time) || stretch != nil, "\(index) is left out of \(span)")
            try expect(isIn(time) || stretch?.isInside != true, "\(index) is not in \(span)")
        }
    }

    /// Every key in several ranges, both ways, with and without a limit, against a plain scan.
    private static func expectIndexes(_ size: UInt64, _ reader: any LogReader) throws {
        let ranges = [0..<size, 0..<1, 255..<257, size / 3..<size / 2, size - 1..<size, 7..<7]
        let keys = (0..<60).flatMap { SampleLog.lookups($0 * 13 % size).dropFirst().dropLast(2) }
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
