// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle
import SignedNote

@testable import TransparencyLog

/// A log in memory whose every stored value a test may alter.
struct MemoryLog: VerificationSource, LogReader {
    struct Entry {
        var leaf: Leaf?
        var content: StoredContent?
        var submission: StoredSubmission?
    }

    let keys: LogKeys
    var entries: [Entry] = []
    var tiles: [NodeCoordinate: [UInt8]] = [:]
    var storedHead: StoredHead?
    var credentials: [UInt32: StoredCredential] = [
        1: StoredCredential(tenant: "_log", name: "evident"),
        2: StoredCredential(tenant: "acme", name: "test"),
    ]
    var name: String?
    /// The note over the newest published head.
    var note: [UInt8] = []

    var reader: any LogReader { self }
    var origin: String? { name }
    var size: UInt64 { UInt64(entries.count) }

    init(_ records: [String], origin: String = "log.example.com/test") throws {
        keys = try LogKeys.ephemeral(origin: Origin(origin), granularityMS: 1_000)
        name = origin
        try append([createdRecord] + records)
        try publish()
    }

    /// So many records of a tenant behind the first one.
    init(count: Int) throws {
        try self.init((1..<count).map(Self.record))
    }

    static func record(_ number: Int) -> String {
        #"{"details":{"n":\#(number)},"tenant":"acme","type":"x.test.event","v":"1"}"#
    }

    static func erasure(_ indexes: [Int]) -> String {
        let list = indexes.map { "[\($0)]" }.joined(separator: ",")
        return #"{"details":{"erased":[\#(list)],"reason":"request"},"tenant":"_log","#
            + #""type":"erasure.request","v":"1"}"#
    }

    private var createdRecord: String {
        let kcv = Hex.encode(keys.identity.chain[0].checkValue)
        return #"{"details":{"chain":[{"first":0,"kcv":"\#(kcv)"}],"granularity_ms":1000,"#
            + #""origin":"\#(keys.identity.origin.text)"},"tenant":"_log","type":"log.created","v":"1"}"#
    }

    // MARK: Making it

    /// Appends records as the log does.
    mutating func append(_ records: [String]) throws {
        for text in records {
            let content = Self.content(text, seed: .random())
            let (index, previous) = (size, entries.last?.leaf?.mac)
            let (time, commitment) = (1_790_000_000_000 + index * 1_000, try commitment(content))
            let mac = keys.schedule.key(at: index).mac(
                index: index, timestampMS: time, commitment: commitment,
                previous: previous ?? keys.schedule.genesis(keys.identity.origin))
            entries.append(
                Entry(
                    leaf: Leaf(timestampMS: time, commitment: commitment, mac: mac),
                    content: content,
                    submission: StoredSubmission(
                        key: .random(), credential: text.contains("_log") ? 1 : 2)))
        }
        rebuild()
    }

    static func content(_ text: String, seed: Digest) -> StoredContent {
        StoredContent(record: Array(text.utf8), seed: seed, formDigest: .emptyRoot)
    }

    func commitment(_ content: StoredContent) throws -> Digest {
        guard let made = content.commitment(origin: keys.identity.origin) else {
            throw StoreError(.corrupt, "what is stored is no record")
        }
        return made
    }

    /// Makes tiles and head again from the leaves, as whoever covers their tracks would.
    mutating func rebuild() {
        var edge = TreeEdge()
        tiles = [:]
        let growth = edge.append(entries.compactMap { $0.leaf?.hash })
        for tile in growth.sealed { tiles[.tile(tile.level, tile.index)] = tile.bytes }
        for tile in edge.partials { tiles[.tile(tile.level, tile.index)] = tile.bytes }
        storedHead = entries.last.flatMap(\.leaf).map { leaf in
            StoredHead(
                treeHead: edge.head, commit: 1, lastLeafTimestampMS: leaf.timestampMS,
                lastMAC: leaf.mac, committedAtMS: leaf.timestampMS)
        }
    }

    /// Signs the head.
    mutating func publish() throws {
        note = Array(try keys.signer.signVerified(storedHead?.treeHead ?? .empty).utf8)
    }

    // MARK: Verifying it

    func verify(
        given: [UInt8]? = nil, witnessed: WitnessedNote? = nil, keys: VerificationKeys? = nil,
        note: [UInt8]?? = nil,
        _ change: (inout ChainVerifier.Options) -> Void = { _ in },
        save: @Sendable (VerificationPosition) -> Void = { _ in }
    ) async throws -> VerificationReport {
        var options = ChainVerifier.Options()
        options.workers = 2
        change(&options)
        return try await ChainVerifier(
            source: self, keys: keys ?? VerificationKeys(self.keys), records: PlainRecords(),
            published: note ?? self.note, given: given, witnessed: witnessed, options: options
        ).run(save: save)
    }

    // MARK: LogReader

    func head() throws(StoreError) -> StoredHead? { storedHead }

    func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf] {
        try range.clamped(to: 0..<(storedHead?.treeHead.size ?? 0)).map {
            index throws(StoreError) in
            guard index < size, let leaf = entries[Int(index)].leaf else {
                throw StoreError(.corrupt, "no leaf", firstBadIndex: index)
            }
            return leaf
        }
    }

    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        tiles[.tile(level, index)]
    }

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        index < size ? entries[Int(index)].content : nil
    }

    func removal(at index: UInt64) throws(StoreError) -> UInt64? { nil }

    func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        indexes.compactMap { index in
            index < size
                ? entries[Int(index)].content.map { IndexedContent(index: index, content: $0) }
                : nil
        }
    }

    func submission(at index: UInt64) throws(StoreError) -> StoredSubmission {
        guard index < size, let submission = entries[Int(index)].submission else {
            throw StoreError(.corrupt, "no submission", firstBadIndex: index)
        }
        return submission
    }

    func credential(_ number: UInt32) throws(StoreError) -> StoredCredential? {
        credentials[number]
    }

    // Look-ups are no part of a verification.

    func index(ofLeafHash hash: Digest) throws(StoreError) -> UInt64? { nil }

    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? { nil }

    func indexes(
        of key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] { [] }

    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] { [] }
}

extension NodeCoordinate {
    /// A name for a tile among others.
    fileprivate static func tile(_ level: UInt8, _ index: UInt64) -> NodeCoordinate {
        NodeCoordinate(height: 8 * level, index: index)
    }
}

/// Reads just what the tests' records hold.
struct PlainRecords: VerificationRecords {
    func summary(of record: CanonicalRecord) -> RecordSummary {
        guard let value = try? JSONValue.parse(record.bytes) else {
            return RecordSummary(tenant: nil, isImported: false)
        }
        var summary = RecordSummary(
            tenant: value["tenant"]?.text, isImported: value["imported"] != nil)
        switch value["type"]?.text {
        case "log.created":
            summary.fact = .created(
                origin: value["details"]?["origin"]?.text ?? "", granularityMS: 1_000,
                checkValue: value["details"]?["chain"]?.elements?.first?["kcv"]?.text
                    .flatMap { Hex.decode($0) } ?? [])
        case "erasure.request":
            let list = value["details"]?["erased"]?.elements ?? []
            summary.fact = .removed(
                list.map {
                    .init(
                        index: $0.elements?.first?.unsigned ?? 0,
                        names: $0.elements?.dropFirst().compactMap(\.text) ?? [])
                })
        default: break
        }
        return summary
    }
}
