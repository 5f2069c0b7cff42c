// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// A CloudEvent in the binary mode of HTTP: attributes in header fields, the data as the body.
///
/// It becomes the same record as in structured mode, but for extensions that are numbers or truths
/// there: header fields hold text.
package struct BinaryCloudEvent: Sendable {
    /// Before the names of attributes in the names of header fields.
    package static let prefix = "ce-"

    private let attributes: [JSONValue.Member]
    private let contentType: String?

    /// An event's attributes.
    ///
    /// - Parameters:
    ///   - fields: Attributes by their lower-case names, without the prefix, as they were sent.
    ///   - contentType: What the body is; JSON if nobody says.
    /// - Throws: what is wrong with an attribute, by its name.
    package init(
        _ fields: [(name: String, value: String)], contentType: String?
    ) throws(RecordError) {
        var attributes: [JSONValue.Member] = []
        for (position, field) in fields.sorted(by: { $0.name < $1.name }).enumerated() {
            let path = IncomingCloudEvent.path(field.name, at: position)
            guard !["data", "datacontenttype"].contains(field.name) else {
                throw .event(
                    .unknownField, path, "The body is the data, and Content-Type says what it is.")
            }
            guard attributes.last?.name != field.name else {
                throw .event(.invalidField, path, "An attribute is sent once.")
            }
            guard let text = Self.decode(field.value) else {
                throw .event(
                    .invalidField, path,
                    "A header field has printable ASCII; percent-encode any other character as "
                        + "UTF-8, and also space, \" and %.")
            }
            attributes.append(.init(field.name, .string(text)))
        }
        self.attributes = attributes
        self.contentType = contentType
    }

    /// The record of the event with this body as its data.
    ///
    /// - Throws: what is wrong with the event, and where; nothing of its content.
    package func record(of body: UnsafeRawBufferPointer) throws(RecordError) -> ImportedEvent {
        guard body.count <= JSONLimits.event.byteCount else {
            throw RecordError(JSONError(.tooLarge, at: JSONLimits.event.byteCount))
        }
        var members = attributes
        if let contentType { members.append(.init("datacontenttype", .string(contentType))) }
        if !body.isEmpty { members.append(try data(body)) }
        return try IncomingCloudEvent(members).imported()
    }

    // MARK: The body

    private func data(_ body: UnsafeRawBufferPointer) throws(RecordError) -> JSONValue.Member {
        let type =
            (contentType ?? "application/json").lowercased().split(separator: ";")
            .first.map { $0.filter { $0 != " " && $0 != "\t" } } ?? ""
        if type.hasSuffix("/json") || type.hasSuffix("+json") {
            return .init("data", try Self.json(body))
        }
        let isText = type.hasPrefix("text/") || type.hasSuffix("/xml") || type.hasSuffix("+xml")
        if isText, let text = String(validating: body, as: UTF8.self),
            text.unicodeScalars.allSatisfy({ !$0.properties.isNoncharacterCodePoint })
        {
            return .init("data", .string(text))
        }
        return .init("data_base64", .string(Base64.encode(Array(body))))
    }

    /// One JSON value of any kind, by the rules of the record format.
    private static func json(_ body: UnsafeRawBufferPointer) throws(RecordError) -> JSONValue {
        let opening = Array("{\"data\":".utf8)
        do throws(RecordError) {
            let value = try JSONValue.event(opening + Array(body) + [UInt8(ascii: "}")])
            // A body that closes the object, or goes on in it, is not one value.
            guard value.members?.count == 1, let data = value["data"] else {
                throw RecordError(
                    .invalidJSON, reason: .trailingBytes, path: "data",
                    "The body is one JSON value, as its Content-Type says.")
            }
            return data
        } catch {
            let error = error.moved { max(0, $0 - opening.count) }
            throw RecordError(
                error.code, reason: error.reason, at: error.offset, path: "data", error.message)
        }
    }

    // MARK: Header fields

    /// The text of a field: first out of double quotes, if it is in them, then percent-decoded.
    static func decode(_ value: String) -> String? {
        guard value.utf8.allSatisfy({ 0x20...0x7e ~= $0 }),
            let bytes = unquoted(Array(value.utf8))
        else { return nil }
        var text: [UInt8] = []
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "%") else {
                text.append(bytes[at])
                at += 1
                continue
            }
            guard at + 2 < bytes.count, let high = digit(bytes[at + 1]),
                let low = digit(bytes[at + 2])
            else { return nil }
            text.append(high << 4 | low)
            at += 3
        }
        return String(validating: text, as: UTF8.self)
    }

    /// A quoted string's text (RFC 9110, section 5.6.4), or a field that is none, as it is.
    private static func unquoted(_ value: [UInt8]) -> [UInt8]? {
        let quote = UInt8(ascii: "\"")
        guard value.first == quote else { return value.contains(quote) ? nil : value }
        var text: [UInt8] = []
        var at = 1
        while at < value.count, value[at] != quote {
            if value[at] == UInt8(ascii: "\\") { at += 1 }
            guard at < value.count else { return nil }
            text.append(value[at])
            at += 1
        }
        return at == value.count - 1 ? text : nil
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
