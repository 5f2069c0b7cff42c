// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdCore
import TransparencyLog

/// What one request for a page of records asks for.
struct QueryRequest: Sendable {
    /// What may come along with each record.
    enum Extra: String, Sendable {
        case receipt, proof
    }

    static let defaultLimit = 50
    static let largestLimit: UInt64 = 1_000

    let credential: Credential
    let selection: RecordSelection
    let order: RecordOrder
    let limit: Int
    let extras: Set<Extra>
    let format: AnswerFormat
    let cursor: String?

    init(_ call: Call, _ search: RecordSearch) throws(Problem) {
        let query = call.query
        credential = try call.identified()
        format = try AnswerFormat(query, accept: call.request.headers[values: .accept])
        selection = try search.selection(call)
        order = try Self.order(query)
        limit = try Self.limit(query)
        extras = try Self.extras(query)
        cursor = query["cursor"]
        if format != .json, format != .ndjson, !extras.isEmpty {
            throw .invalidParameter(
                "include", "Ask for json or ndjson: others have no place for it.")
        }
    }

    /// All that the pages of one walk have in common: who asks, and for what.
    var binding: [UInt8] {
        let parts: [String] = [
            credential.name, credential.role.rawValue, credential.tenant.description,
            order == .ascending ? "asc" : "desc",
        ]
        // No part holds a zero byte, and the filters come last.
        return parts.flatMap { Array($0.utf8) + [0] } + selection.canonical
    }

    /// The reading that this request begins, for the log.
    func event(treeSize: UInt64, isFurtherPage: Bool, _ access: AccessRecords) -> AccessEvent {
        var event = AccessEvent(.query)
        event.members = selection.members(treeSize: treeSize, access)
        event.members += [
            ("format", .string(format.rawValue)), ("limit", .integer(limit)),
            ("order", order == .ascending ? "asc" : "desc"),
        ]
        if !extras.isEmpty {
            let names = extras.map(\.rawValue).sorted()
            event.members.append(("include", .array(names.map { .string($0) })))
        }
        if isFurtherPage { event.members.append(("page", "further")) }
        return event
    }

    private static func order(_ query: Query) throws(Problem) -> RecordOrder {
        switch query["order"] {
        case nil, "asc": .ascending
        case "desc": .descending
        default: throw .invalidParameter("order", "Ask for asc or desc.")
        }
    }

    private static func limit(_ query: Query) throws(Problem) -> Int {
        guard let limit = try query.number("limit") else { return defaultLimit }
        guard 1...largestLimit ~= limit else {
            throw .invalidParameter("limit", "A page has 1 to \(largestLimit) records.")
        }
        return Int(limit)
    }

    private static func extras(_ query: Query) throws(Problem) -> Set<Extra> {
        var extras: Set<Extra> = []
        for name in query.all("include") {
            guard let extra = Extra(rawValue: name), extras.insert(extra).inserted else {
                throw .invalidParameter("include", "Ask for receipt, proof, or once for each.")
            }
        }
        return extras
    }
}
