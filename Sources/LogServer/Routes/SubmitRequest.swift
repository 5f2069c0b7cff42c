// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import HTTPTypes
import Hummingbird
import TransparencyLog

/// How a body holds its records.
enum SubmitFormat: Equatable {
    case single
    case array
    case lines

    var isSingle: Bool { self == .single }

    var batch: RecordPreparer.BatchFormat? {
        switch self {
        case .single: nil
        case .array: .array
        case .lines: .lines
        }
    }
}

/// What the head of a submission asks for.
struct SubmitRequest: Sendable {
    let credential: Credential
    /// What prepares its records, all of them alike.
    let submissions: Submissions
    /// The value of Idempotency-Key.
    let key: String?
    let wantsOpening: Bool
    /// Whether the receipts are to be under a head that met the witness policy.
    let wantsWitnesses: Bool
    private let isNDJSON: Bool

    init(_ call: Call, _ submissions: Submissions) throws(Problem) {
        self.submissions = submissions
        credential = try call.identified()
        isNDJSON = try Self.isNDJSON(call.request.headers[values: .contentType])
        key = try Self.key(call.request.headers[values: .idempotencyKey])
        wantsOpening = try call.query.flag("opening")
        switch call.query["wait"] {
        // Whatever is answered is published: there is no cadence that holds heads back.
        case nil, "published": wantsWitnesses = false
        case "witnessed": wantsWitnesses = true
        default: throw .invalidParameter("wait")
        }
    }

    /// One JSON text may be an object or an array.
    func format(of body: ByteBuffer) -> SubmitFormat {
        if isNDJSON { return .lines }
        let first = body.readableBytesView.first { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }
        return first == UInt8(ascii: "[") ? .array : .single
    }

    private static func isNDJSON(_ fields: [String]) throws(Problem) -> Bool {
        guard fields.count == 1, let field = fields.first else {
            throw Problem(.unsupportedMediaType)
        }
        // What nearly everyone sends, without taking it apart.
        if field == MediaTypes.json { return false }
        if field == MediaTypes.ndjson { return true }
        let parts = field.lowercased().split(separator: ";", maxSplits: 1)
        let parameter = parts.count > 1 ? parts[1].filter { $0 != " " && $0 != "\"" } : ""
        guard parameter.isEmpty || parameter == "charset=utf-8" else {
            throw Problem(.unsupportedMediaType)
        }
        switch parts.first?.filter({ $0 != " " }) {
        case MediaTypes.json: return false
        case MediaTypes.ndjson: return true
        default: throw Problem(.unsupportedMediaType)
        }
    }

    /// 1 to 255 visible ASCII characters.
    static func key(_ fields: [String]) throws(Problem) -> String? {
        guard let field = fields.first else { return nil }
        guard fields.count == 1, 1...255 ~= field.utf8.count,
            field.utf8.allSatisfy({ 0x21...0x7e ~= $0 })
        else { throw Problem(.invalidIdempotencyKey) }
        return field
    }
}

extension HTTPField.Name {
    static let idempotencyKey: HTTPField.Name = {
        guard let name = HTTPField.Name("idempotency-key") else { preconditionFailure() }
        return name
    }()
}

/// One item after its own work.
enum PreparedItem: Sendable {
    case ready(Submission)
    case failed(Problem)

    var submission: Submission? {
        if case .ready(let submission) = self { submission } else { nil }
    }

    var failure: Problem? {
        if case .failed(let problem) = self { problem } else { nil }
    }
}
