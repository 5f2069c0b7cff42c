// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird

extension Response {
    /// What nobody may keep: heads, proofs by query, and all that a token was needed for.
    static func uncached(
        _ body: ByteBuffer, status: HTTPResponse.Status = .ok, type: String = MediaTypes.json,
        public isPublic: Bool = false
    ) -> Response {
        var headers = HTTPFields()
        headers.reserveCapacity(5)
        headers[.contentType] = type
        headers[.cacheControl] = "no-store"
        if isPublic { headers[.accessControlAllowOrigin] = "*" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    static func json(
        _ json: JSONWriter, status: HTTPResponse.Status = .ok, public isPublic: Bool = false
    ) -> Response {
        uncached(ByteBuffer(bytes: json.bytes), status: status, public: isPublic)
    }
}

/// Text that is not JSON.
enum MediaTypes {
    static let text = "text/plain; charset=utf-8"
    static let bytes = "application/octet-stream"
    static let json = "application/json"
    static let fork = "application/vnd.evident.fork+json"
    static let ndjson = "application/x-ndjson"
    static let cloudEvent = "application/cloudevents+json"
    static let cloudEvents = "application/cloudevents-batch+json"
    static let yaml = "application/yaml"
    static let cbor = "application/cbor"
    /// RFC 9052, section 14.2.
    static let cose = "application/cose"
    /// RFC 9943's own name for receipts.
    static let scittReceipt = "application/scitt-receipt+cose"
}
