// SPDX-License-Identifier: Apache-2.0

public import AuditChain
import LogCrypto

/// An event of another system as a record of this one, ready to be submitted.
///
/// It is marked `imported` and never back-dated: `time` may be the other system's, `received` and
/// the leaf's time are the log's own.
public struct ImportedEvent: Sendable {
    /// The record as it is sent, one JSON object.
    public let record: JSONValue
    /// Whether the event can be written again byte for byte; nil for formats that nothing writes.
    public let isExact: Bool?
    /// Where in the event top-level members of the record come from; "" is for all others.
    var places: [String: String] = [:]

    /// The record's identifier, by which a second import adds nothing.
    public var id: String? { record["id"]?.text }

    /// The record for a log whose credential writes for many tenants.
    public func belonging(to tenant: String) -> ImportedEvent {
        let members = (record.members ?? []).filter { $0.name != "tenant" }
        return ImportedEvent(
            record: .object(members + [.init("tenant", .string(tenant))]), isExact: isExact,
            places: places)
    }

    /// A refusal of the record, told of the event that it was made from.
    ///
    /// Places in the record's text mean nothing to whoever sent the event.
    package func refusal(_ error: RecordError) -> RecordError {
        let path = error.path.map { path in
            let name = String(path.prefix { $0 != "." && $0 != "[" })
            let place = places[name].map { $0 + path.dropFirst(name.count) }
            return place ?? places[""] ?? path
        }
        var message = error.message
        switch (error.code, places["tenant"]) {
        case (.tenantRequired, let name?):
            message = "This credential may write for many tenants; name one in \(name)."
        case (.tenantMismatch, let name?):
            message = "This credential may not write for that tenant; leave \(name) out."
        default: break
        }
        return RecordError(error.code, reason: error.reason, path: path, message)
    }
}

/// Reads events of one format as records.
///
/// Pure: the same text at the same place gives the same record, identifier included.
public enum EventAdapter: Sendable {
    /// The audit log of kerno, version 1: one object a line.
    case kerno
    /// ActionTraces of weaver-kernel: lines of its JSONL store, or exported ones.
    case weaver
    /// CloudEvents 1.0, structured.
    case cloudEvents
    /// Any objects, by a mapping; `source` names where they come from.
    case mapped(FieldMapping, source: String)

    /// The record of one event.
    ///
    /// - Parameter number: The event's place in its file, counted from 1. It tells apart equal
    ///   events of formats that give none an identifier.
    /// - Throws: what is wrong with the event, and where; nothing of its content.
    public func record(from text: [UInt8], number: UInt64) throws(RecordError) -> ImportedEvent {
        switch self {
        case .kerno: return try KernoEvent(text).imported(number: number)
        case .weaver: return try WeaverTrace(text).imported(number: number)
        case .cloudEvents: return try IncomingCloudEvent(text).imported()
        case .mapped(let mapping, let source):
            return try mapping.imported(text, number: number, source: source)
        }
    }
}

/// Identifiers that follow from what they identify (RFC 9562 §5.8).
enum DerivedID {
    /// The lower-case text of a UUID over parts, each of which counts with its length.
    static func make(_ format: String, _ parts: [[UInt8]]) -> String {
        var text = Array("evident.import.v1".utf8) + [0]
        for part in [Array(format.utf8)] + parts {
            text.appendBigEndian(UInt64(part.count))
            text += part
        }
        var bytes = Array(SHA256.hash(text).bytes.prefix(16))
        bytes[6] = 0x80 | bytes[6] & 0x0F
        bytes[8] = 0x80 | bytes[8] & 0x3F
        let hex = Array(Hex.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(hex[$0]) }
            .joined(separator: "-")
    }

    /// The same over an event without an identifier: its place and its text.
    static func make(_ format: String, source: String = "", number: UInt64, _ text: [UInt8])
        -> String
    {
        var place: [UInt8] = []
        place.appendBigEndian(number)
        return make(format, [Array(source.utf8), place, text])
    }
}
