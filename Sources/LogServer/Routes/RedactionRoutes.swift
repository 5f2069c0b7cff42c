// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird

/// What redaction would take out of a record, without storing or showing what was found.
struct RedactionRoutes: Sendable {
    /// The redactor that records pass; nil on a log that has none.
    let redactor: Redactor?
    let limits: RecordLimits

    /// Bytes of bodies that all previews hold together.
    private static let budget = BodyBudget(limit: 16 << 20)

    var routes: [Route] { [preview] }

    private var preview: Route {
        Route(
            .post, "/v1/redaction/preview", access: .roles([.auditor]),
            Operation(
                "previewRedaction", "What redaction would change in a record",
                "Rules and places, never what was found. Nothing is stored, logged or counted.",
                parameters: [
                    .query(
                        "tenant", Schemas.text, "The tenant whose additions apply; none without it."
                    )
                ],
                body: [("application/json", "Record")],
                successes: [.json("RedactionPreview", "What would change.")],
                problems: [
                    .invalidParameter, .unsupportedMediaType, .tooManyBodies,
                    .record(.invalidJSON), .record(.oversize),
                ])
        ) { call in try await preview(call) }
    }

    private func preview(_ call: Call) async throws -> Response {
        guard call.request.headers[values: .contentType] == [MediaTypes.json] else {
            throw Problem(.unsupportedMediaType)
        }
        let tenant = call.query["tenant"] ?? ""
        guard tenant.isEmpty || TenantGrant.isValid(tenant: tenant) else {
            throw Problem.invalidParameter("tenant")
        }
        let preview = try await Self.budget.withBody(of: call, limit: limits.record.byteCount) {
            (body) throws -> RedactionPreview? in
            do throws(RecordError) {
                return try redactor?.preview(
                    Array(body.readableBytesView), tenant: tenant, limits: limits.record)
            } catch {
                throw Problem(error)
            }
        }
        return .json(answer(preview))
    }

    private func answer(_ preview: RedactionPreview?) -> JSONWriter {
        let findings = preview?.findings ?? []
        var json = JSONWriter(capacity: 256 + 64 * findings.count)
        json.open()
        json.member("changed", !findings.isEmpty)
        json.name("findings")
        json.openArray()
        for finding in findings {
            json.open()
            json.member("path", finding.path)
            json.member("rule", finding.rule)
            json.member("count", UInt64(finding.count))
            json.close()
        }
        json.closeArray()
        if let identity = redactor?.identity {
            json.name("policy")
            json.open()
            json.member("id", identity.id)
            json.member("version", UInt64(identity.version))
            json.member("digest", identity.digest)
            json.close()
        }
        json.close()
        return json
    }
}

extension Schemas {
    static var redactions: [(String, YAML)] {
        let finding = object([("path", text), ("rule", text), ("count", number)])
        let policy = object([("id", text), ("version", number), ("digest", hex)])
        return [
            (
                "RedactionPreview",
                object(
                    [("changed", truth), ("findings", ["type": "array", "items": finding])],
                    optional: [("policy", policy)])
            )
        ]
    }
}
