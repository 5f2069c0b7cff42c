// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClient
import LogCrypto

/// What an exported file came to, as it is printed.
struct ExportOutcome: Encodable, Sendable {
    let file: String
    var verdict = "verified"
    var reason: String?
    var format: String?
    var formatVersion: String?
    var records: UInt64?
    var erasedRecords: UInt64?
    var erasedFields: UInt64?
    var first: UInt64?
    var end: UInt64?
    var query: String?
    var bytes: UInt64?
    var sha256: String?
    /// The index of the record that vouches for it.
    var vouchedBy: UInt64?
    var witnesses: [String]?
    var showsAll: Bool?
    /// The lines' leaves are those of the whole signed tree.
    var coversTree: Bool?

    init(_ file: String, _ failure: CommandFailure) {
        self.file = file
        verdict = failure.status == .tampered ? "tampered" : "unverifiable"
        reason = failure.message
    }

    /// A file that was not verified, for want of a key.
    init(_ file: String, bytes: UInt64) {
        self.file = file
        self.bytes = bytes
        verdict = "not_verified"
    }

    init(_ file: String, _ export: VerifiedExport) {
        let manifest = export.manifest
        self.file = file
        format = manifest.format
        formatVersion = manifest.formatVersion
        records = manifest.records
        erasedRecords = manifest.erasedRecords
        erasedFields = manifest.erasedFields
        first = manifest.range.lowerBound
        end = manifest.range.upperBound
        query = String(decoding: manifest.query.canonical, as: UTF8.self)
        bytes = manifest.bytes
        sha256 = manifest.sha256.hex
        vouchedBy = export.vouchedBy
        witnesses = export.witnesses
        showsAll = manifest.showsAll
        coversTree = export.coversTree
        if vouchedBy == nil {
            verdict = "not_vouched"
            reason =
                "nothing in the log vouches for it: the log took no records when it was made, and"
                + " whoever holds the file can have changed it with its manifest"
        }
    }

    // MARK: For people

    /// Lines for a terminal; what comes from a file cannot move its cursor.
    var lines: [String] {
        switch verdict {
        case "not_verified":
            [
                "\(file): \((bytes ?? 0).grouped) bytes, not verified: `evident verify export "
                    + "\(file) --vkey KEY`"
            ]
        case "verified":
            ["\(file): verified: \(what)"] + details
                + ["  recorded   as record \((vouchedBy ?? 0).grouped) of the log"]
        case "not_vouched": ["\(file): NOT VOUCHED FOR: \(what)", "  \(reason ?? "")"] + details
        default: ["\(file): \(reason ?? verdict)"]
        }
    }

    private var what: String {
        let noun = records == 1 ? "record" : "records"
        return "\((records ?? 0).grouped) \(noun) in \(ShownText.clean(format ?? "")) "
            + "\(ShownText.clean(formatVersion ?? "")), \((bytes ?? 0).grouped) bytes"
    }

    private var details: [String] {
        let range = "at \((first ?? 0).grouped) to before \((end ?? 0).grouped)"
        var lines = ["  asked for  " + ShownText.clean("\(query ?? "{}") \(range)")]
        if let erasedRecords, erasedRecords > 0 {
            lines.append("  erased     \(erasedRecords.grouped) records of that range")
        }
        if let erasedFields, erasedFields > 0 {
            lines.append("  erased     \(erasedFields.grouped) fields of the records shown")
        }
        if showsAll == true {
            lines.append("  complete   no index of that range was left out but what was erased")
        }
        if coversTree == true {
            lines.append("  tree       every leaf of the signed tree is in the file")
        }
        return lines
    }
}
