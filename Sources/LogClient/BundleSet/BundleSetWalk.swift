// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import SignedNote

/// What a bundle set has shown so far, line by line; the digest of its bytes is the caller's.
struct BundleSetWalk {
    /// Which lines may follow.
    enum Stage: Equatable {
        case header, items, reports, vouched, done
    }

    private struct Claim: Hashable {
        let name: String
        let by: UInt64
    }

    let pinned: PinnedLog
    /// At hand beforehand.
    let erasures: ErasureRecords
    private(set) var stage = Stage.header
    private var result: VerifiedBundleSet?
    private var tree = CompactRange()
    private var latestMS: UInt64 = 0
    /// Claims that no record at hand settles yet, under the index of the record that would.
    private var pending: [UInt64: [(record: UInt64, name: String)]] = [:]
    private var settled: [Claim: UInt64] = [:]

    init(_ pinned: PinnedLog, _ erasures: ErasureRecords) {
        self.pinned = pinned
        self.erasures = erasures
    }

    /// Takes the line of that number.
    ///
    /// - Parameter digest: of all bytes before it; asked for by the last line alone.
    mutating func take(
        _ line: BundleSetLine, number: UInt64, digest: Digest?
    ) throws(BundleSetError) {
        switch (line, stage) {
        case (.header(let header), .header):
            try open(header, number)
            stage = .items
        case (.record(let record), .items): try take(record, number)
        case (.skip(let end, let nodes), .items): try skip(to: end, nodes, number)
        case (.report(let report), .items), (.report(let report), .reports):
            let isLater = result?.reports.allSatisfy { $0.kind == .chain } ?? false
            guard result?.reports.isEmpty ?? false || isLater && report.kind == .gaps else {
                throw .misplaced(number)
            }
            result?.reports.append(report)
            stage = .reports
        case (.end(let records), .items), (.end(let records), .reports):
            try end(records, number)
            stage = .vouched
        case (.vouched(let bundle, let consistency), .vouched):
            try vouch(bundle, consistency, number, digest)
            stage = .done
        default: throw .misplaced(number)
        }
    }

    /// What the whole set proves; nil before its last line.
    var verified: VerifiedBundleSet? { stage == .done ? result : nil }

    /// The number of leaves that the lines so far have covered.
    var covered: UInt64 { tree.size }

    /// The number of leaves of the header's tree; 0 before the header.
    var size: UInt64 { result?.checkpoint.checkpoint.head.size ?? 0 }

    private mutating func open(
        _ header: BundleSetHeader, _ number: UInt64
    ) throws(BundleSetError) {
        let opened = try Self.proving(number) { () throws(VerifyError) in
            try pinned.open(Array(header.checkpoint.utf8))
        }
        guard header.range.upperBound <= opened.checkpoint.head.size else {
            throw .rangeBeyondTree
        }
        result = VerifiedBundleSet(
            header: header, checkpoint: opened,
            witnesses: pinned.cosigners(of: opened))
    }

    private mutating func take(
        _ record: BundleSetRecord, _ number: UInt64
    ) throws(BundleSetError) {
        guard record.index == tree.size else { throw .leafMissing(tree.size) }
        guard let range = result?.header.range, range.contains(record.index) else {
            throw .outsideRange(record.index)
        }
        let leaf = try Self.proving(number) { () throws(VerifyError) in
            guard record.timestampMS >= latestMS else {
                throw .timeRunsBackwards(index: record.index)
            }
            return try BundleField.leaf(
                of: record.fields, timestampMS: record.timestampMS,
                recordHash: record.recordHash, by: pinned)
        }
        tree.append(leaf.hash)
        latestMS = record.timestampMS
        result?.records += 1
        for field in record.fields {
            if field.member != nil {
                result?.shown[field.name, default: 0] += 1
            } else if let by = field.erasedBy {
                try claim(field.name, of: record.index, by: by, number)
            } else {
                result?.withheld[field.name, default: 0] += 1
            }
        }
        try settle(record, number)
    }

    private mutating func skip(
        to end: UInt64, _ nodes: [Digest], _ number: UInt64
    ) throws(BundleSetError) {
        let start = tree.size
        guard start < end, end <= size, let range = result?.header.range else {
            throw .emptySkip(number)
        }
        let cover = NodeCoordinate.cover(start..<end)
        guard cover.count == nodes.count else {
            throw .proof(
                line: number, .inclusion(.wrongLength(got: nodes.count, want: cover.count)))
        }
        for (coordinate, node) in zip(cover, nodes) {
            tree.append(subtree: node, height: coordinate.height)
        }
        let asked = range.clamped(to: start..<end)
        result?.skipped += UInt64(asked.count)
        result?.erased += erasures.wholeCount(in: asked)
    }

    // MARK: Erasures

    private mutating func claim(
        _ name: String, of record: UInt64, by: UInt64, _ number: UInt64
    ) throws(BundleSetError) {
        guard let isListed = erasures.erased(name, of: record, by: by) else {
            pending[by, default: []].append((record, name))
            return
        }
        guard isListed else {
            throw .proof(line: number, .falseErasure(record: record, by: by))
        }
        settled[Claim(name: name, by: by), default: 0] += 1
    }

    /// Holds what earlier records claim of this one against what it lists.
    private mutating func settle(
        _ record: BundleSetRecord, _ number: UInt64
    ) throws(BundleSetError) {
        do throws(ErasureError) {
            _ = try result?.erasures.learn(record.fields, of: record.index)
        } catch {
            throw .erasure(error)
        }
        for (claimed, name) in pending.removeValue(forKey: record.index) ?? [] {
            let isListed = result?.erasures.erased(name, of: claimed, by: record.index)
            guard isListed ?? false else {
                throw .proof(line: number, .falseErasure(record: claimed, by: record.index))
            }
            settled[Claim(name: name, by: record.index), default: 0] += 1
        }
    }

    private var erasedFields: [ErasedFields] {
        var open: [Claim: UInt64] = [:]
        for (by, claims) in pending {
            for claim in claims { open[Claim(name: claim.name, by: by), default: 0] += 1 }
        }
        let all = [(settled, true), (open, false)].flatMap { claims, isProven in
            claims.map { claim, count in
                ErasedFields(
                    name: claim.name, erasedBy: claim.by, isProven: isProven, count: count)
            }
        }
        return all.sorted { ($0.name, $0.erasedBy) < ($1.name, $1.erasedBy) }
    }

    // MARK: The end

    private mutating func end(_ records: UInt64, _ number: UInt64) throws(BundleSetError) {
        guard let opened = result?.checkpoint, let got = result?.records else {
            throw .misplaced(number)
        }
        let head = opened.checkpoint.head
        guard got == records else { throw .recordCount(got: got, want: records) }
        guard tree.size == head.size else { throw .leafMissing(tree.size) }
        try Self.proving(number) { () throws(VerifyError) in
            guard tree.root == head.root else { throw .rootMismatch(got: tree.head, want: head) }
            try pinned.checkTime(latestMS, under: opened)
        }
        let erased = erasedFields
        result?.erasedFields = erased
    }

    private mutating func vouch(
        _ bundle: EvidenceBundle, _ consistency: [Digest], _ number: UInt64, _ digest: Digest?
    ) throws(BundleSetError) {
        guard let old = result?.checkpoint.checkpoint.head, let digest else {
            throw .misplaced(number)
        }
        let record = VouchedRecord(bundle: bundle, consistency: consistency)
        let vouched: (index: UInt64, details: JSONValue)
        do throws(VouchedRecord.Failure) {
            vouched = try record.verify(by: pinned, kind: "bundle_set", after: old)
        } catch {
            switch error {
            case .proof(let error): throw .proof(line: number, error)
            case .notVouched: throw .notVouched
            case .tooEarly(let index, let size): throw .vouchedTooEarly(index: index, size: size)
            }
        }
        guard vouched.details["sha256"]?.text == digest.hex else { throw .digestMismatch }
        result?.vouchedBy = vouched.index
        result?.digest = digest
    }

    private static func proving<Result>(
        _ line: UInt64, _ body: () throws(VerifyError) -> Result
    ) throws(BundleSetError) -> Result {
        do {
            return try body()
        } catch {
            throw .proof(line: line, error)
        }
    }
}
