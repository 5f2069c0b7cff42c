// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle

/// Counts the records of an export's file as it is read; of Evident's own lines it also checks
/// where each one stands.
struct ExportedRecords {
    /// How records stand in a file.
    private enum Form {
        /// One a line.
        case lines
        /// One a line, of Evident's own.
        case own
        /// One a row, behind a heading; a row can have several lines.
        case table
    }

    private let form: Form
    private let range: Range<UInt64>
    private var count: UInt64 = 0
    private var isQuoted = false
    private var line: [UInt8] = []
    private var erased: UInt64 = 0
    /// The first index that the next record may have.
    private var next: UInt64
    /// The tree of the leaves so far; nil once one was left out.
    private var tree: CompactRange?

    /// Members of a record's line in all its objects: those of a record and a few more.
    private static let limits = JSONLimits(byteCount: 1 << 28, depth: 40, memberCount: 4_096)

    /// Nil for a format that is not known here.
    init?(_ manifest: ExportManifest) {
        switch manifest.format {
        case "ndjson": form = .own
        case "ocsf", "cloudevents", "ecs", "kerno": form = .lines
        case "csv": form = .table
        default: return nil
        }
        range = manifest.range
        next = range.lowerBound
        tree = form == .own && next == 0 ? CompactRange() : nil
    }

    mutating func read(_ bytes: [UInt8]) throws(ExportError) {
        let newline = UInt8(ascii: "\n")
        switch form {
        case .lines: for byte in bytes where byte == newline { count += 1 }
        case .table:
            for byte in bytes {
                if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                if byte == newline, !isQuoted { count += 1 }
            }
        case .own:
            var rest = bytes[...]
            while let end = rest.firstIndex(of: newline) {
                try append(rest[..<end])
                rest = rest[(end + 1)...]
                try take()
            }
            try append(rest)
        }
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws(ExportError) {
        guard bytes.count <= BundleSetLine.byteLimit - line.count else {
            throw .lineTooLong(count + 1)
        }
        line += bytes
    }

    private mutating func take() throws(ExportError) {
        count += 1
        let leaf: (index: UInt64, hash: Digest)
        do throws(ProofFileError) {
            let value = try ProofFileError.parse(line, limits: Self.limits)
            let members = try MemberReader(
                value, at: "",
                required: ["index", "timestamp_ms", "commitment", "record_hash", "record"],
                optional: ["erased"])
            leaf = (
                try members.number("index"),
                Leaf(
                    timestampMS: try members.number("timestamp_ms"),
                    commitment: try members.digest("commitment"),
                    mac: try members.digest("record_hash")
                ).hash
            )
            if value["erased"] != nil { erased += UInt64(try members.elements("erased").count) }
        } catch {
            throw .line(count, error)
        }
        guard leaf.index >= next, range.contains(leaf.index) else {
            throw .misplaced(index: leaf.index)
        }
        if leaf.index == next { tree?.append(leaf.hash) } else { tree = nil }
        next = leaf.index + 1
        line.removeAll(keepingCapacity: true)
    }

    /// Checks what was counted; returns whether the lines' leaves are those of the whole tree.
    consuming func finish(_ manifest: ExportManifest) throws(ExportError) -> Bool {
        if form == .table { count -= min(count, 1) }
        guard count == manifest.records, line.isEmpty else {
            throw .recordCount(got: count, want: manifest.records)
        }
        guard form == .own else { return false }
        guard erased == manifest.erasedFields else {
            throw .erasedCount(got: erased, want: manifest.erasedFields)
        }
        guard let tree, tree.size == manifest.head.size else { return false }
        guard tree.root == manifest.head.root else {
            throw .proof(.rootMismatch(got: tree.head, want: manifest.head))
        }
        return true
    }
}
