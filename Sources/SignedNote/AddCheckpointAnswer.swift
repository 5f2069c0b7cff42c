// SPDX-License-Identifier: Apache-2.0

/// What a witness answers to a checkpoint.
///
/// Source: https://c2sp.org/tlog-witness.
public enum AddCheckpointAnswer: Hashable, Sendable {
    /// 200: its lines, of which nothing is verified yet.
    case cosigned([NoteSignature])
    /// 409: it cosigned a tree of another size than the log says; that size, if it tells it.
    case conflict(size: UInt64?)
    /// It does not cosign, for the reason that its status gives.
    case refused(Refusal)
    /// It answered with another status.
    case unknown(status: Int)

    /// Why a witness does not cosign, by its HTTP status.
    public enum Refusal: Int, Hashable, Sendable, CaseIterable {
        /// The request is malformed, or its old size exceeds the checkpoint's.
        case malformed = 400
        /// No valid signature of a key that the witness trusts for the origin.
        case noTrustedSignature = 403
        /// The witness does not know the origin.
        case unknownOrigin = 404
        /// The proof does not lead from the witness's tree to the checkpoint's.
        case inconsistent = 422
        /// The witness asks for fewer requests.
        case tooManyRequests = 429
        /// The witness cannot cosign for now.
        case unavailable = 503
    }

    /// The media type of a 409's size.
    public static let sizeType = "text/x.tlog.size"

    /// The most bytes that are read of an answer.
    public static let maxBytes = 65_536

    /// Reads an answer.
    ///
    /// The size of a 409 is read only under its own media type: some witnesses answer without one.
    public init(status: Int, contentType: String?, body: [UInt8]) throws(NoteError) {
        guard body.count <= Self.maxBytes else { throw .malformedAnswer }
        switch status {
        case 200: self = .cosigned(try Self.lines(in: body))
        case 409:
            let type = contentType?.prefix { $0 != ";" && $0 != " " }
            guard type?.lowercased() == Self.sizeType else {
                self = .conflict(size: nil)
                return
            }
            guard body.last == newline, let size = decimal(body.dropLast()) else {
                throw .malformedAnswer
            }
            self = .conflict(size: size)
        default:
            self = Refusal(rawValue: status).map { .refused($0) } ?? .unknown(status: status)
        }
    }

    /// The HTTP status.
    public var status: Int {
        switch self {
        case .cosigned: 200
        case .conflict: 409
        case .refused(let refusal): refusal.rawValue
        case .unknown(let status): status
        }
    }

    /// The body: signature lines, a size, or nothing.
    public var body: [UInt8] {
        switch self {
        case .cosigned(let lines): Array(lines.map { $0.line + "\n" }.joined().utf8)
        case .conflict(let size?): Array("\(size)\n".utf8)
        case .conflict(nil), .refused, .unknown: []
        }
    }

    /// Signature lines, one to ``Note/maxSignatures``, of the form that a note has.
    private static func lines(in body: [UInt8]) throws(NoteError) -> [NoteSignature] {
        guard String(validating: body, as: UTF8.self) != nil,
            let lines = SignedNote.lines(of: body), lines.count <= Note.maxSignatures
        else { throw .malformedAnswer }
        var signatures: [NoteSignature] = []
        for line in lines {
            guard isPrintable(line) else { throw .malformedAnswer }
            signatures.append(try NoteSignature(utf8: line))
        }
        guard AddCheckpointAnswer.cosigned(signatures).body == body else { throw .malformedAnswer }
        return signatures
    }
}
