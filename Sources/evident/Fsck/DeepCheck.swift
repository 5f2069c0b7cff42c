// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import SQLiteStorage
import TransparencyLog

/// Recomputes what ties each record to its leaf and each leaf to the one before it: content →
/// commitment, and the chain's MACs.
///
/// Parts of the log are checked side by side, one on each core; memory is that of 256 records each.
struct DeepCheck: Sendable {
    let view: SQLiteView
    let keys: LogKeys
    let size: UInt64
    let cores: Int

    /// What explains that content is missing.
    private typealias Missing = (lost: LostRecords, erased: ErasedRecords)

    /// Entries that one task checks, and those of them that are read at a time.
    private static let chunk: UInt64 = 4_096
    private static let part: UInt64 = 256

    /// Throws the ``FsckFinding`` with the lowest index.
    func run(progress: (UInt64) -> Void) async throws {
        var (next, done) = (UInt64(0), UInt64(0))
        var found: FsckFinding?
        await withTaskGroup(of: (UInt64, FsckFinding?).self) { group in
            func start() {
                guard next < size, found == nil else { return }
                let range = next..<min(next + Self.chunk, size)
                next = range.upperBound
                group.addTask { (UInt64(range.count), finding(in: range)) }
            }
            for _ in 0..<cores { start() }
            // Chunks are begun in order, so none below the first finding is left out.
            for await (count, finding) in group {
                found = FsckFinding.first(found, finding)
                done += count
                progress(done)
                start()
            }
        }
        if let found { throw found }
    }

    private func finding(in range: Range<UInt64>) -> FsckFinding? {
        do throws(FsckFinding) {
            var previous = try mac(before: range.lowerBound)
            var credentials: Set<UInt32> = []
            var missing = (
                lost: LostRecords(view: view, size: size), erased: ErasedRecords(view: view)
            )
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Int(Self.part)) {
                let part = start..<min(start + Self.part, range.upperBound)
                previous = try check(part, after: previous, &missing)
                try checkSubmissions(part, &credentials)
            }
            return nil
        } catch {
            return error
        }
    }

    private func mac(before index: UInt64) throws(FsckFinding) -> Digest {
        guard index > 0 else {
            return keys.schedule.key(at: 0).genesis(keys.identity.origin)
        }
        return try leaves(index - 1..<index)[0].mac
    }

    private func leaves(_ range: Range<UInt64>) throws(FsckFinding) -> [Leaf] {
        do throws(StoreError) {
            let leaves = try view.reader.leaves(range)
            if leaves.count == range.count { return leaves }
        } catch {
            throw FsckFinding(error, near: range.lowerBound, reading: "leaf")
        }
        throw FsckFinding(range.lowerBound, "leaf", "leaves are missing")
    }

    /// Checks adjoining entries; returns the last one's MAC.
    private func check(
        _ range: Range<UInt64>, after first: Digest, _ missing: inout Missing
    ) throws(FsckFinding) -> Digest {
        var previous = first
        var contents = try contents(range)[...]
        for (place, leaf) in try leaves(range).enumerated() {
            let index = range.lowerBound + UInt64(place)
            let mac = keys.schedule.key(at: index).mac(
                index: index, timestampMS: leaf.timestampMS, commitment: leaf.commitment,
                previous: previous)
            guard Digest.constantTimeEquals(mac, leaf.mac) else {
                throw FsckFinding(index, "leaf", "the chain's MAC is not that of this leaf")
            }
            previous = leaf.mac
            if let next = contents.first, next.index == index {
                contents.removeFirst()
                try check(next.content, of: leaf, at: index, &missing)
            } else {
                try explain(index, &missing)
            }
        }
        return previous
    }

    private func explain(_ index: UInt64, _ missing: inout Missing) throws(FsckFinding) {
        do throws(StoreError) {
            if try missing.erased.explain(index) { return }
            if try missing.lost.explain(index) { return }
        } catch {
            throw FsckFinding(error, near: index, reading: "content")
        }
        throw FsckFinding(
            index, "content", "the record is missing, and no erasure of it is in the log")
    }

    private func checkErased(
        _ content: StoredContent, at index: UInt64, _ missing: inout Missing
    ) throws(FsckFinding) {
        guard !content.erased.isEmpty else { return }
        do throws(StoreError) {
            if try missing.erased.explain(content, at: index) { return }
        } catch {
            throw FsckFinding(error, near: index, reading: "content")
        }
        throw FsckFinding(
            index, "content", "fields are missing, and no erasure of them is in the log")
    }

    private func contents(
        _ range: Range<UInt64>
    ) throws(FsckFinding) -> [(index: UInt64, content: StoredContent)] {
        do throws(StoreError) {
            return try view.contents(range)
        } catch {
            throw FsckFinding(error, near: range.lowerBound, reading: "content")
        }
    }

    private func check(
        _ content: StoredContent, of leaf: Leaf, at index: UInt64, _ missing: inout Missing
    ) throws(FsckFinding) {
        guard let made = content.commitment(origin: keys.identity.origin) else {
            throw FsckFinding(index, "record", "the record is not canonical")
        }
        guard made == leaf.commitment else {
            throw FsckFinding(
                index, "record or seed", "they do not make the commitment in the leaf")
        }
        try checkErased(content, at: index, &missing)
        if index == 0 { try checkFirst(content.record) }
    }

    /// Submissions carry checksums, which the store compares; each must name a credential.
    private func checkSubmissions(
        _ range: Range<UInt64>, _ known: inout Set<UInt32>
    ) throws(FsckFinding) {
        do throws(StoreError) {
            let named = Set(try view.submissions(range).map(\.credential))
            for credential in named.subtracting(known) {
                guard try view.reader.credential(credential) != nil else {
                    throw StoreError(
                        .corrupt, "a submission names credential \(credential), which is missing")
                }
                known.insert(credential)
            }
        } catch {
            throw FsckFinding(error, near: range.lowerBound, reading: "submission")
        }
    }

    /// The first record says what the log is; it must be the log of these keys.
    private func checkFirst(_ record: [UInt8]) throws(FsckFinding) {
        let details = (try? JSONValue.parse(canonical: record))?["details"]
        guard details?["origin"]?.text == keys.identity.origin.text,
            details?["granularity_ms"]?.unsigned == keys.identity.granularityMS,
            details?["chain"]?.elements?.first?["kcv"]?.text
                == keys.identity.chain.first.map({ Hex.encode($0.checkValue) })
        else {
            throw FsckFinding(0, "record", "log.created names another log than these keys")
        }
    }
}
