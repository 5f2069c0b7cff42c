// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import TransparencyLog

/// Goes through the segments of a sink: each by itself, then how they follow each other.
struct SinkCheck {
    /// What is wrong, and where.
    struct Finding: Encodable, Equatable {
        let segment: String
        let message: String
    }

    struct Summary: Encodable {
        var log = ""
        var segments = 0
        var sealed = 0
        /// Of the segments, those that are here in their compressed form alone.
        var compressed = 0
        /// The index of the first record, and the one after the last.
        var first: UInt64 = 0
        var next: UInt64 = 0
        var records: UInt64 = 0
        /// Bytes of a line that is not complete, at the end of the newest segment.
        var incompleteBytes = 0
        /// What contradicts itself, or the log.
        var findings: [Finding] = []
        /// Records whose files are not in the folder, between others that are.
        var missing: [Finding] = []
    }

    private(set) var summary = Summary()
    /// The hashes of the leaves that the lines stand for, run by run of indexes that adjoin.
    private(set) var runs: [(first: UInt64, hashes: [Digest])] = []
    private let folder: String
    private var before: (name: String, next: UInt64, hash: Digest, trailer: SinkTrailer?)?

    init(_ folder: String) { self.folder = folder }

    /// Reads everything; `progress` is called with the segments done and of all.
    mutating func run(progress: (Int, Int) -> Void) throws {
        let names = try SinkFiles.segments(in: folder)
        guard !names.isEmpty else {
            throw CommandFailure.usage("\(folder) holds no segment of a sink")
        }
        for (place, name) in names.enumerated() {
            try take(name, isLast: place == names.count - 1)
            progress(place + 1, names.count)
        }
    }

    private mutating func take(_ segment: SinkName, isLast: Bool) throws {
        let forms = SinkFiles.forms(of: segment, in: folder)
        let name = forms.plain ? "\(segment)" : segment.compressed
        var hashes: [Digest] = []
        let found = try SinkFiles.scan(segment, in: folder) { hashes.append($0.leaf.hash) }
        summary.segments += 1
        if !forms.plain { summary.compressed += 1 }
        if forms.plain, forms.compressed {
            let other = try SinkFiles.scan("\(folder)/\(segment.compressed)")
            if other.seal == nil || other.seal != found.seal {
                add(segment.compressed, "is not the compressed form of \(segment)")
            }
        }
        guard let header = found.scan.header else {
            // A file that nothing but a part of a header was written to holds no record.
            if let fault = found.fault { add(name, fault.text) }
            return
        }
        if let fault = found.fault { add(name, fault.text) }
        if isLast { summary.incompleteBytes = found.rest.count }
        if found.scan.trailer != nil { summary.sealed += 1 }
        follow(name, header)
        if runs.isEmpty { summary.first = header.first }
        if let last = runs.last, last.first + UInt64(last.hashes.count) == header.first {
            runs[runs.count - 1].hashes += hashes
        } else {
            runs.append((header.first, hashes))
        }
        summary.records += found.scan.count
        summary.next = found.scan.next
        before = (name, found.scan.next, found.scan.lastHash, found.scan.trailer)
    }

    /// How a segment goes on from the one before.
    private mutating func follow(_ name: String, _ header: SinkHeader) {
        if summary.log.isEmpty { summary.log = header.origin }
        if header.origin != summary.log { add(name, "is of the log \(header.origin)") }
        guard let before else { return }
        if header.first > before.next {
            summary.missing.append(
                .init(
                    segment: name,
                    message: "begins at \(header.first), and \(before.name) ends before "
                        + "\(before.next): the records between are not here"))
            return
        } else if header.first < before.next {
            add(name, "has records again from \(header.first) on, which are in \(before.name)")
        } else if header.previousHash != before.hash {
            add(name, "does not follow the last record of \(before.name)")
        }
        if header.beginning == .sealed || before.trailer != nil {
            let isSame = header.previous?.sha256 == before.trailer?.sha256
            if !isSame { add(name, "does not name \(before.name) by the digest in its trailer") }
        }
    }

    private mutating func add(_ segment: String, _ message: String) {
        if summary.findings.count < 1_000 {
            summary.findings.append(.init(segment: segment, message: message))
        }
    }

    /// Compares the line of a record, if there is one, with the leaf that the log has.
    ///
    /// Returns whether there is one. Indexes rise from call to call.
    mutating func compare(_ index: UInt64, _ hash: Digest, from run: inout Int) -> Bool {
        while run < runs.count, runs[run].first + UInt64(runs[run].hashes.count) <= index {
            run += 1
        }
        guard run < runs.count, runs[run].first <= index else { return false }
        if runs[run].hashes[Int(index - runs[run].first)] != hash {
            add("", "the record at \(index) is not the log's: its time, commitment or hash differs")
        }
        return true
    }
}

extension SinkScan.Fault {
    fileprivate var text: String {
        switch self {
        case .noHeader: "does not begin with a segment's header"
        case .notALine: "has a line that no sink writes"
        case .gap(let expected, let found):
            "has the record \(found) where \(expected) must stand"
        case .wrongTrailer: "has a trailer that says something else than its lines"
        case .behindTrailer: "goes on behind its trailer"
        case .damagedGzip: "is compressed, and is damaged or cut"
        }
    }
}
