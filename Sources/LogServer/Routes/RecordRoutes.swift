// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import LogStorage
import Merkle
import SignedNote
import TransparencyLog

/// Records, and what proves them, by id or index.
///
/// What a credential may not see does not exist for it: foreign and unknown are one answer.
struct RecordRoutes: Sendable {
    let log: Log
    let access: AccessRecords

    private static let problems: [ProblemCode] =
        [.notFound, .ambiguousID] + Operation.readProblems

    private static let parameters: [Operation.Parameter] = [
        .path(
            "record", ["type": "string", "pattern": "^([0-9a-f-]{36}|[0-9]{1,20})$"],
            "The record's id, 36 characters, or its index.")
    ]

    var routes: [Route] { [content, receipt, proof] }

    private var content: Route {
        Route(
            .get, "/v1/audit/{record}", access: .roles([.reader, .auditor]),
            Operation(
                "getRecord", "A record, as it was committed to",
                "The canonical text, byte for byte; the field evident-index has its index. That"
                    + " it was read is in the log before the answer.",
                parameters: Self.parameters,
                successes: [.json("Record", "The record.")],
                problems: [.notFound, .ambiguousID, .erased, .lost, .corrupt]
                    + AccessRecords.problems)
        ) { [self] call in
            let index = try await find(call)
            guard let content = try await log.content(at: index) else {
                let isLost = try await log.credential(at: index) == .lost
                throw Problem(isLost ? .lost : .erased)
            }
            try await access.record(.record(at: index), by: try call.identified())
            var response = Response.uncached(ByteBuffer(bytes: content.record))
            response.headers[Self.indexField] = String(index)
            return response
        }
    }

    private var receipt: Route {
        Route(
            .get, "/v1/audit/{record}/receipt",
            access: .roles([.producer, .reader, .auditor]),
            Operation(
                "getReceipt", "A record's receipt, under the newest published head",
                "As JSON, or as an RFC 9942 receipt in COSE (spec/receipt.md): the parameter"
                    + " format, else the Accept field, says which.",
                parameters: Self.parameters + [
                    .query("format", ["enum": ["json", "cose"]], "The form of the receipt.")
                ],
                successes: [
                    Operation.Success(
                        status: 200, description: "The receipt.",
                        content: [
                            (MediaTypes.json, "Receipt"), (MediaTypes.cose, nil),
                            (MediaTypes.scittReceipt, nil),
                        ])
                ], problems: [.invalidParameter, .notAcceptable] + Self.problems)
        ) { [self] call in
            let format = try ReceiptFormat(
                call.query, accept: call.request.headers[values: .accept])
            let index = try await find(call)
            var response: Response
            switch format {
            case .json:
                var json = JSONWriter(capacity: 2_048)
                json.receipt(try await log.record(at: index))
                response = .json(json)
            case .cose(let type):
                let receipt = try await log.coseReceipt(at: index)
                response = .uncached(ByteBuffer(bytes: receipt.serialized), type: type)
            }
            response.headers[.vary] = "Accept"
            return response
        }
    }

    private var proof: Route {
        Route(
            .get, "/v1/audit/{record}/proof", access: .roles([.producer, .reader, .auditor]),
            Operation(
                "getProof", "A record's proof file, under the newest published head",
                "A c2sp.org/tlog-proof@v1 whose extra line is the leaf.",
                parameters: Self.parameters, successes: [.text("The proof file.")],
                problems: Self.problems)
        ) { [self] call in
            let record = try await log.record(at: try await find(call))
            let proof = LogProof(
                extra: record.leaf.encoded, proof: record.proof, checkpoint: record.checkpoint)
            return .uncached(ByteBuffer(string: proof.serialized), type: MediaTypes.text)
        }
    }

    private static let indexField: HTTPField.Name = {
        guard let name = HTTPField.Name("evident-index") else { preconditionFailure() }
        return name
    }()

    // MARK: Who may see what

    /// The index of the one record that the path names and the credential may see.
    private func find(_ call: Call) async throws -> UInt64 {
        let (text, credential) = (try call.parameter("record"), try call.identified())
        if text.utf8.count <= 20, let index = DecimalText.number(text) {
            guard index < log.published.head.size, try await sees(credential, index) else {
                throw Problem(.notFound)
            }
            return index
        }
        guard text.utf8.count == 36 else { throw Problem(.notFound) }
        var found: [UInt64] = []
        for index in try await log.indexes(ofID: String(text)) {
            guard try await sees(credential, index), try await hasID(text, index) else { continue }
            found.append(index)
        }
        guard found.count <= 1 else {
            var problem = Problem(.ambiguousID)
            problem.indexes = found
            throw problem
        }
        guard let index = found.first else { throw Problem(.notFound) }
        return index
    }

    private func sees(_ credential: Credential, _ index: UInt64) async throws -> Bool {
        if credential.role == .auditor { return true }
        guard let owner = try await log.credential(at: index),
            credential.tenant.covers(owner.tenant)
        else { return false }
        switch credential.role {
        case .reader: return true
        // The log's own records are no producer's, whatever their tenants are called.
        case .producer: return owner.tenant != "_log" && owner.name == credential.name
        case .auditor, .operator: return false
        }
    }

    /// Look-ups give candidates: the record itself decides.
    private func hasID(_ id: Substring, _ index: UInt64) async throws -> Bool {
        guard let content = try await log.content(at: index),
            let record = try? JSONValue.parse(content.record, limits: .disclosed)
        else { return false }
        return record["id"]?.text?.utf8.elementsEqual(id.utf8) ?? false
    }
}
