// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import LogTesting
import Synchronization
import AuditChain

@testable import TransparencyLog

/// What a record of these tests says: its text is `tenant|milliseconds|type|actor|actor`.
struct QueryTerms: Hashable, Sendable {
    let tenant: String
    let milliseconds: Int64
    let type: String
    let actors: [String]

    init(using random: inout SeededGenerator, near index: UInt64) {
        tenant = "t\(random.next() % 3)"
        // Mostly in order, now and then far off.
        let jitter = random.next() % 10 == 0 ? random.next() % 4_000 : random.next() % 40
        milliseconds = 1_000 + Int64(index * 10 + jitter)
        type = "k\(random.next() % 8 == 0 ? 9 : random.next() % 4)"
        actors = (0..<random.next() % 3).map { _ in "a\(random.next() % 12)" }
    }

    init?(_ canonical: [UInt8]) {
        let parts = String(decoding: canonical, as: UTF8.self).split(separator: "\"")
        guard parts.count > 3 else { return nil }
        let texts = parts[3].split(separator: "|").map(String.init)
        guard texts.count >= 3, let milliseconds = Int64(texts[1]) else { return nil }
        (tenant, type, self.milliseconds) = (texts[0], texts[2], milliseconds)
        actors = Array(texts[3...])
    }

    var canonical: [UInt8] {
        let text = ([tenant, "\(milliseconds)", type] + actors).joined(separator: "|")
        return Array(#"{"details":"\#(text)"}"#.utf8)
    }

    func keys(_ hasher: LookupHasher) -> [LookupKey] {
        [
            hasher.key(.tenant, tenant), hasher.key(.type, type),
            LookupKey(.time, milliseconds: milliseconds),
        ] + actors.map { hasher.key(.actor, $0) }
    }
}

/// A random question, and the answer of whoever reads everything.
struct QueryCase {
    var scope = RecordScope.all
    var keys: [[RecordKey]] = []
    var since: Int64?
    var until: Int64?
    var range: Range<UInt64> = 0..<UInt64.max

    init(using random: inout SeededGenerator, size: UInt64) {
        if random.next() % 2 == 0 { scope = .only(tenant: "t\(random.next() % 4)") }
        if random.next() % 2 == 0 {
            keys.append(
                (0...random.next() % 3).map { _ in RecordKey(.type, "k\(random.next() % 10)") })
        }
        if random.next() % 3 == 0 {
            keys.append(
                (0...random.next() % 2).map { _ in RecordKey(.actor, "a\(random.next() % 13)") })
        }
        if random.next() % 40 == 0 { keys.append([]) }
        if random.next() % 3 == 0 { since = 1_000 + Int64(random.next() % (size * 11 + 1)) }
        if random.next() % 3 == 0 {
            until = (since ?? 1_000) + Int64(random.next() % (size * 8 + 1)) - 3
        }
        if random.next() % 4 == 0 {
            let low = random.next() % (size + 3)
            range = low..<low + random.next() % (size + 3)
        }
    }

    func matches(_ terms: QueryTerms) -> Bool {
        keys.allSatisfy { set in
            set.contains {
                $0.field == .type ? $0.text == terms.type : terms.actors.contains($0.text)
            }
        } && since.map { $0 <= terms.milliseconds } ?? true
            && until.map { terms.milliseconds < $0 } ?? true
    }

    func query() -> RecordQuery<QueryTerms> {
        let hasSpan = since != nil || until != nil
        let span =
            hasSpan
            ? LookupSpan(.time, since: since.map { $0 * 1_000 }, until: until.map { $0 * 1_000 })
            : nil
        var query = RecordQuery<QueryTerms>(
            scope: scope, keys: keys, span: span, isEmpty: hasSpan && span == nil,
            read: { QueryTerms($0) }, tenant: \.tenant, matches: { [self] in matches($0) })
        query.range = range
        return query
    }

    /// Indexes of the records that match, in order.
    func answer(
        _ records: [QueryTerms?], _ order: RecordOrder, size: UInt64
    ) -> [UInt64] {
        let rising = records.indices.map(UInt64.init).filter { index in
            guard let terms = records[Int(index)], index < size, range.contains(index) else {
                return false
            }
            if case .only(let tenant) = scope, terms.tenant != tenant { return false }
            return matches(terms)
        }
        return order == .ascending ? rising : rising.reversed()
    }
}

/// Records in memory, erased ones among them, whose keys meet others' now and then.
struct MemoryReader: LogReader {
    let records: [QueryTerms?]
    let keys: [[LookupKey]]
    /// Every so many records bear any key: candidates, and nothing more.
    let falseEvery: UInt64

    func indexes(
        of key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        let found = range.clamped(to: 0..<UInt64(records.count)).filter {
            keys[Int($0)].contains(key) || (falseEvery > 0 && $0 % falseEvery == 0)
        }
        return Array((descending ? found.reversed() : found).prefix(limit))
    }

    func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        indexes.compactMap { index in
            records[Int(index)].map {
                IndexedContent(
                    index: index,
                    content: StoredContent(record: $0.canonical, seed: .zero, formDigest: .zero))
            }
        }
    }

    /// Segments of four.
    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        let range = range.clamped(to: 0..<UInt64(records.count))
        var found: [LookupStretch] = []
        for start in stride(from: range.lowerBound / 4 * 4, to: range.upperBound, by: 4) {
            let part = (start..<start + 4).clamped(to: range)
            let times = (start..<min(start + 4, UInt64(records.count))).flatMap { index in
                keys[Int(index)].filter { $0.field == .time }
                    .map { $0.rawValue & LookupKey.mostMilliseconds }
            }
            guard let low = times.min(), let high = times.max(),
                span.outer.overlaps(low...high)
            else { continue }
            let isInside = span.inner.map { $0.contains(low) && $0.contains(high) } ?? false
            found.extend(by: LookupStretch(range: part, isInside: isInside))
        }
        return found
    }

    private static let unused = StoreError(.constraint, "queries do not read this")

    func head() throws(StoreError) -> StoredHead? { throw Self.unused }
    func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf] { throw Self.unused }
    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        throw Self.unused
    }
    func content(at index: UInt64) throws(StoreError) -> StoredContent? { throw Self.unused }
    func removal(at index: UInt64) throws(StoreError) -> UInt64? { throw Self.unused }
    func submission(at index: UInt64) throws(StoreError) -> StoredSubmission {
        throw Self.unused
    }
    func index(ofLeafHash hash: Digest) throws(StoreError) -> UInt64? { throw Self.unused }
    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? { throw Self.unused }
    func credential(_ number: UInt32) throws(StoreError) -> StoredCredential? {
        throw Self.unused
    }
}

extension MemoryReader {
    static let hasher = LookupHasher(3, 4)

    /// - Parameter erases: of ten records, how many have no content any more.
    init(count: Int, falseEvery: UInt64, erases: UInt64, using random: inout SeededGenerator) {
        let all = (0..<UInt64(count)).map { QueryTerms(using: &random, near: $0) }
        keys = all.map { $0.keys(Self.hasher) }
        records = all.map { random.next() % 10 < erases ? nil : $0 }
        self.falseEvery = falseEvery
    }
}
