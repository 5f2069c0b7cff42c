// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage

extension StoreConformance {
    private struct GivenUp: Error {}

    static let transactionChecks = [
        StoreConformance("A body that throws leaves nothing, and the next transaction works") {
            store in
            try store.use { store in
                var log = SampleLog(batches: [])
                try store.commit(log.next(300))
                let kept = log
                for count in [1, 700] {
                    var lost = log
                    let batch = lost.next(count)
                    do {
                        try store.transaction { transaction in
                            _ = try transaction.number(of: credential("lost"))
                            try transaction.append(batch)
                            throw GivenUp()
                        }
                        try expect(false, "the body's error was swallowed")
                    } catch is GivenUp {}
                    try expectEqual(try store.reader.head(), kept.head, "the head")
                    try expectEqual(try store.reader.credential(4), nil, "a credential")
                    try expectEqual(
                        try store.reader.index(ofSubmissionKey: batch.entries[0].submission.key),
                        nil, "a look-up of what was undone")
                }
                try store.commit(log.next(700))
                try expectWhole(log, store)
            }
        },
        StoreConformance("A batch that does not begin at the head is refused") { store in
            try store.use { store in
                var log = SampleLog()
                try store.commit(log.next(10))
                var ahead = log
                _ = ahead.next(5)
                let gap = ahead.next(5)
                try expectError(.constraint, "a gap") { try store.commit(gap) }
                var empty = SampleLog()
                let again = empty.next(10)
                try expectError(.constraint, "the same again") { try store.commit(again) }
                try expectEqual(try store.reader.head(), log.head, "the head")
            }
        },
        StoreConformance("A refused write is not committed by a body that hides it") { store in
            try store.use { store in
                var (log, other) = (SampleLog(), SampleLog(batches: [5]))
                let (batch, wrong) = (log.next(3), other.next(5))
                try expectError(.constraint, "a hidden refusal") {
                    try store.transaction { transaction in
                        try transaction.append(batch)
                        try? transaction.append(wrong)
                    }
                }
                try expectEqual(try store.reader.head(), nil, "the head")
            }
        },
        StoreConformance("A transaction inside of another is refused, and a reader is not") {
            store in
            try store.use { store in
                var log = SampleLog()
                try store.commit(log.next(5))
                let (old, batch) = (log.head, log.next(400))
                try store.transaction { transaction in
                    try transaction.append(batch)
                    try expectError(.constraint, "a nested transaction") {
                        try store.transaction { _ in }
                    }
                    try expectEqual(try store.reader.head(), old, "a reader's head meanwhile")
                    try expectEqual(
                        try store.reader.leaves(0..<400).count, 5, "a reader's leaves meanwhile")
                }
                try expectEqual(try store.reader.head(), log.head, "the head")
            }
        },
        StoreConformance("A credential keeps its number; another spelling has another") { store in
            try store.use { store in
                let names = ["a", "b", "é", "e\u{301}", ""]
                let first = try store.transaction { transaction in
                    try names.map { try transaction.number(of: credential($0)) }
                }
                try expectEqual(first, [1, 2, 3, 4, 5], "the numbers")
                let second = try store.transaction { transaction in
                    try names.reversed().map { try transaction.number(of: credential($0)) }
                }
                try expectEqual(second, [5, 4, 3, 2, 1], "the numbers afterwards")
                for (number, name) in zip(UInt32(1)..., names) {
                    let found = try store.reader.credential(number)
                    try expectEqual(
                        found.map { Array($0.name.utf8) }, Array(name.utf8), "name \(number)")
                }
                try expectEqual(try store.reader.credential(6), nil, "an unknown number")
            }
        },
        StoreConformance("A transaction that writes nothing changes nothing") { store in
            try store.use { store in
                var log = SampleLog()
                try store.commit(log.next(3))
                let found = try store.transaction { transaction in
                    try transaction.index(ofSubmissionKey: SampleLog.submission(2).key)
                }
                try expectEqual(found, 2, "the look-up inside")
                try expectEqual(try store.reader.head(), log.head, "the head")
            }
        },
        StoreConformance("A closed store refuses everything, and may be closed again") { store in
            let store = try store.open()
            let reader = store.reader
            store.close()
            store.close()
            try expectError(.closed, "a transaction") { try store.transaction { _ in } }
            try expectError(.closed, "a read") { _ = try reader.head() }
            try expectError(.closed, "a look-up") { _ = try reader.index(ofLeafHash: .zero) }
        },
        StoreConformance("A transaction that was kept beyond its end refuses everything") {
            store in
            try store.use { store in
                var kept: (any LogTransaction)?
                try store.transaction { kept = $0 }
                try expectError(.closed, "a read") { _ = try kept?.head() }
                var log = SampleLog()
                let batch = log.next(1)
                try expectError(.closed, "a write") { try kept?.append(batch) }
            }
        },
    ]

    private static func credential(_ name: String) -> StoredCredential {
        StoredCredential(tenant: "t", name: name)
    }
}
