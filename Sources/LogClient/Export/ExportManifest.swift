// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import LogCrypto
import Merkle

/// What a log says of a file that it exported.
///
/// Claims, until ``ExportVerifier`` has found them in the log's tree.
public struct ExportManifest: Sendable {
    /// The form of the file, such as `ndjson` or `ocsf`.
    public let format: String
    /// The version of that form.
    public let formatVersion: String
    /// The log's clock when the export was begun, in milliseconds since 1970.
    public let madeMS: UInt64
    /// The filters that were asked for, by name; empty if there were none.
    public let query: JSONValue
    /// The indexes at which records were looked for.
    public let range: Range<UInt64>
    /// How many records the file holds.
    public let records: UInt64
    /// How many fields of these were erased before.
    public let erasedFields: UInt64
    /// How many records of the range were erased as a whole; nil if the log could not tell.
    public let erasedRecords: UInt64?
    /// How long the file is.
    public let bytes: UInt64
    /// The file's hash.
    public let sha256: Digest
    /// The MAC of the leaf before the range, or the chain's genesis.
    public let chainBefore: Digest
    /// The MAC of the range's last leaf; ``chainBefore`` in an empty range.
    public let chainLast: Digest
    /// What the log went by: its redaction policy and how it tells of reading.
    public let policies: JSONValue
    /// The index of the record that the export was begun; nil if the log took none.
    public let begun: UInt64?
    /// The signed note of the checkpoint of the tree that was read.
    public let checkpoint: String

    let head: TreeHead

    /// Whether nothing but a range of indexes was asked for.
    public var isUnfiltered: Bool {
        query.members?.allSatisfy { ["from_index", "to_index"].contains($0.name) } ?? false
    }

    /// Whether nothing was left out between the first and the last index: all that are not in the
    /// file were erased.
    public var showsAll: Bool {
        isUnfiltered && UInt64(range.count) - records == erasedRecords ?? 0
    }

    init(_ value: JSONValue) throws(ProofFileError) {
        let members = try MemberReader(
            value, at: "",
            required: [
                "export", "format", "format_version", "made_ms", "query", "first", "end",
                "records", "erased", "bytes", "sha256", "chain", "policies", "tree_size", "root",
                "checkpoint",
            ], optional: ["begun"])
        try members.require("export", is: "evident/v1")
        format = try members.text("format")
        formatVersion = try members.text("format_version")
        madeMS = try members.number("made_ms")
        query = try members.value("query") { $0.members == nil ? nil : $0 }
        let (first, end) = (try members.number("first"), try members.number("end"))
        guard first <= end else { throw .malformed("end") }
        range = first..<end
        records = try members.number("records")
        guard records <= UInt64(range.count) else { throw .malformed("records") }
        bytes = try members.number("bytes")
        sha256 = try members.digest("sha256")
        policies = try members.value("policies") { $0.members == nil ? nil : $0 }
        begun = value["begun"] == nil ? nil : try members.number("begun")
        checkpoint = try members.text("checkpoint")
        head = TreeHead(
            size: try members.number("tree_size"),
            root: try members.value("root") { $0.text.flatMap { Digest(base64: $0) } })
        let erased = try MemberReader(
            try members.value("erased") { $0 }, at: "erased", required: ["fields"],
            optional: ["records"])
        erasedFields = try erased.number("fields")
        erasedRecords =
            value["erased"]?["records"] == nil ? nil : try erased.number("records")
        guard erasedRecords ?? 0 <= UInt64(range.count) - records else {
            throw .malformed("erased.records")
        }
        let chain = try MemberReader(
            try members.value("chain") { $0 }, at: "chain", required: ["before", "last"])
        chainBefore = try chain.digest("before")
        chainLast = try chain.digest("last")
    }
}

/// An export's file that was verified, and what that proves.
///
/// The log vouches for the manifest and so for the file: what stands in a record is its word, made
/// permanent. To prove a record's fields against their commitment, ask for a bundle of it.
public struct VerifiedExport: Sendable {
    /// What the log says of the file.
    public let manifest: ExportManifest
    /// The names of the pinned witnesses that cosigned the tree, sorted.
    public let witnesses: [String]
    /// The index of the log's own record of the manifest; nil where nothing in the log vouches for
    /// it, so that nothing is proven.
    public let vouchedBy: UInt64?
    /// The lines' leaves are those of the whole signed tree, each one.
    public let coversTree: Bool
}
