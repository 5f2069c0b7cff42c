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

    private var finder: RecordFinder { RecordFinder(log: log) }

    private static let problems: [ProblemCode] =
        [.notFound, .ambiguousID] + Operation.readProblems

    private static let parameters = [RecordFinder.parameter]

    var routes: [Route] { [content, receipt, proof] }

    private var content: Route {
        Route(
            .get, "/v1/audit/{record}", access: .roles([.reader, .auditor]),
            Operation(
                "getRecord", "A record, as it was committed to",
                "The canonical text, byte for byte; the field evident-index has its index. Where"
                    + " fields were erased it is the text of the others, and evident-erased lists"
                    + " name=index, the index being that of the record that announced it. That it"
                    + " was read is in the log before the answer.",
                parameters: Self.parameters,
                successes: [.json("Record", "The record.")],
                problems: [.notFound, .ambiguousID, .erased, .lost, .pruned, .corrupt]
                    + AccessRecords.problems)
        ) { [self] call in
            let index = try await finder.find(call)
            guard let content = try await log.content(at: index) else {
                throw try await finder.absence(of: index)
            }
            try await access.record(.record(at: index), by: try call.identified())
            var response = Response.uncached(ByteBuffer(bytes: content.record))
            response.headers[Self.indexField] = String(index)
            if !content.erased.isEmpty {
                response.headers[Self.erasedField] =
                    content.erased.map { "\($0.name)=\($0.by)" }.joined(separator: ", ")
            }
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
            let index = try await finder.find(call)
            var response: Response
            switch format {
            case .json:
                var json = JSONWriter(capacity: 2_048)
                let isErased = try await log.content(at: index)?.formDigest == nil
                json.receipt(try await log.record(at: index), erased: isErased)
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
            let record = try await log.record(at: try await finder.find(call))
            let proof = LogProof(
                extra: record.leaf.encoded, proof: record.proof, checkpoint: record.checkpoint)
            return .uncached(ByteBuffer(string: proof.serialized), type: MediaTypes.text)
        }
    }

    static let indexField = HTTPField.Name.custom("evident-index")
    private static let erasedField = HTTPField.Name.custom("evident-erased")
}
