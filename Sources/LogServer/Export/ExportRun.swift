// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Hummingbird
import LogCrypto
import LogStorage
import Merkle
import ServiceLifecycle
import TransparencyLog

/// Makes the file of one export and sends it as it is made, a page of records in memory at a time.
///
/// It ends with the connection, or where its token ends: an answer that breaks off is no export. The
/// answer's own end comes after the log has vouched for the file.
struct ExportRun: Sendable {
    let log: Log
    let access: AccessRecords
    let search: RecordSearch
    let request: ExportRequest
    let head: EvidenceHead
    /// The index of the record that says that it was begun; nil where the log takes none.
    let begun: UInt64?
    let madeMS: UInt64
    let entry: ExportBook.Entry
    /// Whether the token that asked for it still may.
    let isAllowed: @Sendable () -> Bool

    /// Records that are read at once.
    private static let page = 500

    func write(to writer: inout any ResponseBodyWriter) async throws {
        do {
            let manifest = try await make(&writer)
            entry.change { $0.outcome = .made(manifest: manifest) }
        } catch {
            // The connection is cut, for nothing in a file could say it; who asks is told why.
            entry.change { $0.outcome = .failed(Self.problem(of: error)) }
            throw error
        }
        try await writer.finish(nil)
    }

    private static func problem(of error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as LogError: Problem(error)
        case is CancellationError: Problem(.clientLeft)
        default: Problem(.internalError)
        }
    }

    private func make(_ writer: inout any ResponseBodyWriter) async throws -> [UInt8] {
        let file = MadeFile(after: request.beginning)
        var counts = ExportManifest.Counts()
        try await file.write(request.format.heading, to: &writer)
        let end = request.range(head.head.size).upperBound
        var position: UInt64?
        repeat {
            try checkMayGoOn()
            let (found, next) = try await search.page(
                request.selection, order: .ascending, from: position, treeSize: head.head.size,
                limit: Self.page)
            try await file.write(try await lines(of: found), to: &writer)
            counts.records += UInt64(found.count)
            counts.erasedFields += found.reduce(0) { $0 + UInt64($1.content.erased.count) }
            position = next
            entry.change { [counts, bytes = file.count] status in
                status.next = next ?? end
                status.records = counts.records
                status.bytes = bytes
            }
        } while position != nil
        counts.bytes = file.count
        return try await manifest(counts, try file.finish())
    }

    private func checkMayGoOn() throws {
        try Task.checkCancellation()
        guard !Task.isShuttingDownGracefully else { throw Problem(.shuttingDown) }
        guard isAllowed() else { throw Problem(.notAuthorized) }
    }

    /// The lines of some records, each held against its leaf first.
    private func lines(of found: [Found]) async throws -> [UInt8] {
        guard !found.isEmpty else { return [] }
        let leaves = try await log.evidence(
            of: found.map(\.index), nodes: [], under: head
        ).leaves
        let (origin, format) = (log.keys.identity.origin, request.format)
        return try await log.givingWay {
            var lines: [UInt8] = []
            for (found, leaf) in zip(found, leaves) {
                lines += try Self.line(of: found, leaf, origin, format)
            }
            return lines
        }
    }

    private static func line(
        of found: Found, _ leaf: Leaf, _ origin: Origin, _ format: ExportFormat
    ) throws(LogError) -> [UInt8] {
        guard found.content.commitment(origin: origin) == leaf.commitment else {
            throw LogError(
                .corrupt, "the record at index \(found.index) is not what its leaf commits to")
        }
        do {
            return try format.line(
                of: ExportedRecord(
                    origin: origin, index: found.index, leaf: leaf,
                    canonical: found.content.record, erased: found.content.erased))
        } catch {
            throw LogError(.corrupt, "the record at index \(found.index) is none", cause: error)
        }
    }

    // MARK: The end

    /// The manifest, and the line that vouches for it; or why none does.
    private func manifest(
        _ counts: ExportManifest.Counts, _ digest: Digest
    ) async throws -> [UInt8] {
        let range = request.range(head.head.size)
        // What was pruned may name records of the log's own, which stay.
        let erased = log.erasedCount(in: range).map {
            min($0, UInt64(range.count) - counts.records)
        }
        let manifest = ExportManifest(
            format: request.format, madeMS: madeMS, query: request.selection.canonical,
            range: range, counts: counts, erasedRecords: erased,
            sha256: digest, chain: try await chainEnds(range),
            policies: search.settings.current.settings.policies, begun: begun, head: head.head,
            checkpoint: head.note
        ).line
        guard let begun else { return manifest + Self.unvouched(log.mode) }
        var event = request.event(.exportFile, head.head.size, access)
        event.members += [
            ("begun", .integer(begun)), ("bytes", .integer(counts.bytes)),
            ("manifest_sha256", .string(SHA256.hash(manifest).hex)),
            ("records", .integer(counts.records)), ("sha256", .string(digest.hex)),
        ]
        return manifest
            + (try await Vouching(log: log, access: access).line(
                event, by: request.credential, after: head))
    }

    /// The MAC before the first leaf of the range, and that of its last one.
    private func chainEnds(
        _ range: Range<UInt64>
    ) async throws -> (before: Digest, last: Digest) {
        let places = Set([range.lowerBound, range.upperBound].filter { $0 > 0 }.map { $0 - 1 })
        let indexes = places.sorted()
        let leaves = try await log.evidence(of: indexes, nodes: [], under: head).leaves
        let genesis = log.keys.schedule.genesis(log.keys.identity.origin)
        func mac(before index: UInt64) -> Digest {
            indexes.firstIndex { $0 + 1 == index }.map { leaves[$0].mac } ?? genesis
        }
        return (mac(before: range.lowerBound), mac(before: range.upperBound))
    }

    private static func unvouched(_ mode: LogMode) -> [UInt8] {
        var json = JSONWriter(capacity: 64)
        json.open()
        json.member("unvouched", mode == .frozen ? "frozen" : "evidence")
        json.close()
        json.newline()
        return json.bytes
    }
}
