// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Hummingbird
import Merkle
import SignedNote
import TransparencyLog

/// `GET /v1/audit`: records by filters, page by page.
///
/// A walk over pages is pinned to the tree as it was when it began, and its cursors hold good for
/// the same filters, order and credential alone.
struct QueryRoutes: Sendable {
    let log: Log
    let access: AccessRecords
    let search: RecordSearch
    private let cursors: CursorCodec
    private let now: @Sendable () -> Timestamp

    init(
        log: Log, access: AccessRecords, search: RecordSearch,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.log = log
        self.access = access
        self.now = now
        self.search = search
        cursors = CursorCodec(mac: log.keys.idempotency.derived(for: "evident.cursor.v1"))
    }

    var routes: [Route] {
        [
            Route(.get, "/v1/audit", access: .roles([.reader, .auditor]), operation) { call in
                try await answer(QueryRequest(call, search), for: call.context.watchClient())
            }
        ]
    }

    private var operation: Operation {
        Operation(
            "queryRecords", "Records, by what they say",
            "Each filter takes one of its values; all filters together must fit. Every record is"
                + " its canonical text. That it was read is in the log before the answer: once"
                + " for each request, and once for all pages of a walk.",
            parameters: QueryParameters.selection + QueryParameters.paging,
            successes: [
                Operation.Success(
                    status: 200,
                    description: "A page. The fields evident-tree-size and evident-next-cursor say"
                        + " what the body of a table cannot. NDJSON ends with a line that has no"
                        + " record.",
                    content: [
                        (MediaTypes.json, "RecordPage"), (MediaTypes.ndjson, "RecordLine"),
                        (AnswerFormat.csv.mediaType, nil), (AnswerFormat.ocsf.mediaType, nil),
                        (AnswerFormat.cloudevents.mediaType, nil),
                    ])
            ],
            problems: [.invalidParameter, .invalidCursor, .notAcceptable, .corrupt]
                + AccessRecords.problems)
    }

    private func answer(
        _ request: QueryRequest, for client: ClientPresence
    ) async throws -> Response {
        let walk = try self.walk(request)
        let isFurtherPage = walk.position != nil
        if !isFurtherPage || access.countsPages {
            try await access.record(
                request.event(treeSize: walk.treeSize, isFurtherPage: isFurtherPage, access),
                by: request.credential)
        }
        let (records, next) = try await search.page(
            request.selection, order: request.order, from: walk.position,
            treeSize: walk.treeSize, limit: request.limit, for: client)
        var items: [PageAnswer.Item] = []
        items.reserveCapacity(records.count)
        for record in records { items.append(try await item(record, request.extras)) }
        if request.format.events != nil { try await addLeaves(&items, request.order) }
        let nextCursor = next.map {
            cursors.text(
                of: Cursor(position: $0, treeSize: walk.treeSize, begunMS: walk.begunMS),
                binding: request.binding)
        }
        return try PageAnswer(
            origin: log.keys.identity.origin, treeSize: walk.treeSize, items: items,
            nextCursor: nextCursor
        ).response(request.format)
    }

    /// Reads the leaves of a page, neighbours together.
    private func addLeaves(
        _ items: inout [PageAnswer.Item], _ order: RecordOrder
    ) async throws {
        guard !items.isEmpty else { return }
        let indexes = items.map(\.record.index)
        let rising = order == .ascending ? indexes : indexes.reversed()
        let leaves = try await log.evidence(
            of: rising, nodes: [], under: log.evidenceHead()
        ).leaves
        for place in items.indices {
            items[place].leaf =
                leaves[
                    order == .ascending ? place : leaves.count - 1 - place]
        }
    }

    /// Where the request goes on; without a cursor it begins, at the tree that is published now.
    private func walk(
        _ request: QueryRequest
    ) throws(Problem) -> (position: UInt64?, treeSize: UInt64, begunMS: UInt64) {
        let nowMS = UInt64(max(0, now().microseconds / 1_000))
        let published = log.published.head.size
        guard let text = request.cursor else { return (nil, published, nowMS) }
        guard let cursor = cursors.cursor(text, binding: request.binding, nowMS: nowMS),
            cursor.treeSize <= published
        else { throw Problem(.invalidCursor) }
        return (cursor.position, cursor.treeSize, cursor.begunMS)
    }

    private func item(
        _ record: Found, _ extras: Set<QueryRequest.Extra>
    ) async throws -> PageAnswer.Item {
        var item = PageAnswer.Item(record: record)
        guard !extras.isEmpty else { return item }
        let evidence = try await log.record(at: record.index)
        if extras.contains(.receipt) { item.receipt = evidence }
        if extras.contains(.proof) {
            item.proof =
                LogProof(
                    extra: evidence.leaf.encoded, proof: evidence.proof,
                    checkpoint: evidence.checkpoint
                ).serialized
        }
        return item
    }
}
