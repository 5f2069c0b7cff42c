// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// What a request head says about its connection, once it has been found to have one meaning.
///
/// The decoder has its own rules; these are the ones that it leaves to its user, checked on the
/// fields as they came, before anything merges or drops them. Source: RFC 9112.
struct RequestFraming: Equatable {
    /// The client waits for a 100 before it sends the body.
    var expectsContinue = false
    /// The connection ends with this request's response.
    var closes = false

    /// - Parameter bodyLimit: the largest Content-Length accepted.
    init(checking head: HTTPRequestHead, bodyLimit: Int) throws(ConnectionFailure) {
        guard Self.isTarget(head.uri, method: head.method) else { throw .malformed }
        var fields = FramingFields()
        for (name, value) in head.headers { try fields.read(name: name, value: value) }
        guard fields.hosts == 1 || (fields.hosts == 0 && head.version == .http1_0) else {
            throw .malformed
        }
        if let coding = fields.transferEncoding {
            guard head.version == .http1_1, fields.contentLength == nil,
                coding.lowercased() == "chunked"
            else { throw .malformed }
        }
        if let length = fields.contentLength, length > bodyLimit { throw .bodyTooLarge }
        expectsContinue = fields.expectsContinue && head.version == .http1_1
        // After an upgrade request the decoder reads nothing more; the upgrade itself is ignored.
        closes = !head.isKeepAlive || fields.upgrades || head.method == .CONNECT
    }

    /// Origin form of visible ASCII, or `*` for OPTIONS.
    ///
    /// Proxies' forms have no business here.
    private static func isTarget(_ target: String, method: HTTPMethod) -> Bool {
        if target == "*" { return method == .OPTIONS }
        return target.utf8.first == UInt8(ascii: "/")
            && target.utf8.allSatisfy { 0x21...0x7e ~= $0 && $0 != UInt8(ascii: "#") }
    }
}

/// The header fields that frame a request or change how its connection is used.
private struct FramingFields {
    var hosts = 0
    var contentLength: Int?
    var transferEncoding: String?
    var expectsContinue = false
    var upgrades = false

    mutating func read(name: String, value: String) throws(ConnectionFailure) {
        guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
            throw .malformed
        }
        // Only names of these lengths matter here, and most fields have another.
        switch name.utf8.count {
        case 4 where FieldName.equals(name, "host"): hosts += 1
        case 6 where FieldName.equals(name, "expect"):
            guard FieldName.equals(value, "100-continue") else { throw .expectation }
            expectsContinue = true
        case 7 where FieldName.equals(name, "upgrade"): upgrades = true
        case 14 where FieldName.equals(name, "content-length"):
            guard contentLength == nil, let length = Self.length(value) else { throw .malformed }
            contentLength = length
        case 16 where FieldName.equals(name, "content-encoding"):
            guard FieldName.equals(value, "identity") else { throw .contentEncoding }
        case 17 where FieldName.equals(name, "transfer-encoding"):
            guard transferEncoding == nil else { throw .malformed }
            transferEncoding = value
        default: break
        }
    }

    private static func length(_ value: String) -> Int? {
        guard !value.isEmpty, value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(value)
    }
}
