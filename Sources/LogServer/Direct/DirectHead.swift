// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// A request head that says no more than the requests which producers and verifiers send all the
/// time; nil from any other, which goes the long way.
///
/// Pure. It accepts only what the long way would take in the same meaning.
struct DirectHead: Equatable {
    enum Target: Equatable {
        /// One record to `POST /v1/audit`, as JSON.
        case record(authorization: String, idempotencyKey: String?)
        /// `GET /v1/proof/inclusion?index=…`
        case inclusion(index: UInt64)
    }

    let target: Target

    /// Longer bodies would hold up the other connections of an event loop.
    static let bodyLimit = 16_384

    private static let inclusionPrefix = "/v1/proof/inclusion?index="

    init?(_ head: HTTPRequestHead) {
        guard head.version == .http1_1, let fields = Fields(head.headers) else { return nil }
        switch head.method {
        case .POST where head.uri == "/v1/audit":
            guard let authorization = fields.authorization, fields.isJSON,
                let length = fields.contentLength.flatMap({ Int($0) }),
                1...Self.bodyLimit ~= length
            else { return nil }
            target = .record(
                authorization: authorization, idempotencyKey: fields.idempotencyKey)
        case .GET where head.uri.hasPrefix(Self.inclusionPrefix):
            let text = head.uri.utf8.dropFirst(Self.inclusionPrefix.utf8.count)
            guard fields.contentLength == nil, let index = DecimalText.number(Substring(text))
            else { return nil }
            target = .inclusion(index: index)
        default: return nil
        }
    }

    /// The header fields that mean something here, each given once.
    private struct Fields {
        var authorization: String?
        var idempotencyKey: String?
        var contentLength: String?
        var isJSON = false

        init?(_ headers: HTTPHeaders) {
            for (name, value) in headers {
                // With an attribute of a CloudEvent the body is no record.
                guard !FieldName.begins(name, "ce-") else { return nil }
                // Only names of these lengths matter here, and most fields have another.
                switch name.utf8.count {
                case 6 where FieldName.equals(name, "expect"): return nil
                case 10 where FieldName.equals(name, "connection"):
                    guard FieldName.equals(value, "keep-alive") else { return nil }
                case 12 where FieldName.equals(name, "content-type"):
                    guard !isJSON, value == MediaTypes.json else { return nil }
                    isJSON = true
                case 13 where FieldName.equals(name, "authorization"):
                    guard authorization == nil else { return nil }
                    authorization = value
                case 14 where FieldName.equals(name, "content-length"):
                    guard contentLength == nil else { return nil }
                    contentLength = value
                case 15 where FieldName.equals(name, "idempotency-key"):
                    guard idempotencyKey == nil else { return nil }
                    idempotencyKey = value
                case 17 where FieldName.equals(name, "transfer-encoding"): return nil
                default: break
                }
            }
        }
    }
}

/// Names of header fields, and values of some, which have no case.
enum FieldName {
    /// Whether a text is `lowerCase` but for its case.
    static func equals(_ name: String, _ lowerCase: StaticString) -> Bool {
        name.utf8.count == lowerCase.utf8CodeUnitCount && begins(name, lowerCase)
    }

    /// Whether it begins so.
    static func begins(_ name: String, _ lowerCase: StaticString) -> Bool {
        var name = name
        return name.withUTF8 { name in
            guard name.count >= lowerCase.utf8CodeUnitCount else { return false }
            for place in 0..<lowerCase.utf8CodeUnitCount {
                let byte = name[place]
                guard byte | (byte &- 0x41 < 26 ? 0x20 : 0) == lowerCase.utf8Start[place] else {
                    return false
                }
            }
            return true
        }
    }
}
