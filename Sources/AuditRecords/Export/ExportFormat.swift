// SPDX-License-Identifier: Apache-2.0

public import AuditChain
import LogCrypto

/// A form in which records leave a log.
///
/// Each is a function from one record to its bytes, so that a file is the concatenation of these
/// behind ``heading``.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// Evident's own: the canonical record and its leaf, one object a line.
    case ndjson
    /// A table for spreadsheets.
    case csv
    /// Events of the Open Cybersecurity Schema Framework, one a line.
    case ocsf
    /// CloudEvents in structured mode, one a line.
    case cloudevents
    /// Documents of the Elastic Common Schema, one a line.
    case ecs
    /// Lines of kerno's audit log, version 1.
    case kerno

    /// The version of the format that is written; one for all records of a release.
    public var version: String {
        switch self {
        case .ndjson, .csv, .kerno: "1"
        case .ocsf: OCSFEvent.schemaVersion
        case .cloudevents: CloudEvent.specVersion
        case .ecs: ECSDocument.schemaVersion
        }
    }

    /// What a file of it is, to HTTP.
    public var mediaType: String {
        switch self {
        case .csv: "text/csv; charset=utf-8"
        case .ndjson, .ocsf, .cloudevents, .ecs, .kerno: "application/x-ndjson"
        }
    }

    /// What a file begins with, before any record.
    public var heading: [UInt8] {
        self == .csv ? RecordTable().bytes : []
    }

    /// A record in this format, the end of its line included.
    ///
    /// The same record makes the same bytes in every process. Throws where it is no JSON object.
    public func line(of record: ExportedRecord) throws(RecordError) -> [UInt8] {
        switch self {
        case .ndjson: return record.line
        case .csv:
            var table = RecordTable(heading: false)
            table.add(record.index, try RecordTerms.read(canonical: record.canonical))
            return table.bytes
        case .ocsf: return Self.line(OCSFEvent(try RecordView(record)).json.unsorted)
        case .cloudevents: return Self.line(CloudEvent(try RecordView(record)).json)
        case .ecs: return Self.line(ECSDocument(try RecordView(record)).json.unsorted)
        case .kerno: return Self.line(KernoLine.encode(try RecordView(record).value))
        }
    }

    private static func line(_ json: [UInt8]) -> [UInt8] { json + [UInt8(ascii: "\n")] }
}

/// A record that leaves its log, with what ties it to the tree.
public struct ExportedRecord: Sendable {
    /// The log's name.
    public let origin: Origin
    /// The leaf's index, from 0.
    public let index: UInt64
    /// The record's leaf: time, commitment and MAC.
    public let leaf: Leaf
    /// The canonical text as it is stored: of what is left, where fields were erased.
    public let canonical: [UInt8]
    /// Names of erased fields, each with the index of the record that announced it.
    public let erased: [(name: String, by: UInt64)]

    /// A record with its leaf.
    public init(
        origin: Origin, index: UInt64, leaf: Leaf, canonical: [UInt8],
        erased: [(name: String, by: UInt64)] = []
    ) {
        self.origin = origin
        self.index = index
        self.leaf = leaf
        self.canonical = canonical
        self.erased = erased
    }

    /// Evident's own line.
    var line: [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(canonical.count + 256)
        line += "{\"index\":\(index),\"timestamp_ms\":\(leaf.timestampMS),\"commitment\":\"".utf8
        line += leaf.commitment.hex.utf8
        line += "\",\"record_hash\":\"".utf8
        line += leaf.mac.hex.utf8
        line += "\",\"record\":".utf8
        line += canonical
        if !erased.isEmpty {
            line += ",\"erased\":".utf8
            line += erasedNames.canonical
        }
        line += "}\n".utf8
        return line
    }

    var erasedNames: JSONValue {
        .array(erased.map { [.string($0.name), .integer($0.by)] })
    }
}
