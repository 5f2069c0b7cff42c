// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import LogCrypto
import LogStorage
import Merkle
import SignedNote
import TransparencyLog

/// What the server says of itself: keys and limits, health, and this interface's description.
struct LogRoutes: Sendable {
    let log: Log
    let limits: RecordLimits
    let connections: ConnectionLimits
    let mirror: @Sendable () -> MirrorHealth?
    let sink: @Sendable () -> SinkHealth?
    let forks: ForkReports

    func routes(document: ByteBuffer) -> [Route] {
        [description, healthy, ready, openAPI(document)]
    }

    private var description: Route {
        Route(
            .get, "/v1/log", access: .anyone,
            Operation(
                "getLog", "The log's name, keys, limits and policy",
                "A verifier that pins keys takes them from elsewhere: nothing that a server says"
                    + " of itself proves who it is.",
                successes: [.json("Log", "The log.")])
        ) { [self] _ in .json(describe(), public: true) }
    }

    private func describe() -> JSONWriter {
        let (identity, signer) = (log.keys.identity, log.keys.signer)
        var json = JSONWriter(capacity: 2_048)
        json.open()
        json.member("origin", identity.origin.text)
        json.member("vkey", signer.verifierKey.vkey)
        json.member("log_id", signer.logID.base64)
        json.name("keys")
        json.openArray()
        json.open()
        json.member("alg", "ed25519")
        json.member("vkey", signer.verifierKey.vkey)
        json.close()
        json.ecdsaKey("ecdsa-p256", signer.spki)
        json.ecdsaKey("es256-receipt", log.keys.receiptSigner.key.spki)
        json.closeArray()
        json.member("granularity_ms", identity.granularityMS)
        json.member("publish_interval_ms", 0)
        json.member("first_content_index", log.firstContentIndex)
        json.member("state", Self.state(log.mode))
        describeWitnesses(&json)
        describeLimits(&json)
        durability(&json)
        fips(&json)
        json.close()
        return json
    }

    private static func state(_ mode: LogMode) -> String {
        switch mode {
        case .sequencing: "live"
        case .frozen: "frozen"
        case .evidence: "evidence"
        }
    }

    private func describeWitnesses(_ json: inout JSONWriter) {
        json.name("witnesses")
        json.openArray()
        for witness in log.witnessSettings?.policy.witnesses ?? [] {
            json.open()
            json.member("name", witness.key.name)
            json.member("vkey", witness.key.vkey)
            if let url = witness.url { json.member("url", url) }
            json.close()
        }
        json.closeArray()
        guard let settings = log.witnessSettings else { return }
        json.name("witness_policy")
        json.open()
        json.member("policy", String(decoding: settings.policy.serialized, as: UTF8.self))
        json.member("fewest", UInt64(settings.policy.fewest))
        json.member("on_failure", settings.onFailure.rawValue)
        json.member("interval_ms", settings.intervalMS)
        json.member("wait_ms", settings.waitMS)
        json.close()
    }

    private func describeLimits(_ json: inout JSONWriter) {
        json.name("limits")
        json.open()
        json.member("record_bytes", UInt64(limits.record.byteCount))
        json.member("batch_items", UInt64(limits.itemCount))
        json.member("batch_bytes", UInt64(limits.batchByteCount))
        json.member("head_bytes", UInt64(connections.headBytes))
        json.member("head_fields", UInt64(connections.headFields))
        json.close()
    }

    private func durability(_ json: inout JSONWriter) {
        json.name("durability")
        json.open()
        switch log.durability {
        case .durable: json.member("durable", true)
        case .notDurable(let reason):
            json.member("durable", false)
            json.member("reason", reason)
        }
        json.close()
    }

    private func fips(_ json: inout JSONWriter) {
        let status = CryptoProvider.fipsStatus()
        json.name("fips")
        json.open()
        json.member("active", status.isActive)
        json.member("ed25519", status.servesEd25519)
        json.close()
    }

    private var healthy: Route {
        Route(
            .get, "/healthz", access: .anyone,
            Operation(
                "getHealth", "Whether the server answers",
                successes: [.text("It does.")])
        ) { _ in .uncached(ByteBuffer(string: "ok\n"), type: MediaTypes.text, public: true) }
    }

    private var ready: Route {
        Route(
            .get, "/readyz", access: .anyone,
            Operation(
                "getReadiness", "Whether the log takes records",
                "Ages are milliseconds. Reads only: nothing is appended.",
                successes: [
                    .json("Readiness", "It does."),
                    .json("Readiness", "It does not, for the reason given.", status: 503),
                ])
        ) { [log, mirror, sink, forks] _ in
            let health = log.health
            var json = JSONWriter(capacity: 384)
            json.health(health, mirror: mirror(), sink: sink(), forks: forks)
            return .json(
                json, status: health.isReady ? .ok : .serviceUnavailable, public: true)
        }
    }

    private func openAPI(_ document: ByteBuffer) -> Route {
        Route(
            .get, "/openapi.yaml", access: .anyone,
            Operation(
                "getOpenAPI", "This document",
                successes: [
                    Operation.Success(
                        status: 200, description: "OpenAPI 3.1.", content: [(MediaTypes.yaml, nil)])
                ])
        ) { _ in .uncached(document, type: MediaTypes.yaml, public: true) }
    }
}

extension JSONWriter {
    /// The state of a log.
    ///
    /// Ages are taken at the same moment.
    ///
    /// - Parameter withDetail: adds the text that is for the operator alone.
    mutating func health(
        _ health: LogHealth, mirror: MirrorHealth? = nil, sink: SinkHealth? = nil,
        forks: ForkReports? = nil, withDetail: Bool = false
    ) {
        let age = { (time: UInt64) in health.nowMS > time ? health.nowMS - time : 0 }
        open()
        member("ready", health.isReady)
        member("size", health.size)
        member("head_age_ms", age(health.publishedAtMS))
        member("last_commit_age_ms", age(health.lastCommitMS))
        member("queued_records", UInt64(health.queuedRecords))
        switch health.mode {
        case .sequencing: break
        case .frozen: member("reason", "frozen")
        case .evidence(let finding):
            member("reason", "evidence_only")
            member("detail", "only looked at, nothing is signed: \(finding)")
        }
        if health.mode != .sequencing {
            // Said above.
        } else if health.isContradicted {
            member("reason", "rollback_suspected")
        } else if health.stopReason != nil {
            member("reason", "sequencing_stopped")
        } else if health.clockDifferenceMS != nil {
            member("reason", "clock_disagrees")
        } else if health.lacksWitnesses {
            member("reason", "witnesses_unavailable")
        }
        if withDetail, let reason = health.stopReason { member("detail", reason) }
        if let alarm = forks?.alarm {
            member("forks_proven", UInt64(alarm.count))
            member("first_fork", alarm.first.hex)
        }
        if let mirror {
            name("mirror")
            open()
            member("size", mirror.size)
            member("failing", mirror.isFailing)
            close()
        }
        if let sink {
            name("sink")
            open()
            member("size", sink.size)
            member("failing", sink.trouble != nil)
            if let trouble = sink.trouble { member("reason", trouble.rawValue) }
            close()
        }
        if let witnesses = health.witnesses { self.witnesses(witnesses, age) }
        close()
    }

    private mutating func witnesses(_ health: WitnessHealth, _ age: (UInt64) -> UInt64) {
        name("witnessed")
        open()
        member("met", !health.isOverdue)
        if let size = health.size { member("size", size) }
        if let time = health.witnessedAtMS { member("age_ms", age(time)) }
        name("witnesses")
        openArray()
        for witness in health.witnesses {
            open()
            member("name", witness.name)
            if let time = witness.lastCosignedMS { member("cosigned_age_ms", age(time)) }
            if let failure = witness.failure { member("failure", "\(failure)") }
            close()
        }
        closeArray()
        close()
    }

    /// A P-256 key as SubjectPublicKeyInfo and as JWK.
    fileprivate mutating func ecdsaKey(_ name: String, _ spki: [UInt8]) {
        // The DER form ends in the uncompressed point: 0x04, x, y.
        let point = spki.suffix(64)
        open()
        member("alg", name)
        member("spki", Base64.encode(spki))
        self.name("jwk")
        open()
        member("kty", "EC")
        member("crv", "P-256")
        member("x", Base64.encodeURL(point.prefix(32)))
        member("y", Base64.encodeURL(point.suffix(32)))
        close()
        close()
    }
}
