// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import TransparencyLog

/// An error response: RFC 9457, with the table's stable code.
///
/// It holds nothing that came from the client but offsets, and names that the schema knows.
struct Problem: Error, Hashable {
    let code: ProblemCode
    /// No valid token was sent, so that the answer is 401.
    var isUnauthenticated = false
    /// Where a record or a batch breaks a rule, in bytes from its start.
    var offset: Int?
    /// Which member of a record breaks it.
    var path: String?
    /// The rule of JSON that a record breaks.
    var reason: String?
    /// More exact advice than the table's.
    var advice: String?
    /// The parameter that is at fault, by the name that the specification has for it.
    var parameter: String?
    /// The indexes of the records that stand against the request.
    var indexes: [UInt64] = []
    /// Methods that the path has.
    var allow: String?
    /// What the server's log calls this failure.
    var id: String?

    init(_ code: ProblemCode) {
        self.code = code
    }

    init(_ error: RecordError) {
        self.init(.record(error.code))
        offset = error.offset
        path = error.path
        reason = error.reason?.rawValue
        advice = error.message
    }

    init(_ error: LogError) {
        self.init(ProblemCode(error.code))
    }

    static func invalidParameter(_ name: String) -> Problem {
        var problem = Problem(.invalidParameter)
        problem.parameter = name
        return problem
    }

    var status: Int { isUnauthenticated ? 401 : code.row.status }

    /// The response's header fields, without those that frame it.
    var fields: [(name: String, value: String)] {
        let row = code.row
        var fields = [
            ("content-type", "application/problem+json"), ("cache-control", "no-store"),
        ]
        if isUnauthenticated { fields.append(("www-authenticate", "Bearer realm=\"evident\"")) }
        if let range = row.retryAfter {
            fields.append(("retry-after", String(Int.random(in: range))))
        }
        if let allow { fields.append(("allow", allow)) }
        return fields
    }

    /// The response's body.
    var body: [UInt8] {
        var json = JSONWriter(capacity: 384)
        append(to: &json)
        return json.bytes
    }

    /// Appends the body as one JSON object.
    func append(to json: inout JSONWriter) {
        let row = code.row
        json.open()
        json.member("type", "urn:evident:problem:\(row.code)")
        json.member("title", row.title)
        // A body must not tell a client without a token from one whose token does not suffice.
        if code != .notAuthorized { json.member("status", UInt64(row.status)) }
        json.member("code", row.code)
        json.member("detail", advice ?? row.detail)
        if let reason { json.member("reason", reason) }
        if let offset { json.member("offset", UInt64(offset)) }
        if let path { json.member("path", path) }
        if let parameter { json.member("parameter", parameter) }
        if !indexes.isEmpty { json.member("indexes", indexes) }
        if let id { json.member("id", id) }
        json.close()
    }
}
