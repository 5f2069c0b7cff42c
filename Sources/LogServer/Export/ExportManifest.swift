// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import LogCrypto
import Merkle

/// What is said of an export's file, and vouched for: the first line of `spec/export.md`.
struct ExportManifest {
    /// What the file holds.
    struct Counts: Sendable {
        var records: UInt64 = 0
        /// Fields of these records that were erased before.
        var erasedFields: UInt64 = 0
        var bytes: UInt64 = 0
    }

    let format: ExportFormat
    let madeMS: UInt64
    /// The filters as canonical JSON.
    let query: [UInt8]
    let range: Range<UInt64>
    let counts: Counts
    /// Records of the range of which nothing was left; nil where the log cannot tell.
    let erasedRecords: UInt64?
    let sha256: Digest
    let chain: (before: Digest, last: Digest)
    let policies: LogPolicies
    let begun: UInt64?
    let head: TreeHead
    let checkpoint: String

    var line: [UInt8] {
        var json = JSONWriter(capacity: 4_096)
        json.open()
        json.member("export", "evident/v1")
        json.member("format", format.rawValue)
        json.member("format_version", format.version)
        json.member("made_ms", madeMS)
        json.name("query")
        json.raw(query)
        json.member("first", range.lowerBound)
        json.member("end", range.upperBound)
        json.member("records", counts.records)
        json.name("erased")
        json.open()
        json.member("fields", counts.erasedFields)
        if let erasedRecords { json.member("records", erasedRecords) }
        json.close()
        json.member("bytes", counts.bytes)
        json.member("sha256", hex: sha256)
        json.name("chain")
        json.open()
        json.member("before", hex: chain.before)
        json.member("last", hex: chain.last)
        json.close()
        json.name("policies")
        json.raw(policies.canonical)
        if let begun { json.member("begun", begun) }
        json.member("tree_size", head.size)
        json.member("root", head.root.base64)
        json.member("checkpoint", checkpoint)
        json.close()
        json.newline()
        return json.bytes
    }
}
