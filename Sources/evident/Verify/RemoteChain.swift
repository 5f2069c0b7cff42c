// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import LogClient
import LogClientHTTP
import Merkle
import SignedNote
import TransparencyLog

/// Verifies a log at an address: by its server with an auditor's token, else what is public.
struct RemoteChain {
    let url: String
    let tokenFile: String?
    let vkeys: [String]
    let policy: WitnessPolicy
    let kept: [UInt8]?
    let from: UInt64
    let end: UInt64?
    let isDeep: Bool

    func verify() async throws -> ChainOutcome {
        let arguments = tokenFile.map { ["--token-file", $0] } ?? []
        let token = try ServerOptions.parse(arguments).token()
        return try await ServerOptions.translating {
            try await LogEndpoint.withClient { client in
                let endpoint = try LogEndpoint(url: url, client: client, token: token)
                return token == nil
                    ? .local(
                        try await verifyPublic(HTTPLogSource(endpoint: endpoint)), coreSeconds: nil)
                    : .remote(try await ask(endpoint))
            }
        }
    }

    // MARK: By the server

    private func ask(_ endpoint: LogEndpoint) async throws -> JSONValue {
        let bar = ProgressBar("entries", total: 0)
        defer { bar.finish() }
        var report: JSONValue?
        try await endpoint.lines(posting: request.canonical, to: "/v1/audit/verify") { line in
            let value = try JSONValue.parse(line, limits: JSONLimits(byteCount: 1 << 20))
            if let done = value["progress"]?["done"]?.unsigned,
                let total = value["progress"]?["total"]?.unsigned
            {
                bar.move(to: done, of: total)
            }
            if let error = value["error"] {
                throw CommandFailure(
                    .inputOutput,
                    "the server ended the verification: "
                        + (error["detail"]?.text ?? error["code"]?.text ?? "for no reason given"))
            }
            report = value["report"] ?? report
        }
        guard let report else {
            throw CommandFailure(.inputOutput, "the server ended without a report")
        }
        return report
    }

    private var request: JSONValue {
        var members: [JSONValue.Member] = [
            .init("deep", .bool(isDeep)), .init("from", .integer(from)),
        ]
        if let end { members.append(.init("to", .integer(end))) }
        if let kept {
            members.append(.init("checkpoint", .string(String(decoding: kept, as: UTF8.self))))
        }
        return .object(members)
    }

    // MARK: By what is public

    private func verifyPublic(_ source: any LogSource) async throws -> VerificationReport {
        guard !vkeys.isEmpty else {
            throw CommandFailure.usage(
                "an address needs an auditor's token, or a verifier key: --vkey KEY")
        }
        let pinned = try ReceiptCheck.pin(vkeys, policy: policy)
        let began = ContinuousClock.now
        let bar = ProgressBar("entries", total: 0)
        defer { bar.finish() }
        var notChecked = [
            "the chain and the payloads, for an address without a token shows neither"
        ]
        if policy.fewest == 0 { notChecked.append("witnesses, for none was given") }
        do {
            let verified = try await LogVerifier(pinned, source: source).verify { done, total in
                bar.move(to: done, of: total)
            }
            let head = verified.checkpoint.checkpoint.head
            let given = try kept.map { try pinned.open($0).checkpoint.head }
            if given == nil {
                notChecked.insert("a checkpoint kept elsewhere, for none was given", at: 0)
            }
            let finding = try await compare(given, with: head, source)
            return VerificationReport(
                origin: pinned.origin.text, findings: [finding].compactMap(\.self), head: head,
                checked: head.size,
                checkpoints: [.init("published", head, isMet: true)]
                    + (given.map { [.init("given", $0, isMet: finding == nil)] } ?? []),
                notChecked: notChecked, elapsed: ContinuousClock.now - began)
        } catch let error as VerifyError {
            return VerificationReport(
                origin: pinned.origin.text, findings: [VerificationFinding(error)],
                notChecked: notChecked, elapsed: ContinuousClock.now - began)
        }
    }

    /// The log must have grown from the head that was kept.
    private func compare(
        _ given: TreeHead?, with head: TreeHead, _ source: any LogSource
    ) async throws -> VerificationFinding? {
        guard let given else { return nil }
        guard given.size <= head.size else {
            return VerificationFinding(
                .checkpointRollback, head.size, "published head",
                "it covers \(head.size) entries, and a checkpoint of \(given.size) was shown before"
            )
        }
        do {
            _ = try await TileHashes(source, head: head).consistencyProof(from: given)
            return nil
        } catch VerifyError.consistency {
            return VerificationFinding(
                .fork, nil, "given head",
                "the published tree does not begin with the \(given.size) entries of the "
                    + "checkpoint that was kept")
        }
    }
}

extension VerificationFinding {
    /// What a verification of the public part found.
    init(_ error: VerifyError) {
        let (verdict, index): (VerificationVerdict, UInt64?) =
            switch error {
            case .checkpoint(NoteError.invalidSignature(_, _)): (.checkpointSignatureInvalid, nil)
            case .leafHashMismatch(let index), .malformedLeaf(let index): (.rootMismatch, index)
            case .timeRunsBackwards(let index): (.linkBroken, index)
            case .tileMismatch, .malformedTile: (.derivedColumnMismatch, nil)
            case .rootMismatch, .inclusion, .commitmentMismatch: (.rootMismatch, nil)
            case .consistency: (.fork, nil)
            case .leafAfterTreeHead, .leafAfterCosignature: (.linkBroken, nil)
            case .checkpoint, .coseReceipt, .noCheckpoint, .quorumNotMet, .fields, .missingTile,
                .falseErasure:
                (.unverifiable(keyID: "published head"), nil)
            }
        self.init(verdict, index, "published log", "\(error)")
    }
}
