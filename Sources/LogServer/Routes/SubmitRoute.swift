// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import HTTPTypes
import Hummingbird
import LogStorage
import Merkle
import SignedNote
import TransparencyLog

/// `POST /v1/audit`: one record, or a batch of them, as one unit of the log's queue.
///
/// All work on each record is done here, in the request's own tasks; the log only orders them.
struct SubmitRoute: Sendable {
    let log: Log
    let settings: SettingsInForce
    let budget: BodyBudget
    let preparationTasks: Int

    init(log: Log, settings: SettingsInForce, configuration: LogServerConfiguration) {
        self.log = log
        self.settings = settings
        budget = BodyBudget(limit: configuration.bufferedBodyBytes)
        preparationTasks = configuration.preparationTasks
    }

    var routes: [Route] {
        [
            Route(.post, "/v1/audit", access: .roles([.producer]), operation) { call in
                try await submit(call)
            }
        ]
    }

    private func submit(_ call: Call) async throws -> Response {
        let request = try SubmitRequest(call, settings.current.submissions)
        let waits = try WitnessWait(log, isAsked: request.wantsWitnesses)
        let (items, format) = try await budget.withBody(
            of: call, limit: request.submissions.limits.batchByteCount
        ) { body in
            let format = request.format(of: body)
            return (try await prepare(body, format, request), format)
        }
        if let failure = format.isSingle ? items.first?.failure : nil { throw failure }
        let results = try await settle(items, request, waits)
        guard format.isSingle, let result = results.items.first else {
            return results.response(asLines: format == .lines)
        }
        return try result.response(isWitnessed: results.isWitnessed)
    }

    // MARK: Preparation

    /// Prepares each item alone, so that a bad one hides no other; a large batch on several tasks.
    private func prepare(
        _ body: ByteBuffer, _ format: SubmitFormat, _ request: SubmitRequest
    ) async throws -> [PreparedItem] {
        let ranges = try body.withUnsafeReadableBytes { bytes in
            do {
                return try request.items(of: bytes, format)
            } catch let error as RecordError {
                throw Problem(error)
            }
        }
        let share = max(64, (ranges.count + preparationTasks - 1) / preparationTasks)
        guard ranges.count > share else {
            return prepare(body, ranges, from: 0, format, request)
        }
        return await withTaskGroup(of: (Int, [PreparedItem]).self) { group in
            for first in stride(from: 0, to: ranges.count, by: share) {
                let part = Array(ranges[first..<min(first + share, ranges.count)])
                group.addTask {
                    (first, prepare(body, part, from: first, format, request))
                }
            }
            var parts: [(Int, [PreparedItem])] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private func prepare(
        _ body: ByteBuffer, _ ranges: [Range<Int>], from first: Int, _ format: SubmitFormat,
        _ request: SubmitRequest
    ) -> [PreparedItem] {
        body.withUnsafeReadableBytes { bytes in
            ranges.enumerated().map { place, range in
                let key = request.key.map { format.isSingle ? $0 : "\($0)#\(first + place)" }
                do throws(RecordError) {
                    return .ready(
                        try request.prepare(
                            UnsafeRawBufferPointer(rebasing: bytes[range]), key: key))
                } catch {
                    return .failed(Problem(error))
                }
            }
        }
    }

    // MARK: Settlement

    private func settle(
        _ items: [PreparedItem], _ request: SubmitRequest, _ waits: WitnessWait?
    ) async throws -> SubmitResults {
        let unit = items.compactMap(\.submission)
        var outcomes = unit.isEmpty ? [] : try await log.submit(unit)
        let isWitnessed = try await waits?.settle(&outcomes)
        // The log answers a unit under one checkpoint.
        let checkpoint = outcomes.lazy.compactMap(\.record).first?.checkpoint
        var results = SubmitResults(checkpoint: checkpoint ?? log.published.note)
        results.isWitnessed = isWitnessed
        var next = outcomes.makeIterator()
        for item in items {
            switch item {
            case .failed(let problem): results.items.append(.failed(problem))
            case .ready(let submission):
                guard let outcome = next.next() else { throw Problem(.internalError) }
                results.items.append(SubmitResult(outcome, submission))
            }
        }
        if request.wantsOpening { try await open(&results, request) }
        return results
    }

    /// Adds the openings.
    ///
    /// That they were handed out is in the log before they leave.
    private func open(_ results: inout SubmitResults, _ request: SubmitRequest) async throws {
        var byTenant: [String: [UInt64]] = [:]
        for place in results.items.indices {
            guard case .settled(var receipt) = results.items[place] else { continue }
            if let stored = try await log.content(at: receipt.record.index),
                let seed = stored.seed
            {
                receipt.opening = Opening(record: stored.record, seed: seed)
                byTenant[receipt.tenant, default: []].append(receipt.record.index)
            }
            results.items[place] = .settled(receipt)
        }
        guard !byTenant.isEmpty else { return }
        _ = try await log.submit(
            byTenant.sorted { $0.key < $1.key }.map { tenant, indexes in
                request.submissions.governance(
                    .opened(
                        Set(indexes).sorted(), tenant: tenant,
                        credential: request.credential.name))
            })
    }
}

extension SubmissionOutcome {
    var record: SequencedRecord? {
        switch self {
        case .accepted(let record), .replayed(let record, _): record
        case .conflict: nil
        }
    }
}
