// SPDX-License-Identifier: Apache-2.0

/// Every key of `evident.yaml`, with what it means and who is trusted with it.
///
/// A key `queue.limit` is `EVIDENT_QUEUE_LIMIT` in the environment. Flags win over the environment,
/// the environment over the file, the file over these defaults.
enum ConfigurationKey: String, CaseIterable, Sendable {
    case listen
    case data
    case anchor
    case store
    case leafGranularity = "leaf.granularity"
    case queueLimit = "queue.limit"
    case queueBytes = "queue.bytes"
    case batchItems = "batch.items"
    case batchBytes = "batch.bytes"
    case recordBytes = "record.bytes"
    case recordFieldBytes = "record.field_bytes"
    case recordOversize = "record.oversize"
    case recordNumbersAsText = "record.numbers_as_text"
    case redaction
    case requestHeaderDeadline = "request.header_deadline"
    case requestBodyDeadline = "request.body_deadline"
    case requestIdleTimeout = "request.idle_timeout"
    case connectionsTotal = "connections.total"
    case connectionsPerAddress = "connections.per_address"
    case accessRecords = "access.records"
    case mirrorFolder = "mirror.folder"
    case mirrorInterval = "mirror.interval"
    case sinkDirectory = "sink.directory"
    case sinkInterval = "sink.interval"
    case sinkSegmentBytes = "sink.segment_bytes"
    case sinkSegmentAge = "sink.segment_age"
    case sinkFsync = "sink.fsync"
    case sinkOwnRecords = "sink.own_records"
    case sinkCompression = "sink.compression"
    case sinkCompressAfter = "sink.compress_after"
    case witnessPolicy = "witness.policy"
    case witnessOnFailure = "witness.on_failure"
    case witnessInterval = "witness.interval"
    case witnessTimeout = "witness.timeout"
    case witnessWait = "witness.wait"
    case witnessRefresh = "witness.refresh"
    case retentionRules = "retention.rules"
    case retentionProfile = "retention.profile"
    case retentionOverrideReason = "retention.override_reason"
    case retentionMode = "retention.mode"
    case retentionInterval = "retention.interval"
    case retentionRecords = "retention.records"
    case retentionRequireExport = "retention.require_export"
    case approvalTwoPerson = "approval.two_person"
    case approvalExpiry = "approval.expiry"
    case logLevel = "log.level"

    /// The parts between the dots.
    var components: [String] { rawValue.split(separator: ".").map(String.init) }

    /// The name of the variable that overrides the file.
    var environmentName: String {
        "EVIDENT_" + rawValue.uppercased().replacing(".", with: "_")
    }

    /// Whether a running server takes a new value when it reloads; any other waits for a restart.
    var isReloadable: Bool {
        switch self {
        case .redaction, .accessRecords, .logLevel: true
        default: false
        }
    }

    /// The value where nothing says otherwise; empty means that it follows from another key.
    var defaultText: String {
        switch self {
        case .listen: "127.0.0.1:6962"
        case .data: "./evident-data"
        case .anchor: ""
        case .store: "sqlite"
        case .leafGranularity: ""
        case .queueLimit: "16384"
        case .queueBytes: "256MiB"
        case .batchItems: "1000"
        case .batchBytes: "8MiB"
        case .recordBytes: "64KiB"
        case .recordFieldBytes: "16KiB"
        case .recordOversize: "refuse"
        case .recordNumbersAsText: "false"
        case .redaction: "standard"
        case .requestHeaderDeadline: "10s"
        case .requestBodyDeadline: "30s"
        case .requestIdleTimeout: "60s"
        case .connectionsTotal: "8192"
        case .connectionsPerAddress: "4096"
        case .accessRecords: "request"
        case .mirrorFolder: ""
        case .mirrorInterval: "1s"
        case .sinkDirectory: ""
        case .sinkInterval: "1s"
        case .sinkSegmentBytes: "100MiB"
        case .sinkSegmentAge: "24h"
        case .sinkFsync: "segment"
        case .sinkOwnRecords: "true"
        case .sinkCompression: "none"
        case .sinkCompressAfter: "1h"
        case .witnessPolicy: ""
        case .witnessOnFailure: "open"
        case .witnessInterval: "5s"
        case .witnessTimeout: "10s"
        case .witnessWait: "15s"
        case .witnessRefresh: "30m"
        case .retentionRules, .retentionProfile, .retentionOverrideReason: ""
        case .retentionMode: "manual"
        case .retentionInterval: "24h"
        case .retentionRecords: "100000"
        case .retentionRequireExport, .approvalTwoPerson: "false"
        case .approvalExpiry: "24h"
        case .logLevel: "info"
        }
    }

    /// What the key does, for the commented file; lines without the comment sign.
    var explanation: [String] {
        switch self {
        case .listen:
            [
                "Where HTTP is served. Anyone who reaches this address may read the public tree;",
                "records are read and written with a token only. There is no TLS here: put a proxy",
                "in front before you listen on more than this machine.",
            ]
        case .data:
            [
                "The folder of the log: keys, store, tokens. Whoever reads it can read every record",
                "and sign as the log. (This file lies in it, so that the key is of use elsewhere only.)",
            ]
        case .anchor:
            [
                "The file that remembers the newest signed head, DIR/anchor if left out. On another",
                "volume it catches a store that has been put back to an older state.",
            ]
        case .store:
            ["sqlite, or null: nothing is kept, nothing is durable; for measurements only."]
        case .leafGranularity:
            [
                "How finely the public sees when a record came, 1ms to 1h. Fixed by `evident init`",
                "and written in the log's first record; a value here must be the same.",
            ]
        case .queueLimit:
            ["Records that may wait for a commit; beyond it a producer is told to come back."]
        case .queueBytes:
            ["Bytes of memory that waiting records may take."]
        case .batchItems:
            ["Records in one request, 1 to 10000."]
        case .batchBytes:
            ["Bytes in one request."]
        case .recordBytes:
            ["Bytes in one record."]
        case .recordFieldBytes:
            ["Bytes in one top-level member of a record, after redaction."]
        case .recordOversize:
            [
                "What happens to a larger member: refuse the record, or truncate: a free-form value",
                "(arguments, result, usage, labels, details) gives way to its size and a digest.",
            ]
        case .recordNumbersAsText:
            [
                "true: a number in a free-form value that JSON programs do not agree on (beyond 2^53,",
                "more than 17 digits, NaN) is kept as text; false: the record is refused.",
            ]
        case .redaction:
            [
                "What is taken out of records before they are hashed or kept: standard, none, or the",
                "path of a policy. `evident redact` shows what a policy would do.",
            ]
        case .requestHeaderDeadline:
            ["How long a client may take to send a request's header."]
        case .requestBodyDeadline:
            ["How long a client may take to send a request's body, in all."]
        case .requestIdleTimeout:
            ["How long a connection may stay open with nothing to do."]
        case .connectionsTotal:
            ["Connections at one time."]
        case .connectionsPerAddress:
            ["Connections at one time from one address."]
        case .accessRecords:
            [
                "What the log records of those who read it: request (one record a request, a walk over",
                "pages counting once), page (one a page), or minute (one a credential and minute). While",
                "the log cannot record it, nothing can be read.",
            ]
        case .mirrorFolder:
            [
                "A folder that the public tree is written to as it grows, for any web server to serve:",
                "checkpoint, tiles and entry bundles, nothing of any record. None if left out.",
            ]
        case .mirrorInterval:
            ["How often what is new is written there."]
        case .sinkDirectory:
            [
                "A folder that every record is written to as a line of NDJSON, for log shippers: with",
                "content, readable by the log's own user. None if left out. See docs/sink.md.",
            ]
        case .sinkInterval:
            ["How often what is new is written there."]
        case .sinkSegmentBytes:
            ["A file of so many bytes is sealed, and the next one begun; none is ever deleted."]
        case .sinkSegmentAge:
            ["A file whose first record is so old is sealed, 1m to 365d (8760h)."]
        case .sinkFsync:
            ["When its bytes are put on stable storage: never, segment (at its end), or always."]
        case .sinkOwnRecords:
            ["false: of the log's own records only index, time and hashes are written there."]
        case .sinkCompression:
            ["none, or gzip: a sealed file becomes FILE.gz, read back before the plain one goes."]
        case .sinkCompressAfter:
            ["How long a sealed file stays plain, so that a shipper has read it, 0s to 8760h."]
        case .witnessPolicy:
            [
                "A file that names witnesses and how many of them must cosign (c2sp.org/tlog-policy);",
                "none are asked if left out. See docs/witnesses.md.",
            ]
        case .witnessOnFailure:
            [
                "While witnesses do not meet the policy: open goes on without them; closed gives",
                "receipts only under heads that they cosigned, and takes no records without them.",
            ]
        case .witnessInterval:
            ["The shortest time from one head that witnesses are asked to cosign to the next."]
        case .witnessTimeout:
            ["How long one request to a witness may take."]
        case .witnessWait:
            ["How long a submission with wait=witnessed waits for the cosignatures."]
        case .witnessRefresh:
            ["After how long a head that has not changed is cosigned again."]
        case .retentionRules:
            [
                "How long records are kept, for ever if left out. Rules are divided by ; and the first",
                "one that a record passes holds: tenant=acme type=tool.* keep=90d; keep=7y. Ages: 24h,",
                "90d, 26w, 7y, or forever. What goes is content; leaves and proofs stay.",
            ]
        case .retentionProfile:
            [
                "Frameworks whose shortest times hold: eu-ai-act, pci, hipaa, fedramp, with commas. A",
                "rule below them is an error. See docs/retention.md.",
            ]
        case .retentionOverrideReason:
            ["Why rules may be below a profile all the same, as a code; the log tells it."]
        case .retentionMode:
            [
                "manual: records go when an operator runs `evident retention run`; scheduled: at every",
                "interval too, as long as witnesses vouch for the time.",
            ]
        case .retentionInterval:
            ["The time from one scheduled run to the next."]
        case .retentionRecords:
            ["Records that one run takes at most."]
        case .retentionRequireExport:
            ["true: a prune takes only what an export that the log tells of holds."]
        case .approvalTwoPerson:
            [
                "true: what an operator erases, prunes, runs by the rules of retention, or releases from",
                "a hold waits until another operator agrees.",
            ]
        case .approvalExpiry:
            ["For how long it waits."]
        case .logLevel:
            [
                "trace, debug, info, notice, warning, error or critical. Records, tokens and query",
                "strings are never logged.",
            ]
        }
    }
}

extension ConfigurationKey {
    /// The commented file that `evident init` writes: every key, at its default, as a comment.
    static func commentedFile(granularity: String) -> String {
        var lines = [
            "# Settings of this log. Every line below is the default: take away the # to change it.",
            "# Each key can also be given as EVIDENT_… in the environment (queue.limit is",
            "# EVIDENT_QUEUE_LIMIT), and the most used ones as a flag of `evident serve`.",
            "# An unknown key or an empty value is an error. Durations: 250ms, 10s, 1h. Bytes:",
            "# 65536, 64KiB, 8MiB. `evident reload` has a running server take redaction,",
            "# access.records and log.level again; everything else waits for a restart.",
        ]
        var section: String?
        for key in allCases where key != .data {
            let parts = key.components
            if parts.count == 1 || parts[0] != section { lines.append("") }
            if parts.count > 1, parts[0] != section { lines.append("# \(parts[0]):") }
            section = parts.count > 1 ? parts[0] : nil
            let indent = parts.count > 1 ? "  " : ""
            lines += key.explanation.map { "#\(indent) \($0)" }
            let fallback = key == .leafGranularity ? granularity : key.defaultText
            let shown = fallback.isEmpty ? "(see above)" : fallback
            lines.append("#\(indent) \(parts[parts.count - 1]): \(shown)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
