// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogStorage
import Merkle
import TransparencyLog

/// The holds that stand, and the turn of whoever places one, releases one, or destroys content.
///
/// They are what the log's own records say; the book is read from them when it is first needed. A hold
/// whose record a restore has lost keeps everything until it is released: the ledger says that it stood. As
/// every act takes a turn, a hold that was placed before an act began is always met by it.
actor HoldBook {
    private let log: Log
    private let settings: SettingsInForce
    private let search: RecordSearch
    private var holds: [UInt64: LegalHold]?
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Who reads the log's own records here.
    private static let reader = Credential(name: "holds", role: .operator, tenant: .all)

    init(log: Log, settings: SettingsInForce, search: RecordSearch) {
        self.log = log
        self.settings = settings
        self.search = search
    }

    /// Runs an act that no other one may run beside.
    func withTurn<Result: Sendable>(
        _ act: @Sendable () async throws -> Result
    ) async throws -> Result {
        if isTaken {
            await withCheckedContinuation { waiting.append($0) }
        }
        isTaken = true
        defer { pass() }
        return try await act()
    }

    private func pass() {
        if waiting.isEmpty {
            isTaken = false
        } else {
            // The turn goes on without a moment at which it is free.
            waiting.removeFirst().resume()
        }
    }

    /// All holds that stand, by their indexes.
    func standing() async throws -> [LegalHold] {
        try await load().values.sorted { $0.index < $1.index }
    }

    /// Records a hold; the log has it when this returns.
    ///
    /// - Parameter filter: what ``RecordSelection/canonical`` is, not empty.
    func place(
        _ filter: [UInt8], reason: String, by credential: Credential
    ) async throws -> LegalHold {
        try await withTurn {
            try await self.add(filter, reason: reason, by: credential)
        }
    }

    private func add(
        _ filter: [UInt8], reason: String, by credential: Credential
    ) async throws -> LegalHold {
        _ = try await load()
        let details: JSONValue = [
            "credential": .string(credential.name), "filter": try JSONValue.parse(filter),
            "reason": .string(reason),
        ]
        let record = GovernanceRecord(type: "hold.place", details: details)
        guard let index = try await log.submit([settings.governance(of: record)]).first?.index,
            let hold = LegalHold(index: index, details: details)
        else { throw Problem(.internalError) }
        holds?[index] = hold
        try await log.note(hold: index)
        return hold
    }

    /// Ends a hold, in a turn of the caller's; throws ``ProblemCode/notFound`` if it does not stand.
    func remove(
        _ index: UInt64, reason: String, by parties: ActParties
    ) async throws {
        guard try await load()[index] != nil else { throw Problem(.notFound) }
        var details: [JSONValue.Member] = [
            .init("credential", .string(parties.credential)), .init("hold", .integer(index)),
            .init("reason", .string(reason)),
        ]
        if let approver = parties.approver {
            details.append(.init("approver", .string(approver)))
        }
        let record = GovernanceRecord(type: "hold.release", details: .object(details))
        _ = try await log.submit([settings.governance(of: record)])
        holds?[index] = nil
        try await log.note(released: index)
    }

    /// Reads the log's own records of holds, once.
    private func load() async throws -> [UInt64: LegalHold] {
        if let holds { return holds }
        var found: [UInt64: LegalHold] = [:]
        guard let reader = Self.reader else { throw Problem(.internalError) }
        let query = Query(values: ["type": ["hold.place", "hold.release"], "tenant": ["_log"]])
        let selection = try RecordSelection(query, of: reader, redactor: nil)
        let size = log.published.head.size
        var from: UInt64?
        repeat {
            let page = try await search.page(
                selection, order: .ascending, from: from, treeSize: size, limit: 1_000)
            for record in page.records { Self.apply(record, to: &found) }
            from = page.next
        } while from != nil
        for index in try await log.lostHolds() where found[index] == nil {
            guard let hold = LegalHold(lost: index) else { throw Problem(.internalError) }
            found[index] = hold
        }
        // Another call may have read them meanwhile, and placed a hold since.
        if let holds { return holds }
        holds = found
        return found
    }

    private static func apply(_ record: Found, to holds: inout [UInt64: LegalHold]) {
        guard let value = try? JSONValue.parse(record.content.record, limits: .disclosed),
            let details = value["details"]
        else { return }
        if let hold = LegalHold(index: record.index, details: details) {
            holds[record.index] = hold
        } else if let released = details["hold"]?.unsigned {
            holds[released] = nil
        }
    }
}

extension SubmissionOutcome {
    /// The index of a record that was taken.
    fileprivate var index: UInt64? {
        if case .accepted(let record) = self { record.index } else { nil }
    }
}
