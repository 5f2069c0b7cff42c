// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import LogCrypto
import LogStorage
import Merkle
import TransparencyLog

/// Where operators' acts are carried out, one at a time, or wait for a second operator.
struct ActDesk: Sendable {
    let surroundings: ActSurroundings
    let approvals: ApprovalBook
    let now: @Sendable () -> Timestamp

    private var retention: RetentionSettings { surroundings.retention }

    /// Plans an act, and carries it out, or has it wait.
    func submit(
        _ act: any OperatorAct, isDryRun: Bool, by credential: Credential
    ) async throws -> Response {
        if isDryRun { return .json(try await act.plan().answer(nil)) }
        // No hold is placed between the look for holds and the act.
        return try await surroundings.holds.withTurn {
            let plan = try await Self.allowed(act)
            guard retention.needsTwo, !plan.isEmpty else {
                let announced = try await plan.carryOut(
                    ActParties(credential: credential.name))
                return .json(plan.answer(announced))
            }
            let pending = try await request(act, plan, by: credential)
            var json = JSONWriter(capacity: 1_024)
            json.pending(pending)
            return .json(json, status: .accepted)
        }
    }

    /// Carries out an act without asking anybody: by a rule that stands.
    func carryOut(_ act: any OperatorAct, as name: String) async throws -> JSONWriter {
        try await surroundings.holds.withTurn {
            let plan = try await Self.allowed(act)
            return plan.answer(try await plan.carryOut(ActParties(credential: name)))
        }
    }

    private static func allowed(_ act: any OperatorAct) async throws -> PlannedAct {
        let plan = try await act.plan()
        guard plan.heldBy.isEmpty else {
            var problem = Problem(.held)
            problem.indexes = plan.heldBy
            throw problem
        }
        return plan
    }

    // MARK: Two operators

    /// Has an act wait.
    ///
    /// Order of effects: the record, then the request beside the log. A crash between the two leaves a
    /// request that nobody can agree to, which is asked for again.
    private func request(
        _ act: any OperatorAct, _ plan: PlannedAct, by credential: Credential
    ) async throws -> PendingAct {
        try await approvals.makeRoom(now())
        let expires = now().microseconds + Int64(retention.approvalMS) * 1_000
        guard let expires = Timestamp(microseconds: expires) else {
            throw Problem(.internalError)
        }
        var pending = PendingAct(
            kind: act.kind, id: SecureRandom.bytes(16).hexText, digest: plan.digest,
            credential: credential.name, reason: act.reason, expires: expires,
            request: act.request)
        let record = GovernanceRecord.approvalRequested(
            act: act.kind.rawValue, request: pending.id, digest: pending.digest.hex,
            credential: pending.credential, reason: pending.reason, expires: expires)
        pending.index = try await append(record)
        try await approvals.add(pending)
        return pending
    }

    /// Decides what waits: agrees and carries it out, or rejects it.
    func decide(
        _ index: UInt64, approves: Bool, reason: String, by credential: Credential
    ) async throws -> Response {
        try await surroundings.holds.withTurn {
            guard let pending = try await approvals[index], try await isRecorded(pending),
                try await !isDecided(pending)
            else { throw Problem(.notFound) }
            guard now() < pending.expires else {
                try await close(pending, "expired", "expired", by: nil)
                throw Problem(.notFound)
            }
            guard approves else {
                try await close(pending, "rejected", reason, by: credential)
                return Response(status: .noContent, headers: [.cacheControl: "no-store"])
            }
            guard pending.credential != credential.name else { throw Problem(.ownApproval) }
            return try await approve(pending, reason, by: credential)
        }
    }

    private func approve(
        _ pending: PendingAct, _ reason: String, by credential: Credential
    ) async throws -> Response {
        guard let act = surroundings.act(pending.kind, pending.request) else {
            throw Problem(.internalError)
        }
        let plan = try await Self.allowed(act)
        guard Digest.constantTimeEquals(plan.digest, pending.digest) else {
            try await close(pending, "rejected", "plan_changed", by: credential)
            throw Problem(.planChanged)
        }
        try await close(pending, "approved", reason, by: credential)
        let announced = try await plan.carryOut(
            ActParties(credential: pending.credential, approver: credential.name))
        return .json(plan.answer(announced))
    }

    /// Whether the log's own record tells of exactly this request: nobody adds one, or changes who
    /// asked, by a file.
    private func isRecorded(_ pending: PendingAct) async throws -> Bool {
        guard pending.index < surroundings.log.published.head.size,
            let content = try await surroundings.log.content(at: pending.index),
            let record = try? JSONValue.parse(content.record, limits: .disclosed),
            record["tenant"]?.text == "_log", record["type"]?.text == "approval.requested",
            let details = record["details"], let approval = record["approval"]
        else { return false }
        return details["act"]?.text == pending.kind.rawValue
            && details["digest"]?.text == pending.digest.hex
            && details["credential"]?.text == pending.credential
            && approval["request_id"]?.text == pending.id
            && approval["expires_at"]?.text == pending.expires.description
    }

    /// Whether the log tells of a decision, of which the file then knows nothing: a crash, or an older
    /// copy of it.
    private func isDecided(_ pending: PendingAct) async throws -> Bool {
        guard let reader = Credential.local else { throw Problem(.internalError) }
        let selection = try RecordSelection(
            Query(values: ["tenant": ["_log"], "type": ["approval.decided"]]), of: reader,
            redactor: nil)
        let size = surroundings.log.published.head.size
        var from: UInt64? = pending.index
        while let next = from, next < size {
            let page = try await surroundings.search.page(
                selection, order: .ascending, from: next, treeSize: size, limit: 1_000)
            for record in page.records {
                let value = try? JSONValue.parse(record.content.record, limits: .disclosed)
                if value?["approval"]?["bound"]?.unsigned == pending.index { return true }
            }
            from = page.next
        }
        return false
    }

    /// Records the decision, and forgets the request.
    private func close(
        _ pending: PendingAct, _ status: String, _ reason: String, by credential: Credential?
    ) async throws {
        _ = try await append(
            .approvalDecided(
                status, of: pending.index, request: pending.id, credential: credential?.name,
                reason: reason))
        try await approvals.remove(pending.index)
    }

    private func append(_ record: GovernanceRecord) async throws -> UInt64 {
        let submission = surroundings.settings.governance(of: record)
        guard case .accepted(let record)? = try await surroundings.log.submit([submission]).first
        else { throw Problem(.internalError) }
        return record.index
    }
}

extension [UInt8] {
    fileprivate var hexText: String { Hex.encode(self) }
}
