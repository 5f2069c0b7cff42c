// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClientHTTP

/// One record as a log shows it: its place, its text, and the whole line with what came along.
struct ListedRecord: Sendable {
    let index: UInt64
    /// The line as it was received.
    let line: [UInt8]
    let record: JSONValue

    /// A record lies one level deep in its line, beside a few names more.
    private static let limits = JSONLimits(byteCount: 1 << 28, depth: 64, memberCount: 4_096)

    init(line: [UInt8]) throws(EndpointError) {
        guard let value = Self.value(line), let index = value["index"]?.unsigned,
            let record = value["record"]
        else {
            throw EndpointError(.unexpectedAnswer, "the server sent a line that is no record")
        }
        self.index = index
        self.line = line
        self.record = record
    }

    static func value(_ line: [UInt8]) -> JSONValue? {
        try? JSONValue.parse(line, limits: limits)
    }
}

/// Reads the pages of one query, one after another.
struct QueryWalk {
    struct Page {
        let records: [ListedRecord]
        let origin: String
        let treeSize: UInt64
        let hasMore: Bool
    }

    private let endpoint: LogEndpoint
    private let items: [(name: String, value: String)]
    private var cursor: String?
    private(set) var isFinished = false

    /// - Parameter items: all parameters but cursor, limit and format.
    init(_ endpoint: LogEndpoint, _ items: [(name: String, value: String)]) {
        self.endpoint = endpoint
        self.items = items
    }

    /// The next page, of at most `limit` records.
    mutating func next(_ limit: Int) async throws -> Page {
        var items = items + [("format", "ndjson"), ("limit", String(min(limit, 1_000)))]
        if let cursor { items.append(("cursor", cursor)) }
        let page = try await endpoint.get("/v1/audit" + QueryText.text(items), limit: 1 << 28)
        let lines = page.split(separator: UInt8(ascii: "\n")).map { Array($0) }
        guard let end = lines.last.flatMap(ListedRecord.value),
            let origin = end["origin"]?.text, let size = end["pinned_tree_size"]?.unsigned
        else {
            throw EndpointError(.unexpectedAnswer, "\(endpoint.name) cut its answer short")
        }
        cursor = end["next_cursor"]?.text
        isFinished = cursor == nil
        let records = try lines.dropLast().map { (line) throws in try ListedRecord(line: line) }
        return Page(records: records, origin: origin, treeSize: size, hasMore: !isFinished)
    }
}
