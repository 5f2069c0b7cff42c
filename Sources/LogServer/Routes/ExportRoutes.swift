// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import LogCrypto
import Merkle
import TransparencyLog

/// `/v1/audit/exports`: records as a file in a format of others, whose manifest the log vouches for.
struct ExportRoutes: Sendable {
    let log: Log
    let records: AccessRecords
    let search: RecordSearch
    /// Nil where whoever may open the socket asks.
    let tokens: TokenStore?
    let now: @Sendable () -> Timestamp
    private let book = ExportBook()
    /// Exports that are made at one time, all together and for one credential.
    private let slots = StreamSlots(limit: 4, perCredential: 2)

    static let manifestType = "application/vnd.evident.export-manifest"

    init(
        log: Log, records: AccessRecords, search: RecordSearch, tokens: TokenStore?,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.log = log
        self.records = records
        self.search = search
        self.tokens = tokens
        self.now = now
    }

    var routes: [Route] { [make, status, manifest] }

    private var access: Access { tokens == nil ? .socket : .roles([.auditor]) }

    // MARK: The file

    private var make: Route {
        Route(
            .post, "/v1/audit/exports", access: access,
            Operation(
                "exportRecords", "Records as a file in a format of others",
                "The filters are those of GET /v1/audit. The answer is the file, written while it"
                    + " is made; spec/export.md has its forms. That it was begun is in the log"
                    + " before the first byte, and before the answer ends the log vouches for the"
                    + " manifest, which is then at"
                    + " /v1/audit/exports/{export}/manifest: the field evident-export names it. An"
                    + " answer that breaks off is no export: ask again with resume_bytes.",
                parameters: ExportRequest.parameters,
                successes: [
                    Operation.Success(
                        status: 200, description: "The file.",
                        content: [
                            (MediaTypes.ndjson, nil), (ExportFormat.csv.mediaType, nil),
                        ])
                ],
                problems: [.invalidParameter, .corrupt, .tooManyStreams] + HeadChoice.problems
                    + AccessRecords.problems)
        ) { call in try await open(call) }
    }

    private func open(_ call: Call) async throws -> Response {
        let request = try ExportRequest(call, search)
        if log.mode != .sequencing, !request.isUnvouched { throw Self.refusal(log.mode) }
        let slot = try slots.enter(request.credential)
        let head = try await request.head.head(of: log)
        let begun = try await begin(request, head.head.size)
        let range = request.range(head.head.size)
        let entry = book.begin(
            ExportBook.Status(
                credential: request.credential, format: request.format.rawValue, range: range,
                next: range.lowerBound))
        let (tokens, headers, access) = (tokens, call.request.headers, access)
        let run = ExportRun(
            log: log, access: records, search: search, request: request, head: head, begun: begun,
            madeMS: UInt64(max(0, now().microseconds / 1_000)), entry: entry,
            isAllowed: {
                guard let tokens else { return true }
                return RouteTable.credential(access, headers, tokens) == request.credential
            })
        var fields: HTTPFields = [
            .cacheControl: "no-store", .contentType: request.format.mediaType,
        ]
        fields[.accelBuffering] = "no"
        fields[.treeSize] = String(head.head.size)
        fields[.export] = entry.id
        return Response(
            status: .ok, headers: fields,
            body: ResponseBody { writer in
                defer { withExtendedLifetime(slot) {} }
                try await run.write(to: &writer)
            })
    }

    /// Records that it is begun, and answers with the index of that record; nil where the log takes
    /// none, and the reading is written down beside it.
    private func begin(
        _ request: ExportRequest, _ size: UInt64
    ) async throws(LogError) -> UInt64? {
        let event = request.event(.exportBegun, size, records)
        guard log.mode == .sequencing else {
            try await records.record(event, by: request.credential)
            return nil
        }
        return try await records.export(event, by: request.credential).place.index
    }

    private static func refusal(_ mode: LogMode) -> Problem {
        var problem = Problem(mode == .frozen ? .frozen : .evidenceOnly)
        problem.advice =
            "The log takes no records any more, so that none can vouch for an export. Ask with"
            + " unvouched=true for a file and a manifest that nothing in the log proves."
        return problem
    }

    // MARK: What became of it

    private static let parameter = Operation.Parameter.path(
        "export", ["type": "string", "pattern": "^[0-9a-f]{32}$"],
        "What the field evident-export of the answer names.")

    private var status: Route {
        Route(
            .get, "/v1/audit/exports/{export}", access: access,
            Operation(
                "getExport", "How far an export is",
                "For whoever asked for it, while it runs and for some time after.",
                parameters: [Self.parameter],
                successes: [.json("Export", "Where it stands.")], problems: [.notFound])
        ) { call in
            let status = try find(call)
            var json = JSONWriter(capacity: 512)
            json.open()
            json.member("state", status.state)
            json.member("format", status.format)
            json.member("first", status.range.lowerBound)
            json.member("end", status.range.upperBound)
            json.member("next", status.next)
            json.member("records", status.records)
            json.member("bytes", status.bytes)
            if case .failed(let problem)? = status.outcome {
                json.name("error")
                problem.append(to: &json)
            }
            json.close()
            return .json(json)
        }
    }

    private var manifest: Route {
        Route(
            .get, "/v1/audit/exports/{export}/manifest", access: access,
            Operation(
                "getExportManifest", "The manifest of an export, and what vouches for it",
                "spec/export.md has its form.", parameters: [Self.parameter],
                successes: [
                    Operation.Success(
                        status: 200, description: "The manifest.",
                        content: [(Self.manifestType, nil)])
                ],
                problems: [.notFound, .exportUnfinished, .exportChanged, .corrupt]
                    + AccessRecords.problems)
        ) { call in
            switch try find(call).outcome {
            case .made(let bytes)?:
                return .uncached(ByteBuffer(bytes: bytes), type: Self.manifestType)
            case .failed(let problem)?: throw problem
            case nil: throw Problem(.exportUnfinished)
            }
        }
    }

    private func find(_ call: Call) throws(Problem) -> ExportBook.Status {
        let id = String(try call.parameter("export"))
        guard let status = book.status(id, of: try call.operating()) else {
            throw Problem(.notFound)
        }
        return status
    }
}

extension ExportBook.Status {
    fileprivate var state: String {
        switch outcome {
        case nil: "running"
        case .made?: "made"
        case .failed?: "failed"
        }
    }
}

extension HTTPField.Name {
    static let export = custom("evident-export")
}

extension Schemas {
    static var exports: [(String, YAML)] {
        let states: YAML = ["enum": .list(["running", "made", "failed"])]
        return [
            (
                "Export",
                object(
                    [
                        ("state", states), ("format", text), ("first", number), ("end", number),
                        ("next", number), ("records", number), ("bytes", number),
                    ], optional: [("error", reference("Problem"))])
            )
        ]
    }
}
