// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import TransparencyLog

/// What one request for an export asks for.
struct ExportRequest: Sendable {
    let credential: Credential
    let selection: RecordSelection
    let format: ExportFormat
    let head: HeadChoice
    /// What the client has of the file from a request before.
    let beginning: MadeFile.Beginning?
    /// The client takes a file that no record of the log vouches for, where the log takes none.
    let isUnvouched: Bool

    static let parameters =
        QueryParameters.selection + [
            .query(
                "format", ["enum": .list(ExportFormat.allCases.map { .text($0.rawValue) })],
                required: true, "What is written for each record."),
            HeadChoice.parameter,
            .query(
                "resume_bytes", Schemas.number,
                "How much of the same file is there already: it is made again, compared, and not"
                    + " sent. Name to_index as the first answer's evident-tree-size."),
            .query(
                "resume_sha256", ["type": "string", "pattern": "^[0-9a-f]{64}$"],
                "The SHA-256 of these bytes."),
            .query(
                "unvouched", ["enum": ["true", "false"]],
                "true takes a file that the log does not vouch for, from a log that takes no"
                    + " records any more. Without it such a log refuses."),
        ]

    init(_ call: Call, _ search: RecordSearch) throws(Problem) {
        credential = try call.operating()
        selection = try RecordSelection(call.query, of: credential, redactor: search.redactor)
        guard let format = call.query["format"].flatMap(ExportFormat.init(rawValue:)) else {
            let names = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalidParameter("format", "Ask for one of \(names).")
        }
        self.format = format
        head = try HeadChoice(call.query)
        beginning = try Self.beginning(call.query)
        switch call.query["unvouched"] {
        case nil, "false": isUnvouched = false
        case "true": isUnvouched = true
        default: throw .invalidParameter("unvouched", "Say true or false.")
        }
    }

    private static func beginning(_ query: Query) throws(Problem) -> MadeFile.Beginning? {
        let bytes = try query.number("resume_bytes")
        guard let bytes else {
            guard query["resume_sha256"] == nil else {
                throw .invalidParameter("resume_bytes", "Say how many bytes that hash is of.")
            }
            return nil
        }
        guard let digest = query["resume_sha256"].flatMap({ Digest(hex: $0) }) else {
            throw .invalidParameter("resume_sha256", "Give the SHA-256 of these bytes, in hex.")
        }
        return MadeFile.Beginning(bytes: bytes, sha256: digest)
    }

    /// The indexes at which records are looked for, in a tree of this size.
    func range(_ size: UInt64) -> Range<UInt64> { selection.range.clamped(to: 0..<size) }

    /// What the log's records of this export have in common.
    func event(_ kind: AccessEvent.Kind, _ size: UInt64, _ access: AccessRecords) -> AccessEvent {
        var event = AccessEvent(kind)
        event.members = selection.members(treeSize: size, access)
        event.members += [
            ("format", .string(format.rawValue)), ("tree_size", .integer(size)),
        ]
        return event
    }
}
