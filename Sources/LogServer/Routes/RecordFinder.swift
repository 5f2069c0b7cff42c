// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage
import Merkle
import TransparencyLog

/// Finds the record that a path names, by id or index.
///
/// What a credential may not see does not exist for it: foreign and unknown are one answer.
struct RecordFinder: Sendable {
    let log: Log

    static let parameter = Operation.Parameter.path(
        "record", ["type": "string", "pattern": "^([0-9a-f-]{36}|[0-9]{1,20})$"],
        "The record's id, 36 characters, or its index.")

    /// The index of the one record that the path names and the credential may see.
    func find(_ call: Call) async throws -> UInt64 {
        let (text, credential) = (try call.parameter("record"), try call.identified())
        if text.utf8.count <= 20, let index = DecimalText.number(text) {
            guard index < log.published.head.size, try await sees(credential, index) else {
                throw Problem(.notFound)
            }
            return index
        }
        guard text.utf8.count == 36 else { throw Problem(.notFound) }
        return try await index(ofID: text) { try await sees(credential, $0) }
    }

    /// The index of the one record with this id of those that are meant.
    func index(
        ofID id: some StringProtocol & Sendable, where isMeant: (UInt64) async throws -> Bool
    ) async throws -> UInt64 {
        var found: [UInt64] = []
        for index in try await log.indexes(ofID: String(id)) {
            guard try await isMeant(index), try await hasID(id, index) else { continue }
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
    private func hasID(_ id: some StringProtocol, _ index: UInt64) async throws -> Bool {
        guard let content = try await log.content(at: index),
            let record = try? JSONValue.parse(content.record, limits: .disclosed)
        else { return false }
        return record["id"]?.text?.utf8.elementsEqual(id.utf8) ?? false
    }

    /// Why there is no content at an index that the credential may see.
    func absence(of index: UInt64) async throws -> Problem {
        if try await log.credential(at: index) == .lost { return Problem(.lost) }
        guard let by = try await log.removal(at: index), by < log.published.head.size,
            let content = try await log.content(at: by),
            let record = try? JSONValue.parse(content.record, limits: .disclosed),
            record["type"]?.text == "retention.prune"
        else { return Problem(.erased) }
        var problem = Problem(.pruned)
        problem.indexes = [by]
        return problem
    }
}
