// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Hummingbird
import LogCrypto
import LogStorage
import Merkle
import ServiceLifecycle
import TransparencyLog

/// Makes one bundle set and writes it as it is made, a page of records in memory at a time.
///
/// It ends with the connection, or where its token ends: what was written by then is no set. What
/// else ends it is told in a line that no set has.
struct BundleSetRun: Sendable {
    let log: Log
    let access: AccessRecords
    let search: RecordSearch
    let request: BundleSetRequest
    let head: EvidenceHead
    let madeMS: UInt64
    /// Whether the token that asked for the set still may.
    let isAllowed: @Sendable () -> Bool

    /// Records that are read at once.
    private static let page = 100
    /// Leaves of a full tile: a gap that is cut in two is cut between tiles, where few nodes meet.
    private static let tile: UInt64 = 256
    /// The longest silence while a report is made; white space may stand before any line.
    private static let heartbeat = Duration.seconds(5)

    func write(to writer: inout any ResponseBodyWriter) async throws {
        let file = MadeFile()
        do {
            try await make(file, &writer)
        } catch let error as LogError {
            try await writer.write(Self.line(Problem(error)))
        } catch let problem as Problem {
            try await writer.write(Self.line(problem))
        }
        try await writer.finish(nil)
    }

    private func make(
        _ file: MadeFile, _ writer: inout any ResponseBodyWriter
    ) async throws {
        try await file.write(header, to: &writer)
        var lines = BundleSetLines(request.fields)
        try await makeRecords(&lines, file, &writer)
        guard lines.tree.head == head.head else {
            throw LogError(.corrupt, "the nodes of a bundle set do not make its head")
        }
        for report in request.reports {
            try checkMayGoOn()
            switch report {
            case .chain: try await writeChain(file, &writer)
            case .gaps: try await file.write(gaps(), to: &writer)
            }
        }
        var end = JSONWriter(capacity: 64)
        end.open()
        end.member("end", "evident/v1")
        end.member("records", lines.records)
        end.close()
        end.newline()
        try await file.write(end.bytes, to: &writer)
        try await writer.write(ByteBuffer(bytes: vouched(file, records: lines.records)))
    }

    private func checkMayGoOn() throws {
        try Task.checkCancellation()
        guard !Task.isShuttingDownGracefully else { throw Problem(.shuttingDown) }
        guard isAllowed() else { throw Problem(.notAuthorized) }
    }

    // MARK: Records

    private var header: [UInt8] {
        let range = request.range(head.head.size)
        var json = JSONWriter(capacity: 2_048)
        json.open()
        json.member("bundle_set", "evident/v1")
        json.member("made_ms", madeMS)
        json.name("query")
        json.raw(request.query)
        json.member("first", range.lowerBound)
        json.member("end", range.upperBound)
        if let names = request.fields.names {
            json.name("fields")
            json.openArray()
            for name in names { json.string(name) }
            json.closeArray()
        }
        json.member("checkpoint", head.note)
        json.close()
        json.newline()
        return json.bytes
    }

    private func makeRecords(
        _ lines: inout BundleSetLines, _ file: MadeFile,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        var position: UInt64?
        repeat {
            try checkMayGoOn()
            let (found, next) = try await search.page(
                request.selection, order: .ascending, from: position, treeSize: head.head.size,
                limit: Self.page)
            let indexes = found.map(\.index)
            let end = end(of: indexes, next: next, after: lines.tree.size)
            let evidence = try await log.evidence(
                of: indexes, nodes: lines.nodes(around: indexes, to: end), under: head)
            var json = JSONWriter(capacity: 64 << 10)
            lines.write(
                try opened(found, evidence.leaves), nodes: evidence.nodes, to: end, &json)
            try await file.write(json.bytes, to: &writer)
            position = next
        } while position != nil
    }

    /// Up to where the leaves are skipped behind the records of a page.
    ///
    /// Where none was found yet it shows how far the search has come, and that it goes on.
    private func end(of indexes: [UInt64], next: UInt64?, after size: UInt64) -> UInt64 {
        guard let next else { return head.head.size }
        if let last = indexes.last { return last + 1 }
        return max(size, next / Self.tile * Self.tile)
    }

    private func opened(_ found: [Found], _ leaves: [Leaf]) throws(LogError) -> [OpenedRecord] {
        var opened: [OpenedRecord] = []
        opened.reserveCapacity(found.count)
        for (record, leaf) in zip(found, leaves) {
            opened.append(
                try Self.opened(record.index, leaf, record.content, log.keys.identity.origin))
        }
        return opened
    }

    /// A record, once it is certain that it is what its leaf commits to.
    static func opened(
        _ index: UInt64, _ leaf: Leaf, _ content: StoredContent, _ origin: Origin
    ) throws(LogError) -> OpenedRecord {
        guard
            let opened = OpenedRecord(
                index: index, leaf: leaf, content: content, origin: origin)
        else {
            throw LogError(.corrupt, "the record at index \(index) is not what its leaf commits to")
        }
        return opened
    }

    // MARK: Reports

    private func writeChain(
        _ file: MadeFile, _ writer: inout any ResponseBodyWriter
    ) async throws {
        let (steps, step) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // Whatever ends this function, a client that has left too, ends the verification.
        async let report = {
            defer { step.finish() }
            return try await log.verify(
                end: head.head.size, isDeep: false, given: Array(head.note.utf8),
                records: StoredRecords()
            ) { _, _ in step.yield() }
        }()
        var last = ContinuousClock.now
        for await _ in steps {
            try checkMayGoOn()
            guard ContinuousClock.now - last >= Self.heartbeat else { continue }
            last = .now
            try await file.write(Array(" ".utf8), to: &writer)
        }
        let content = try await report.json
        try await file.write(Self.report(.chain) { $0.raw(content) }, to: &writer)
    }

    private func gaps() async throws -> [UInt8] {
        let selection = request.selection.forGaps
        var scan = GapScan(isFromStart: selection.range.lowerBound == 0)
        var next: UInt64?
        repeat {
            try checkMayGoOn()
            (scan, next) = try await search.fold(
                selection, treeSize: head.head.size, from: next, into: scan
            ) { scan, index, terms in scan.add(index, terms.canonical) }
        } while next != nil
        scan.finish()
        return Self.report(.gaps) { json in
            json.open()
            json.member("pinned_tree_size", head.head.size)
            json.gaps(scan)
            json.close()
        }
    }

    private static func report(
        _ kind: BundleSetRequest.Report, _ content: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var json = JSONWriter(capacity: 8_192)
        json.open()
        json.member("report", kind.rawValue)
        json.name("content")
        content(&json)
        json.close()
        json.newline()
        return json.bytes
    }

    // MARK: The end

    /// The last line: the log's own record of the file, which is in the log before it is told.
    private func vouched(_ file: MadeFile, records: UInt64) async throws -> [UInt8] {
        var event = request.event(head.head.size, access)
        event.members += [
            ("bytes", .integer(file.count)), ("records", .integer(records)),
            ("sha256", .string(try file.finish().hex)),
        ]
        return try await Vouching(log: log, access: access).line(
            event, by: request.credential, after: head)
    }

    private static func line(_ problem: Problem) -> ByteBuffer {
        var json = JSONWriter(capacity: 512)
        json.open()
        json.name("error")
        problem.append(to: &json)
        json.close()
        json.newline()
        return ByteBuffer(bytes: json.bytes)
    }
}
