// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import LogClient
import LogCrypto
import Logging
import Merkle
import SignedNote
import TransparencyLog

/// Takes proof that this log forked, from anybody: it cannot be made without the log's own key.
struct ForkRoutes: Sendable {
    let log: Log
    let settings: SettingsInForce
    let reports: ForkReports

    /// Bytes of files that all reporters hold together.
    private static let budget = BodyBudget(limit: 2 << 20)
    private static let types = [MediaTypes.fork, MediaTypes.json]

    var routes: [Route] { [report] }

    private var report: Route {
        Route(
            .post, "/v1/fork-evidence", access: .anyone,
            Operation(
                "reportFork", "Report evidence that this log forked",
                "The file is checked as spec/fork-evidence.md says. Evidence that proves a fork"
                    + " becomes a record, once for each pair of heads, and an alarm.",
                body: Self.types.map { ($0, "ForkEvidence") },
                successes: [
                    .json("ForkReport", "It was known already.", status: 200),
                    .json("ForkReport", "It is in the log now.", status: 201),
                ],
                problems: [
                    .unsupportedMediaType, .tooManyBodies, .forkNotProven, .tooManyReports,
                ] + AccessRecords.problems)
        ) { call in try await take(call) }
    }

    private func take(_ call: Call) async throws -> Response {
        let type = call.request.headers[values: .contentType]
        guard type.count == 1, Self.types.contains(type[0]) else {
            throw Problem(.unsupportedMediaType)
        }
        guard reports.mayCheck() else { throw Problem(.tooManyReports) }
        let (evidence, fork) = try await Self.budget.withBody(
            of: call, limit: ForkEvidence.byteLimit
        ) { (body) throws -> (ForkEvidence, ProvenFork) in
            do {
                let evidence = try ForkEvidence(parsing: Array(body.readableBytesView))
                return (evidence, try evidence.verify(by: try pinned()))
            } catch {
                throw Problem(.forkNotProven)
            }
        }
        return try await record(evidence, fork, call.context.logger)
    }

    /// The alarm first: a log that cannot write any more is told of its fork all the same.
    private func record(
        _ evidence: ForkEvidence, _ fork: ProvenFork, _ logger: Logger
    ) async throws -> Response {
        guard reports.mayRecord(fork.id) else { throw Problem(.tooManyReports) }
        if reports.remember(fork.id) {
            let heads = fork.checkpoints.map(\.checkpoint.head)
            logger.critical(
                "THIS LOG HAS FORKED: its key signed two heads that no single history has",
                metadata: [
                    "evidence": "\(fork.id.hex)", "sizes": "\(heads.map(\.size))",
                    "roots": "\(heads.map(\.root.base64))",
                ])
        }
        let submission = settings.current.submissions.governance(
            try .forkReported(evidence, fork), key: "fork/\(fork.id.hex)")
        guard let outcome = try await log.submit([submission]).first else {
            throw Problem(.internalError)
        }
        let (index, isNew) =
            switch outcome {
            case .accepted(let record): (record.index, true)
            case .replayed(let record, _): (record.index, false)
            case .conflict(let index): (index, false)
            }
        var json = JSONWriter(capacity: 128)
        json.open()
        json.member("id", fork.id.hex)
        json.member("index", index)
        json.close()
        return .json(json, status: isNew ? .created : .ok, public: true)
    }

    private func pinned() throws -> PinnedLog {
        let signer = log.keys.signer
        return try PinnedLog(keys: [signer.verifierKey, signer.treeHeadKey])
    }
}

extension GovernanceRecord {
    /// Somebody has shown that this log signed two heads that no single history has.
    ///
    /// The record holds the whole proof, with the log's own signatures alone.
    static func forkReported(_ evidence: ForkEvidence, _ fork: ProvenFork) throws
        -> GovernanceRecord
    {
        GovernanceRecord(
            type: "log.fork_reported",
            details: [
                "evidence": try .parse(evidence.withOwnLines(of: fork).json, limits: .record),
                "id": .string(fork.id.hex),
            ])
    }
}

extension Schemas {
    static var forks: [(String, YAML)] {
        let base64: YAML = ["type": "string", "contentEncoding": "base64"]
        let tree = object([
            ("checkpoint", text), ("nodes", ["type": "array", "maxItems": 65, "items": base64]),
        ])
        return [
            (
                "ForkEvidence",
                object([
                    ("fork", ["const": "evident/v1"]), ("size", number),
                    ("trees", ["type": "array", "minItems": 2, "maxItems": 2, "items": tree]),
                ])
            ),
            ("ForkReport", object([("id", hex), ("index", number)])),
        ]
    }
}
