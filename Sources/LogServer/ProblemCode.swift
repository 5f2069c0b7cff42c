// SPDX-License-Identifier: Apache-2.0

package import AuditRecords
package import TransparencyLog

/// Every way in which a request can fail, by the `code` that clients may rely on.
///
/// With ``row`` it is the one table from which error responses are made; `spec/openapi.yaml`
/// documents each line of it, and a test compares the two.
package enum ProblemCode: Hashable, Sendable, CaseIterable {
    case malformedRequest, invalidParameter, unknownParameter, invalidIdempotencyKey
    case invalidCursor
    case witnessesNotConfigured, invalidSize, invalidToken, reloadFailed
    case forkNotProven, tooManyReports
    case notAuthorized
    case notFound, beyondTree
    case methodNotAllowed
    case notAcceptable
    case requestTimeout, clientLeft
    case idempotencyConflict, ambiguousID
    case erased, lost, pruned
    case timeNotWitnessed, belowFloor, notExported
    case ownApproval, planChanged, tooManyPending
    case erasureUnfinished
    case backupRunning, backupFailed
    case held
    case exportChanged, exportUnfinished
    case bodyTooLarge
    case unsupportedMediaType, unsupportedContentEncoding
    case expectationFailed
    case tooManyConnectionsOfAddress, verificationRunning
    case headTooLarge
    case internalError, corrupt
    case tooManyConnections, overloaded, tooManyBodies, shuttingDown, sequencingStopped
    case tooManyStreams
    case clockDisagrees, storageFailed, notPublished, notWitnessed, witnessesUnavailable
    case storageFull
    case frozen, evidenceOnly
    /// A rule of the record format; its code is the rule's own.
    case record(RecordError.Code)

    package static var allCases: [ProblemCode] {
        [
            .malformedRequest, .invalidParameter, .unknownParameter, .invalidIdempotencyKey,
            .invalidCursor, .witnessesNotConfigured, .invalidSize, .invalidToken, .reloadFailed,
            .notAuthorized, .notFound, .beyondTree, .methodNotAllowed, .notAcceptable,
            .requestTimeout, .clientLeft, .idempotencyConflict, .ambiguousID,
            .held, .erased, .lost, .pruned, .timeNotWitnessed, .belowFloor, .notExported,
            .ownApproval, .planChanged, .tooManyPending, .exportChanged, .exportUnfinished,
            .bodyTooLarge, .unsupportedMediaType, .unsupportedContentEncoding,
            .expectationFailed, .tooManyConnectionsOfAddress,
            .forkNotProven, .tooManyReports,
            .verificationRunning, .headTooLarge, .internalError, .corrupt, .tooManyConnections,
            .overloaded, .tooManyBodies, .tooManyStreams, .shuttingDown, .sequencingStopped,
            .clockDisagrees, .storageFailed, .notPublished, .notWitnessed,
            .witnessesUnavailable, .storageFull, .frozen, .evidenceOnly, .erasureUnfinished,
            .backupRunning, .backupFailed,
        ] + RecordCodes.all
    }

    package init(_ code: LogError.Code) {
        self =
            switch code {
            case .overloaded: .overloaded
            case .shuttingDown: .shuttingDown
            case .sequencingStopped: .sequencingStopped
            case .clockDisagrees: .clockDisagrees
            case .storageFull: .storageFull
            case .frozen: .frozen
            case .evidenceOnly: .evidenceOnly
            case .storageFailed: .storageFailed
            case .notPublished: .notPublished
            case .beyondTree: .beyondTree
            case .corrupt: .corrupt
            case .erasureUnfinished: .erasureUnfinished
            case .backupRunning: .backupRunning
            }
    }
}

/// One line of the table.
package struct ProblemRow: Sendable {
    package let status: Int
    package let code: String
    package let title: String
    /// What to do about it.
    package let detail: String
    /// Seconds after which a retry makes sense; the header is drawn from this range, so that
    /// clients that failed together do not come back together.
    package let retryAfter: ClosedRange<Int>?

    init(
        _ status: Int, _ code: String, _ title: String, _ detail: String,
        retryAfter: ClosedRange<Int>? = nil
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.retryAfter = retryAfter
    }
}

extension ProblemCode {
    /// This code's line.
    package var row: ProblemRow {
        switch self {
        case .malformedRequest, .invalidParameter, .unknownParameter, .invalidIdempotencyKey,
            .invalidCursor, .witnessesNotConfigured, .invalidSize, .invalidToken, .reloadFailed,
            .forkNotProven:
            badRequest
        case .notAuthorized, .notFound, .beyondTree, .methodNotAllowed, .idempotencyConflict,
            .ambiguousID, .held, .erased, .lost, .pruned, .frozen, .exportChanged,
            .exportUnfinished:
            refused
        case .timeNotWitnessed, .belowFloor, .notExported, .ownApproval, .planChanged,
            .tooManyPending:
            withheld
        case .requestTimeout, .clientLeft, .bodyTooLarge, .notAcceptable,
            .unsupportedMediaType, .unsupportedContentEncoding, .expectationFailed, .headTooLarge:
            unreadable
        case .tooManyConnectionsOfAddress, .tooManyConnections, .overloaded, .tooManyBodies,
            .tooManyStreams, .verificationRunning, .tooManyReports, .shuttingDown, .backupRunning:
            busy
        case .internalError, .corrupt, .sequencingStopped, .clockDisagrees, .storageFailed,
            .notPublished, .notWitnessed, .witnessesUnavailable, .storageFull, .evidenceOnly,
            .erasureUnfinished, .backupFailed:
            failed
        case .record(let code):
            ProblemRow(
                Self.status(of: code), code.rawValue, "The record is not accepted",
                "Correct the record at the place given; nothing of it was stored.")
        }
    }

    private static func status(of code: RecordError.Code) -> Int {
        switch code {
        case .oversize, .tooManyItems: 413
        case .tenantMismatch, .reservedTenant: 403
        case .invalidJSON, .missingField, .invalidField, .unknownField, .stampedField,
            .unsupportedVersion, .tenantRequired, .emptyBatch:
            400
        }
    }

    private var badRequest: ProblemRow {
        switch self {
        case .invalidParameter:
            ProblemRow(
                400, "invalid_parameter", "A parameter has no valid value",
                "Give each parameter once, in the form that /openapi.yaml states.")
        case .unknownParameter:
            ProblemRow(
                400, "unknown_parameter", "There is no such parameter here",
                "Leave out every parameter that /openapi.yaml does not list for this path.")
        case .invalidIdempotencyKey:
            ProblemRow(
                400, "invalid_idempotency_key", "The Idempotency-Key is not valid",
                "Send one Idempotency-Key of 1 to 255 visible ASCII characters.")
        case .invalidCursor:
            ProblemRow(
                400, "invalid_cursor", "The cursor does not go on from this query",
                "Send it within a day, with the token, filters and order that it was made for, or"
                    + " leave it out and begin again.")
        case .witnessesNotConfigured:
            ProblemRow(
                400, "witnesses_not_configured", "This log has no witnesses",
                "Leave out wait=witnessed or head=witnessed; nothing was stored.")
        case .invalidSize:
            ProblemRow(
                400, "invalid_size", "Index and sizes do not go together",
                "An index is smaller than the tree's size; from is not larger than to.")
        case .invalidToken:
            ProblemRow(
                400, "invalid_token_request", "No such token can be made",
                "Give role, tenant and, if you like, name: a reader has one tenant, an auditor and"
                    + " an operator have *; a name is 1 to 64 of A-Z a-z 0-9 . _ -.")
        case .forkNotProven:
            ProblemRow(
                400, "fork_not_proven", "The file does not prove that this log forked",
                "Check it with `evident verify fork`; spec/fork-evidence.md says what it must be.")
        case .reloadFailed:
            ProblemRow(
                400, "reload_failed", "The settings could not be taken",
                "Correct what the server's log names, and reload again. Nothing has changed.")
        default:
            ProblemRow(
                400, "malformed_request", "This is not one well-formed HTTP/1.1 request",
                "Frame the request as RFC 9112 says, with one Host and one length.")
        }
    }

    private var refused: ProblemRow {
        switch self {
        case .notAuthorized:
            // 401 without a valid token, 403 with one: the body tells no difference.
            ProblemRow(
                403, "not_authorized", "This needs a token that allows it",
                "Send Authorization: Bearer with a token whose role and tenant allow this.")
        case .frozen:
            ProblemRow(
                403, "frozen", "The log was ended for good",
                "Submit to another log: this one's last record is written. Reads go on.")
        case .lost:
            ProblemRow(
                410, "lost", "The record was lost with a part of the store",
                "Its receipt and proof remain at /receipt and /proof.")
        case .beyondTree:
            ProblemRow(
                404, "beyond_tree", "The published tree does not reach that far",
                "Read /checkpoint for the published size, and ask for something below it.")
        case .methodNotAllowed:
            ProblemRow(
                405, "method_not_allowed", "The path has no such method",
                "Use a method that the Allow header lists.")
        case .idempotencyConflict:
            ProblemRow(
                409, "idempotency_conflict", "The key was used for other content",
                "Use a new id or Idempotency-Key for a new event. Nothing was stored.")
        case .ambiguousID:
            ProblemRow(
                409, "ambiguous_id", "Several records bear this id",
                "Ask for one of the indexes given.")
        case .held:
            ProblemRow(
                409, "held", "A legal hold keeps this from being destroyed",
                "The indexes given are of the holds: release them, or leave those records out."
                    + " Nothing was destroyed.")
        case .pruned:
            ProblemRow(
                410, "pruned", "The record was pruned when its time was over",
                "The index given is of the log's record that tells of it. Its receipt and proof"
                    + " remain at /receipt and /proof.")
        case .exportChanged:
            ProblemRow(
                409, "export_changed", "The file is no longer the one that was begun",
                "Records were erased, or a policy changed, since: begin the export anew.")
        case .exportUnfinished:
            ProblemRow(
                409, "export_unfinished", "The export still runs",
                "Ask for its manifest when the answer with the file has ended.")
        case .erased:
            ProblemRow(
                410, "erased", "The record has been erased",
                "Its receipt and proof remain at /receipt and /proof.")
        default:
            ProblemRow(
                404, "not_found", "There is nothing here for you",
                "Check the path, the id or index, and that your token may see it.")
        }
    }

    private var unreadable: ProblemRow {
        switch self {
        case .requestTimeout:
            ProblemRow(
                408, "request_timeout", "The request came too slowly",
                "Send the head within its deadline and the body within its own, then retry.")
        case .clientLeft:
            ProblemRow(
                400, "client_left", "The connection's other side ended before the answer",
                "Keep your side of the connection open until the answer has come.")
        case .notAcceptable:
            ProblemRow(
                406, "not_acceptable", "There is no such form of the answer",
                "Accept application/json, application/x-ndjson, text/csv,"
                    + " application/cloudevents-batch+json or application/ocsf+json, or give format."
            )
        case .unsupportedMediaType:
            ProblemRow(
                415, "unsupported_media_type", "The body's media type is not accepted",
                "Send Content-Type: application/json or application/x-ndjson, in UTF-8.")
        case .unsupportedContentEncoding:
            ProblemRow(
                415, "unsupported_content_encoding", "The body's encoding is not accepted",
                "Send the body without Content-Encoding.")
        case .expectationFailed:
            ProblemRow(
                417, "expectation_failed", "The expectation is not known here",
                "Expect nothing but 100-continue.")
        case .headTooLarge:
            ProblemRow(
                431, "head_too_large", "The request's head is too large",
                "Send at most 100 header fields and 16 KiB of them, the target included.")
        default:
            ProblemRow(
                413, "body_too_large", "The body is too large",
                "Divide the batch: /v1/log states how many bytes it may have.")
        }
    }

    private var busy: ProblemRow {
        switch self {
        case .tooManyConnectionsOfAddress:
            ProblemRow(
                429, "too_many_connections_of_address", "Your address has too many connections",
                "Close some, or reuse them; then retry.", retryAfter: 5...15)
        case .tooManyReports:
            ProblemRow(
                429, "too_many_reports", "Too much evidence arrives at one time",
                "Retry after the time given, and give it to the auditors too.",
                retryAfter: 30...90)
        case .verificationRunning:
            ProblemRow(
                429, "verification_running", "A verification runs already",
                "One runs at a time: retry after the time given, or use its report.",
                retryAfter: 5...15)
        case .backupRunning:
            ProblemRow(
                503, "backup_running", "A backup is being made",
                "Nothing was changed. What it copies must not go meanwhile: retry after the time"
                    + " given.", retryAfter: 5...15)
        case .tooManyConnections:
            ProblemRow(
                503, "too_many_connections", "The server has too many connections",
                "Retry after the time given.", retryAfter: 5...15)
        case .tooManyBodies:
            ProblemRow(
                503, "too_many_bodies", "The server holds too many request bodies",
                "Retry after the time given; nothing was stored.", retryAfter: 1...5)
        case .tooManyStreams:
            ProblemRow(
                503, "too_many_streams", "The server has too many streams",
                "Close one that you do not need, or retry after the time given.",
                retryAfter: 5...15)
        case .shuttingDown:
            ProblemRow(
                503, "shutting_down", "The log is shutting down",
                "Retry after the time given, with the same key.", retryAfter: 5...15)
        default:
            ProblemRow(
                503, "overloaded", "The log's queue is full",
                "Retry after the time given; nothing was stored.", retryAfter: 1...5)
        }
    }

    private var failed: ProblemRow {
        switch self {
        case .corrupt:
            ProblemRow(
                500, "corrupt", "Stored data does not prove what it must",
                "Tell the operator, who should run evident fsck. Nothing was answered from it.")
        case .sequencingStopped:
            ProblemRow(
                503, "sequencing_stopped", "The log takes no records until it is restarted",
                "Tell the operator, and retry later with the same key. Reads go on.",
                retryAfter: 30...90)
        case .evidenceOnly:
            ProblemRow(
                503, "evidence_only", "The log is only looked at",
                "It refused to start, and its operator shows what is left: the tree and its proofs,"
                    + " nothing signed anew. Retry later with the same key.", retryAfter: 30...90)
        case .clockDisagrees:
            ProblemRow(
                503, "clock_disagrees", "The server's clocks disagree",
                "Retry after the time given; nothing was stored.", retryAfter: 5...15)
        case .storageFailed:
            ProblemRow(
                503, "storage_failed", "The store failed",
                "Retry after the time given, with the same key, which settles what happened.",
                retryAfter: 5...15)
        case .notPublished:
            ProblemRow(
                503, "not_published", "The records are stored, but no head could be signed",
                "Retry with the same key: it collects the receipt.", retryAfter: 5...15)
        case .notWitnessed:
            ProblemRow(
                503, "not_witnessed", "Witnesses have not cosigned yet",
                "Retry; of what was submitted the same key collects the receipt, for it is stored.",
                retryAfter: 5...15)
        case .witnessesUnavailable:
            ProblemRow(
                503, "witnesses_unavailable", "The log's witnesses cannot be reached",
                "Retry after the time given; nothing was stored. Reads go on.",
                retryAfter: 15...45)
        case .storageFull:
            ProblemRow(
                507, "storage_full", "The server's volume is full",
                "Tell the operator; nothing was stored. Reads go on.", retryAfter: 30...90)
        case .erasureUnfinished:
            ProblemRow(
                500, "erasure_unfinished", "The erasure is announced and not finished",
                "Read the server's log, and restart the log when the cause is gone: it goes on"
                    + " with what was announced before it serves anything.")
        case .backupFailed:
            ProblemRow(
                500, "backup_failed", "There is no backup",
                "The detail says why. The log itself goes on as it was.")
        default:
            ProblemRow(
                500, "internal_error", "The server failed",
                "Give the operator the error's id; a retry with the same key is safe.")
        }
    }
}

/// The rules of the record format, each a code of its own.
enum RecordCodes {
    static let all = RecordError.Code.allCases.map(ProblemCode.record)
}
