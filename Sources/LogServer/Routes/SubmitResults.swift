// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import LogStorage
import Merkle
import TransparencyLog

/// A record's place, and what is answered beside it.
struct SettledItem: Sendable {
    let record: SequencedRecord
    let tenant: String
    /// It was in the log before.
    let isReplay: Bool
    let isErased: Bool
    var opening: Opening?
}

/// What became of one item.
enum SubmitResult: Sendable {
    case settled(SettledItem)
    case failed(Problem)

    init(_ outcome: SubmissionOutcome, _ submission: Submission) {
        let tenant = submission.credential.tenant
        switch outcome {
        case .accepted(let record):
            self = .settled(
                SettledItem(record: record, tenant: tenant, isReplay: false, isErased: false))
        case .replayed(let record, let erased):
            self = .settled(
                SettledItem(record: record, tenant: tenant, isReplay: true, isErased: erased))
        case .conflict(let index):
            var problem = Problem(.idempotencyConflict)
            problem.indexes = [index]
            self = .failed(problem)
        }
    }

    /// The answer to a request of one record.
    func response(isWitnessed: Bool?) throws(Problem) -> Response {
        let (json, isReplay) = try receipt(isWitnessed: isWitnessed)
        return .json(json, status: isReplay ? .ok : .created)
    }

    /// The receipt of a request of one record.
    func receipt(isWitnessed: Bool? = nil) throws(Problem) -> (json: JSONWriter, isReplay: Bool) {
        switch self {
        case .failed(let problem): throw problem
        case .settled(let item):
            var json = JSONWriter(capacity: 1_536 + (item.opening?.record.count ?? 0) * 2)
            json.receipt(
                item.record, erased: item.isErased, isWitnessed: isWitnessed,
                opening: item.opening)
            return (json, item.isReplay)
        }
    }

    /// Appends the item's result in a batch.
    func append(to json: inout JSONWriter) {
        json.open()
        switch self {
        case .settled(let item):
            json.member("status", item.isReplay ? 200 : 201)
            json.name("receipt")
            json.receipt(
                item.record, withCheckpoint: false, erased: item.isErased, opening: item.opening)
        case .failed(let problem):
            json.member("status", UInt64(problem.status))
            json.name("error")
            problem.append(to: &json)
        }
        json.close()
    }
}

/// The answer to a batch: a result for each item, in order, under one checkpoint.
struct SubmitResults: Sendable {
    let checkpoint: String
    var items: [SubmitResult] = []
    /// Whether the checkpoint met the witness policy; nil if nobody waited for that.
    var isWitnessed: Bool?

    init(checkpoint: String) {
        self.checkpoint = checkpoint
    }

    func response(asLines: Bool) -> Response {
        var json = JSONWriter(capacity: 512 + items.count * 1_280)
        if asLines {
            for item in items {
                item.append(to: &json)
                json.newline()
            }
            json.open()
            json.member("checkpoint", checkpoint)
            if let isWitnessed { json.member("witnessed", isWitnessed) }
            json.close()
            json.newline()
            return .uncached(ByteBuffer(bytes: json.bytes), type: MediaTypes.ndjson)
        }
        json.open()
        json.name("results")
        json.openArray()
        for item in items { item.append(to: &json) }
        json.closeArray()
        json.member("checkpoint", checkpoint)
        if let isWitnessed { json.member("witnessed", isWitnessed) }
        json.close()
        return .json(json)
    }
}
