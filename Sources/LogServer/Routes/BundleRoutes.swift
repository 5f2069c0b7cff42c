// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import LogCrypto
import LogStorage
import Merkle
import TransparencyLog

/// Evidence to hand on: one record as a bundle, or many as a set, whole or in part.
///
/// That it was made is in the log before it is answered, with the hash of what was made.
struct BundleRoutes: Sendable {
    let log: Log
    let access: AccessRecords
    let search: RecordSearch
    let tokens: TokenStore
    let verifications: VerificationSlot
    let now: @Sendable () -> Timestamp
    /// Sets that are made at one time, all together and for one credential.
    private let slots = StreamSlots(limit: 8, perCredential: 2)

    private static let roles = Access.roles([.reader, .auditor])
    static let bundleType = "application/vnd.evident.bundle+json"
    static let setType = "application/vnd.evident.bundle-set"

    init(
        log: Log, access: AccessRecords, search: RecordSearch, tokens: TokenStore,
        verifications: VerificationSlot, now: @escaping @Sendable () -> Timestamp
    ) {
        self.log = log
        self.access = access
        self.search = search
        self.tokens = tokens
        self.verifications = verifications
        self.now = now
    }

    var routes: [Route] { [bundle, set] }

    // MARK: One record

    private var bundle: Route {
        Route(
            .get, "/v1/audit/{record}/bundle", access: Self.roles,
            Operation(
                "getBundle", "A record as evidence, whole or in part",
                "An evidence bundle of spec/receipt.md: fields that are not shown are there with"
                    + " name and digest. A reader also gets that of the record that tells of an"
                    + " erasure in its tenant. The head is the newest one that met the witness"
                    + " policy, where that covers the record. That it was made, and its SHA-256, are in the log"
                    + " before the answer.",
                parameters: [RecordFinder.parameter, FieldSelection.parameter],
                successes: [
                    Operation.Success(
                        status: 200, description: "The bundle.",
                        content: [(Self.bundleType, "EvidenceBundle")])
                ],
                problems: [
                    .invalidParameter, .notFound, .ambiguousID, .erased, .lost, .pruned, .corrupt,
                ] + AccessRecords.problems)
        ) { call in try await bundle(call) }
    }

    private func bundle(_ call: Call) async throws -> Response {
        let credential = try call.identified()
        let asked = try FieldSelection(call.query)
        let (index, allowed) = try await find(call, credential)
        let selection = asked.narrowed(to: allowed)
        guard let content = try await log.content(at: index) else {
            throw try await RecordFinder(log: log).absence(of: index)
        }
        let record = try await proven(index)
        let opened = try BundleSetRun.opened(
            index, record.leaf, content, log.keys.identity.origin)
        var json = JSONWriter(capacity: 2 * content.record.count + 4_096)
        json.bundle(
            opened, selection, inclusion: record.proof.hashes, checkpoint: record.checkpoint)
        var event = AccessEvent(.bundle)
        event.members = [("index", .integer(index))] + selection.members
        event.members.append(("sha256", .string(SHA256.hash(json.bytes).hex)))
        try await access.record(event, by: credential)
        var response = Response.uncached(ByteBuffer(bytes: json.bytes), type: Self.bundleType)
        response.headers[RecordRoutes.indexField] = String(index)
        return response
    }

    /// A record under the newest witnessed head that covers it, or else under the newest head.
    private func proven(_ index: UInt64) async throws -> SequencedRecord {
        let record = try await log.record(at: index)
        guard let head = log.witnessed, head.head.size > index else { return record }
        return try await log.record(record, under: head)
    }

    /// The record that is asked for, and what of it the credential may be shown.
    private func find(
        _ call: Call, _ credential: Credential
    ) async throws -> (index: UInt64, allowed: FieldSelection) {
        do {
            return (try await RecordFinder(log: log).find(call), .all)
        } catch let problem as Problem where problem.code == .notFound {
            guard let index = DecimalText.number(try call.parameter("record")),
                index < log.published.head.size,
                try await tellsOfErasure(index, in: credential.tenant)
            else { throw problem }
            return (index, .erasure)
        }
    }

    /// Whether a record of the log's own says what was erased or pruned in a tenant: it lists one
    /// tenant's records alone, or all that came before some index, whoever's they were.
    private func tellsOfErasure(_ index: UInt64, in scope: TenantScope) async throws -> Bool {
        guard try await log.credential(at: index)?.tenant == "_log",
            let content = try await log.content(at: index),
            let record = try? JSONValue.parse(content.record, limits: .disclosed),
            let type = record["type"]?.text, let details = record["details"],
            ["erasure.request", "retention.prune"].contains(type)
        else { return false }
        if type == "retention.prune" {
            return details["tenant"].map { $0.text.map(scope.covers) ?? false } ?? true
        }
        guard let erased = details["erased"]?.elements?.first?.elements?.first?.unsigned,
            erased < index, let owner = try await log.credential(at: erased)
        else { return false }
        return scope.covers(owner.tenant)
    }

    // MARK: Many records

    private var set: Route {
        Route(
            .get, "/v1/audit/bundles", access: Self.roles,
            Operation(
                "getBundleSet", "Many records as evidence in one file",
                "A bundle set of spec/bundle-set.md, written while it is made. The filters are"
                    + " those of GET /v1/audit. Whatever ends it early leaves a file that every"
                    + " verifier refuses, with a line that says why where the server could write"
                    + " one. That it was begun is in the log before the first line, and the"
                    + " SHA-256 of the whole in the record that the last line proves.",
                parameters: BundleSetRequest.parameters,
                successes: [
                    Operation.Success(
                        status: 200, description: "The set, line by line.",
                        content: [(Self.setType, nil)])
                ],
                problems: [
                    .invalidParameter, .corrupt, .tooManyStreams, .verificationRunning,
                ] + HeadChoice.problems + AccessRecords.problems)
        ) { call in try await open(call) }
    }

    private func open(_ call: Call) async throws -> Response {
        let request = try BundleSetRequest(call, search)
        // Its last line is a record that the log is yet to take.
        try log.refuseUnlessSequencing()
        let slot = try slots.enter(request.credential)
        let turn = request.reports.contains(.chain) ? try verifications.take() : nil
        let head = try await request.head.head(of: log)
        try await access.record(request.event(head.head.size, access), by: request.credential)
        let (tokens, headers) = (tokens, call.request.headers)
        let run = BundleSetRun(
            log: log, access: access, search: search, request: request, head: head,
            madeMS: UInt64(max(0, now().microseconds / 1_000)),
            isAllowed: {
                RouteTable.credential(Self.roles, headers, tokens) == request.credential
            })
        var fields: HTTPFields = [.cacheControl: "no-store", .contentType: Self.setType]
        fields[.accelBuffering] = "no"
        return Response(
            status: .ok, headers: fields,
            body: ResponseBody { writer in
                defer { withExtendedLifetime((slot, turn)) {} }
                try await run.write(to: &writer)
            })
    }
}
