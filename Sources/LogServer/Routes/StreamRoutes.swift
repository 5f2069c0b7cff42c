// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import Merkle
import TransparencyLog

/// `GET /v1/audit/stream`: records as they are published, as server-sent events.
struct StreamRoutes: Sendable {
    let log: Log
    let access: AccessRecords
    let search: RecordSearch
    let tokens: TokenStore
    let slots: StreamSlots
    let timing: StreamTiming

    private static let roles = Access.roles([.reader, .auditor])

    init(
        log: Log, access: AccessRecords, search: RecordSearch, tokens: TokenStore,
        configuration: LogServerConfiguration
    ) {
        self.log = log
        self.access = access
        self.search = search
        self.tokens = tokens
        slots = StreamSlots(
            limit: configuration.streams, perCredential: configuration.streamsPerCredential)
        timing = configuration.streamTiming
    }

    var routes: [Route] {
        [
            Route(
                .get, "/v1/audit/stream", access: Self.roles,
                Operation(
                    "streamRecords", "Records as they are published",
                    "Server-sent events: each has the record's index as id, the name record, and"
                        + " index and record as data. After a break, send the last id as"
                        + " Last-Event-ID, or one more as from_index: nothing is left out and"
                        + " nothing comes twice. Without either it begins with the next record."
                        + " The server ends a stream after an hour, to be resumed.",
                    parameters: QueryParameters.filters + QueryParameters.times + [
                        QueryParameters.fromIndex,
                        .header("Last-Event-ID", Schemas.number, "The last id that was received."),
                    ],
                    successes: [
                        Operation.Success(
                            status: 200, description: "The stream.",
                            content: [("text/event-stream", nil)])
                    ],
                    problems: [.invalidParameter, .corrupt, .tooManyStreams]
                        + AccessRecords.problems)
            ) { call in try await open(call) }
        ]
    }

    private func open(_ call: Call) async throws -> Response {
        let credential = try call.identified()
        let selection = try search.selection(call)
        let size = log.published.head.size
        let first = try Self.first(call, size: size)
        let slot = try slots.enter(credential)
        var event = AccessEvent(.stream)
        event.members = selection.members(treeSize: size, access)
            .filter { $0.name == "filter" }
        event.members.append(("first", .integer(first)))
        try await access.record(event, by: credential)
        let (tokens, request) = (tokens, call.request.headers)
        let feed = RecordFeed(
            log: log, search: search, selection: selection,
            isAllowed: {
                RouteTable.credential(Self.roles, request, tokens) == credential
            }, timing: timing)
        var headers: HTTPFields = [.cacheControl: "no-store", .contentType: "text/event-stream"]
        headers[.accelBuffering] = "no"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                defer { withExtendedLifetime(slot) {} }
                try await feed.write(from: first, to: &writer)
            })
    }

    /// The first index that the client has not seen, at most the size of the tree.
    private static func first(_ call: Call, size: UInt64) throws(Problem) -> UInt64 {
        let asked = try call.query.number("from_index")
        let fields = call.request.headers[values: .lastEventID]
        guard let field = fields.first, !field.isEmpty else { return min(asked ?? size, size) }
        guard fields.count == 1, let last = DecimalText.number(field), last < .max else {
            throw .invalidParameter("Last-Event-ID", "Send back the last id as it was received.")
        }
        // A browser that reconnects sends the address it was given, and the last id: the newer.
        return min(max(last + 1, asked ?? 0), size)
    }
}
