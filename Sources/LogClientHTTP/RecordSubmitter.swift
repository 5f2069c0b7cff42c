// SPDX-License-Identifier: Apache-2.0

import AuditChain
public import LogClient

/// Sends records to a log and brings back their receipts.
///
/// Every request carries a key, so that a record which arrives twice, after a failure or a retry,
/// stands in the log once. Receipts are parsed and not yet verified.
public struct RecordSubmitter: Sendable {
    private let endpoint: LogEndpoint
    private let path: String

    /// Sends to this log with the endpoint's token.
    ///
    /// - Parameter tenant: Whose records they are, of 1 to 64 of `[a-z0-9._-]`; with a token for
    ///   many tenants, records that do not say it themselves need it.
    public init(endpoint: LogEndpoint, tenant: String? = nil) {
        self.endpoint = endpoint
        path = "/v1/audit" + (tenant.map { "?tenant=\($0)" } ?? "")
    }

    /// Sends one record under `key`.
    ///
    /// Throws where the server could not be asked, or refuses the token; a record that the server
    /// refuses is an outcome.
    public func submit(
        _ record: [UInt8], key: String
    ) async throws(EndpointError) -> RecordOutcome {
        let answer = try await post(record, type: "application/json", key: key)
        switch answer.status {
        case 201: return .accepted(try receipt(answer.body))
        case 200: return .replayed(try receipt(answer.body))
        default: return try refusal(answer)
        }
    }

    /// Sends records as one NDJSON batch under `key`; item n of it has the key `key#n`.
    ///
    /// The outcomes are those of the records, in order. Throws as ``submit(_:key:)`` does, and
    /// where the whole batch is refused.
    public func submit(
        batch records: [[UInt8]], key: String
    ) async throws(EndpointError) -> [RecordOutcome] {
        var body: [UInt8] = []
        body.reserveCapacity(records.reduce(0) { $0 + $1.count + 1 })
        for record in records {
            body += record
            body.append(UInt8(ascii: "\n"))
        }
        let answer = try await post(body, type: "application/x-ndjson", key: key)
        guard answer.status == 200 else { throw answer.error(asking: path, of: endpoint) }
        let lines = answer.body.split(separator: UInt8(ascii: "\n"))
        guard lines.count == records.count + 1,
            let checkpoint = try parse(lines[records.count])["checkpoint"]?.text
        else { throw unexpected("the answer does not have a line for each record") }
        var outcomes: [RecordOutcome] = []
        outcomes.reserveCapacity(records.count)
        for line in lines.dropLast() {
            outcomes.append(try outcome(of: parse(line), checkpoint: checkpoint))
        }
        return outcomes
    }

    private func post(
        _ body: [UInt8], type: String, key: String
    ) async throws(EndpointError) -> HTTPAnswer {
        let headers = [("Content-Type", type), ("Idempotency-Key", key)]
        return try await endpoint.request(
            "POST", path, headers: headers, body: body, limit: 256 << 20)
    }

    /// One item of a batch: its receipt lacks only the checkpoint that all items share.
    private func outcome(
        of item: JSONValue, checkpoint: String
    ) throws(EndpointError) -> RecordOutcome {
        guard let status = item["status"]?.unsigned else {
            throw unexpected("an item has no status")
        }
        if status == 200 || status == 201, let receipt = item["receipt"] {
            let parsed = try self.receipt(receipt, checkpoint: checkpoint)
            return status == 201 ? .accepted(parsed) : .replayed(parsed)
        }
        guard let problem = item["error"], let code = problem["code"]?.text else {
            throw unexpected("an item has neither a receipt nor an error")
        }
        return .refused(
            RecordRefusal(
                status: Int(clamping: status), code: code, detail: problem["detail"]?.text ?? ""))
    }

    /// A refusal of the record itself; an answer that says something about the server or the
    /// token is thrown.
    private func refusal(_ answer: HTTPAnswer) throws(EndpointError) -> RecordOutcome {
        guard let code = answer.problemCode,
            [400, 409, 413, 422].contains(answer.status)
                || ["tenant_mismatch", "reserved_tenant"].contains(code)
        else {
            throw answer.error(asking: path, of: endpoint)
        }
        return .refused(
            RecordRefusal(
                status: answer.status, code: code, detail: answer.problemDetail ?? ""))
    }

    /// The receipt of a request of its own.
    private func receipt(_ bytes: [UInt8]) throws(EndpointError) -> Receipt {
        let value = try parse(bytes[...])
        guard let checkpoint = value["checkpoint"]?.text else {
            throw unexpected("a receipt has no checkpoint")
        }
        return try receipt(value, checkpoint: checkpoint)
    }

    /// A receipt whose checkpoint was taken out, or is not in it.
    private func receipt(
        _ value: JSONValue, checkpoint: String
    ) throws(EndpointError) -> Receipt {
        let members = (value.members ?? []).filter { $0.name != "checkpoint" }
        do {
            return try Receipt(item: .object(members), checkpoint: checkpoint)
        } catch {
            throw EndpointError(
                .unexpectedAnswer, "\(endpoint.name) answers with a malformed receipt",
                cause: error)
        }
    }

    private func parse(_ line: ArraySlice<UInt8>) throws(EndpointError) -> JSONValue {
        do {
            return try JSONValue.parse(Array(line), limits: JSONLimits(byteCount: 1 << 20))
        } catch {
            throw EndpointError(
                .unexpectedAnswer, "\(endpoint.name) answers with a line that is not JSON",
                cause: error)
        }
    }

    private func unexpected(_ what: String) -> EndpointError {
        EndpointError(.unexpectedAnswer, "\(endpoint.name): \(what)")
    }
}

/// What became of one record.
public enum RecordOutcome: Sendable {
    /// It is in the log, by this submission.
    case accepted(Receipt)
    /// It was in the log before, under the same key.
    case replayed(Receipt)
    /// It is not in the log, and will not be however often it is sent.
    case refused(RecordRefusal)
}

/// Why a log refused a record.
public struct RecordRefusal: Hashable, Sendable {
    /// The HTTP status of the refusal.
    public let status: Int

    /// The stable code of the problem.
    public let code: String

    /// The server's words for people.
    public let detail: String

    /// A refusal by its parts.
    public init(status: Int, code: String, detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }
}
