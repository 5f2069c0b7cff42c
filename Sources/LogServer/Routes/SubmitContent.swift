// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import HTTPTypes
import NIOCore

/// What the header fields of a submission say that its body is.
enum SubmitContent: Sendable {
    /// A record, or an array of records.
    case json
    case ndjson
    /// One CloudEvent.
    case cloudEvent
    /// An array of CloudEvents.
    case cloudEvents
    /// The data of a CloudEvent whose attributes are header fields.
    case eventData(BinaryCloudEvent)

    /// Content-Type goes first, as CloudEvents has it: an event in the body may have copies of its
    /// attributes in header fields.
    init(_ headers: HTTPFields) throws(Problem) {
        let types = headers[values: .contentType]
        guard types.count <= 1 else { throw Problem(.unsupportedMediaType) }
        let type = types.first.map(Self.mediaType)
        guard type?.hasPrefix("application/cloudevents") != true else {
            self = try Self.named(type)
            return
        }
        let attributes = headers.filter { $0.name.canonicalName.hasPrefix(BinaryCloudEvent.prefix) }
        guard !attributes.isEmpty else {
            self = try Self.named(type)
            return
        }
        do throws(RecordError) {
            let fields = attributes.map {
                (
                    name: String($0.name.canonicalName.dropFirst(BinaryCloudEvent.prefix.count)),
                    value: $0.value
                )
            }
            self = .eventData(try BinaryCloudEvent(fields, contentType: types.first))
        } catch {
            throw Problem(error)
        }
    }

    private static func named(_ type: String?) throws(Problem) -> SubmitContent {
        switch type {
        case MediaTypes.json: return .json
        case MediaTypes.ndjson: return .ndjson
        case MediaTypes.cloudEvent: return .cloudEvent
        case MediaTypes.cloudEvents: return .cloudEvents
        default: throw Problem(.unsupportedMediaType)
        }
    }

    /// A media type in lower case, without saying that it is UTF-8; with any other parameter it is
    /// none that is known.
    private static func mediaType(_ field: String) -> String {
        // What nearly everyone sends, without taking it apart.
        if field == MediaTypes.json || field == MediaTypes.ndjson { return field }
        let parts = field.lowercased().split(separator: ";", maxSplits: 1)
        let parameter = parts.count > 1 ? parts[1].filter { $0 != " " && $0 != "\"" } : ""
        guard parameter.isEmpty || parameter == "charset=utf-8" else { return field.lowercased() }
        return parts.first.map { $0.filter { $0 != " " } } ?? ""
    }

    /// One JSON text may be an object or an array.
    func format(of body: ByteBuffer) -> SubmitFormat {
        switch self {
        case .ndjson: return .lines
        case .cloudEvents: return .array
        case .cloudEvent, .eventData: return .single
        case .json:
            let first = body.readableBytesView.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
            return first == UInt8(ascii: "[") ? .array : .single
        }
    }

    /// The event of an item; nil where items are records.
    func event(_ item: UnsafeRawBufferPointer) throws(RecordError) -> ImportedEvent? {
        switch self {
        case .json, .ndjson: nil
        case .cloudEvent, .cloudEvents:
            // An identifier that every event has needs no place in a file.
            try EventAdapter.cloudEvents.record(from: Array(item), number: 0)
        case .eventData(let event): try event.record(of: item)
        }
    }

    /// A batch of records that holds none is a mistake; one of CloudEvents is not.
    var mayBeEmpty: Bool { if case .cloudEvents = self { true } else { false } }
}
