// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird

/// What redaction would take out of a record, without storing or showing what was found.
struct RedactionRoutes: Sendable {
    let settings: SettingsInForce
    let limits: JSONLimits

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
        // The findings and the policy that is named beside them are of one policy.
        let redactor = settings.current.settings.redactor
        let preview = try await Self.budget.withBody(of: call, limit: limits.byteCount) {
            (body) throws -> RedactionPreview? in
            do throws(RecordError) {
                return try redactor?.preview(
                    Array(body.readableBytesView), tenant: tenant, limits: limits)
            } catch {
                throw Problem(error)
            }
        }
        return .json(Self.answer(preview, by: redactor?.identity))
    }

    private static func answer(
        _ preview: RedactionPreview?, by policy: RedactionPolicyIdentity?
    ) -> JSONWriter {
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
        if let policy {
            json.name("policy")
            json.policy(policy)
        }
        json.close()
        return json
    }
}

extension JSONWriter {
    /// Which redaction policy it is.
    mutating func policy(_ policy: RedactionPolicyIdentity) {
        open()
        member("id", policy.id)
        member("version", UInt64(policy.version))
        member("digest", policy.digest)
        close()
    }
}

extension Schemas {
    /// Which redaction policy it is.
    static let policy = object([("id", text), ("version", number), ("digest", hex)])

    static var redactions: [(String, YAML)] {
        let finding = object([("path", text), ("rule", text), ("count", number)])
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
