// SPDX-License-Identifier: Apache-2.0

import AuditChain
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
    private let content: SubmitContent

    init(_ call: Call, _ submissions: Submissions) throws(Problem) {
        self.submissions = submissions
        let credential = try call.identified()
        self.credential =
            try call.query["tenant"].map { (name) throws(Problem) in
                try Self.narrow(credential, to: name)
            } ?? credential
        content = try SubmitContent(call.request.headers)
        key = try Self.key(call.request.headers[values: .idempotencyKey])
        wantsOpening = try call.query.flag("opening")
        switch call.query["wait"] {
        // Whatever is answered is published: there is no cadence that holds heads back.
        case nil, "published": wantsWitnesses = false
        case "witnessed": wantsWitnesses = true
        default: throw .invalidParameter("wait")
        }
    }

    /// The credential, for records of one of the tenants that it may write for.
    private static func narrow(
        _ credential: Credential, to tenant: String
    ) throws(Problem) -> Credential {
        guard TenantGrant.isValid(tenant: tenant),
            let narrowed = Credential(
                name: credential.name, role: credential.role, tenant: .only(tenant))
        else { throw .invalidParameter("tenant") }
        guard [.all, .only(tenant)].contains(credential.tenant) else {
            throw Problem(.notAuthorized)
        }
        return narrowed
    }

    /// One JSON text may be an object or an array.
    func format(of body: ByteBuffer) -> SubmitFormat { content.format(of: body) }

    /// Where the records of a body lie.
    func items(
        of body: UnsafeRawBufferPointer, _ format: SubmitFormat
    ) throws(RecordError) -> [Range<Int>] {
        guard let batch = format.batch else { return [0..<body.count] }
        do throws(RecordError) {
            return try submissions.split(body, as: batch)
        } catch {
            guard error.code == .emptyBatch, content.mayBeEmpty else { throw error }
            return []
        }
    }

    /// All work on one of them.
    func prepare(
        _ item: UnsafeRawBufferPointer, key: String?
    ) throws(RecordError) -> Submission {
        guard let event = try content.event(item) else {
            return try submissions.prepare(item, of: credential, header: key)
        }
        do throws(RecordError) {
            return try event.record.canonical.withUnsafeBufferPointer { bytes throws(RecordError) in
                try submissions.prepare(
                    UnsafeRawBufferPointer(bytes), of: credential, header: key)
            }
        } catch {
            throw event.refusal(error)
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
