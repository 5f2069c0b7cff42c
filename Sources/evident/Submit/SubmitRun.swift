// SPDX-License-Identifier: Apache-2.0

import LogClient
import LogClientHTTP
import LogCrypto
import LogStorage

/// One run over a file: passes over what is done, sends the rest, and keeps the ledger true.
///
/// Order of effects for each unit: write what is about to be sent into the ledger, send, verify
/// every receipt, write the receipts, and then, with the next unit's beginning, that this one is
/// done. A crash before that sends the unit's lines again under the same keys, which adds nothing; a
/// crash after it skips them, whose receipts lie on stable storage.
struct SubmitRun {
    /// What is said at the end.
    struct Summary: Encodable, Equatable {
        struct Refusal: Encodable, Equatable {
            let line: UInt64
            let code: String
            let detail: String
        }
        var accepted: UInt64 = 0
        var replayed: UInt64 = 0
        var skipped: UInt64 = 0
        var refused: [Refusal] = []
        /// Refusals beyond those that are listed.
        var refusedMore: UInt64 = 0
        /// Imported lines that an export cannot give again as they were.
        var inexact: UInt64 = 0
    }

    /// Lines under their own keys that may be sent before the ledger is written again.
    static let singleLines: UInt64 = 1_000
    /// Refusals that are listed, and refused lines that are tried again, at most.
    static let refusalLimit = 10_000

    let submitter: RecordSubmitter
    let receipts: ReceiptFolder?
    private var check: ReceiptCheck
    let statePath: String
    /// Lines of a unit at most; 1 sends each line under its own key.
    let batch: Int
    let bar: ProgressBar
    /// What becomes of a line before it is sent; lines of records are sent as they are.
    let adapt: LineAdapter?
    let rejects: RejectFile?

    private(set) var ledger: SubmitLedger
    private(set) var summary = Summary()
    private let keys: SubmitLedger.Keys
    private var lastSave = ContinuousClock.now

    init(
        ledger: SubmitLedger, submitter: RecordSubmitter, receipts: ReceiptFolder?,
        check: ReceiptCheck, statePath: String, batch: Int, bar: ProgressBar,
        adapt: LineAdapter? = nil, rejects: RejectFile? = nil
    ) {
        self.ledger = ledger
        self.submitter = submitter
        self.receipts = receipts
        self.check = check
        self.statePath = statePath
        self.batch = batch
        self.bar = bar
        self.adapt = adapt
        self.rejects = rejects
        keys = SubmitLedger.Keys(ledger)
    }

    /// Submits what `reader` gives.
    ///
    /// However it ends, the ledger says how far it came.
    mutating func run(_ reader: inout some EventReader & ~Copyable) async throws {
        let again = try passDone(&reader)
        do {
            for (number, line) in again { try await sendRefused(line, number: number) }
            try await sendBegun(&reader)
            if ledger.begun == nil { try await sendRest(&reader) }
        } catch {
            try? save()
            throw error
        }
        try save()
    }

    /// Reads the lines that are done, checks that they are the same ones, and returns those that
    /// were refused.
    private mutating func passDone(
        _ reader: inout some EventReader & ~Copyable
    ) throws -> [(UInt64, [UInt8])] {
        var digest = Digest.zero
        var again: [(UInt64, [UInt8])] = []
        for number in 1..<ledger.done + 1 {
            guard let line = try reader.next() else { throw Self.otherFile(statePath) }
            guard case .text(let text) = line else { continue }
            if ledger.refused[number] != nil {
                if again.count < Self.refusalLimit { again.append((number, text)) }
            } else if !SubmitUnit.isBlank(text) {
                digest = keys.fold(digest, line: number, text)
                summary.skipped += 1
            }
        }
        guard digest == ledger.digest else { throw Self.otherFile(statePath) }
        return again
    }

    /// Sends a line that was refused once more, under the key that it had.
    private mutating func sendRefused(_ line: [UInt8], number: UInt64) async throws {
        let unit = ledger.refused[number] ?? 0
        try await sendAlone(line, number: number, in: unit == 0 ? nil : unit)
        try saveNowAndThen()
    }

    /// Sends what an earlier run may have sent, line by line, each under the key that it had then.
    ///
    /// If the file ends before all that, it stays begun: lines that were there may come back.
    private mutating func sendBegun(_ reader: inout some EventReader & ~Copyable) async throws {
        guard let begun = ledger.begun else { return }
        while ledger.done < begun.last, let line = try reader.next() {
            let number = ledger.done + 1
            if case .text(let text) = line {
                try await sendAlone(text, number: number, in: begun.unit)
            } else {
                try refuseTooLong(number)
            }
            ledger.done = number
            try saveNowAndThen()
        }
        if ledger.done >= begun.last { ledger.begun = nil }
    }

    private mutating func sendAlone(
        _ line: [UInt8], number: UInt64, in unit: UInt64?
    ) async throws {
        guard !SubmitUnit.isBlank(line), let event = try adapted(line, number) else { return }
        let key = keys.key(ofLine: number, line, in: unit)
        let outcome = try await submitter.submit(event.record, key: key)
        try await settle(outcome, event, in: unit)
    }

    /// What is sent for a line; nil, the line having been refused, if it is no event.
    private mutating func adapted(_ line: [UInt8], _ number: UInt64) throws -> SubmitEvent? {
        guard let adapt else { return SubmitEvent(number: number, line: line, record: line) }
        switch adapt(line, number) {
        case .success(let event):
            if !event.isExact { summary.inexact += 1 }
            return SubmitEvent(number: number, line: line, record: event.record)
        case .failure(let refusal):
            try refuse(number, code: refusal.code, detail: refusal.detail, unit: nil, line: line)
            return nil
        }
    }

    private mutating func sendRest(_ reader: inout some EventReader & ~Copyable) async throws {
        var ahead = try reader.next()
        while ahead != nil {
            var unit = SubmitUnit(first: ledger.done + 1)
            while let line = ahead, unit.take(line, limit: batch) { ahead = try reader.next() }
            try await send(unit)
            ledger.done = unit.end - 1
            bar.move(to: reader.size > 0 ? reader.position : ledger.done, of: reader.size)
        }
        ledger.begun = nil
    }

    private mutating func send(_ unit: SubmitUnit) async throws {
        if unit.isTooLong { try refuseTooLong(unit.first) }
        guard unit.isSent else { return }
        try begin(unit)
        guard batch > 1 else {
            return try await sendAlone(unit.lines[0], number: unit.first, in: nil)
        }
        var events: [SubmitEvent] = []
        for (offset, line) in unit.lines.enumerated() {
            if let event = try adapted(line, unit.first + UInt64(offset)) { events.append(event) }
        }
        guard !events.isEmpty else { return }
        let outcomes = try await submitter.submit(
            batch: events.map(\.record), key: keys.key(ofUnit: unit.first).hex)
        for (event, outcome) in zip(events, outcomes) {
            try await settle(outcome, event, in: unit.first)
            ledger.done = event.number
        }
    }

    /// Makes durable what is about to be sent, and with it all that was answered before.
    ///
    /// Lines with keys of their own are announced many at a time: how far such a run really came
    /// does not matter.
    private mutating func begin(_ unit: SubmitUnit) throws {
        if batch > 1 {
            ledger.begun = .init(unit: unit.first, last: unit.end - 1)
            return try save()
        }
        if let begun = ledger.begun, begun.unit == nil, unit.first <= begun.last {
            return try saveNowAndThen()
        }
        ledger.begun = .init(unit: nil, last: unit.first + Self.singleLines - 1)
        try save()
    }

    // MARK: Answers

    /// Takes what the log says to a line.
    ///
    /// Another text under the key that the line had in its unit is what the line said before it was
    /// changed: it is a new event, and sent under its own key. (An imported event has an identifier
    /// of its own, which is what conflicts.)
    private mutating func settle(
        _ outcome: RecordOutcome, _ event: SubmitEvent, in unit: UInt64?
    ) async throws {
        guard unit != nil, adapt == nil, case .refused(let refusal) = outcome,
            refusal.code == "idempotency_conflict"
        else { return try settle(outcome, event, unit: unit) }
        let key = keys.key(ofLine: event.number, event.line, in: nil)
        try settle(try await submitter.submit(event.record, key: key), event, unit: nil)
    }

    /// Counts an outcome, its receipt having been verified and written.
    private mutating func settle(
        _ outcome: RecordOutcome, _ event: SubmitEvent, unit: UInt64?
    ) throws {
        switch outcome {
        case .accepted(let receipt):
            try keep(receipt, event)
            summary.accepted += 1
        case .replayed(let receipt):
            try keep(receipt, event)
            summary.replayed += 1
        case .refused(let refusal):
            try refuse(
                event.number, code: refusal.code, detail: refusal.detail, unit: unit,
                line: event.line)
        }
    }

    private mutating func keep(_ receipt: Receipt, _ event: SubmitEvent) throws {
        do {
            try check.verifyNext(receipt)
        } catch {
            throw CommandFailure(
                error.status,
                "the receipt for line \(event.number) does not verify: \(error.message)",
                advice: "Keep the server's answer as evidence; nothing more was sent.")
        }
        try receipts?.write(receipt, line: event.number)
        ledger.refused[event.number] = nil
        ledger.digest = keys.fold(ledger.digest, line: event.number, event.line)
    }

    private mutating func refuseTooLong(_ number: UInt64) throws {
        try refuse(
            number, code: "too_large", detail: "longer than any record may be", unit: nil, line: nil
        )
    }

    private mutating func refuse(
        _ number: UInt64, code: String, detail: String, unit: UInt64?, line: [UInt8]?
    ) throws {
        ledger.refused[number] = unit ?? 0
        try rejects?.write(number, code: code, detail: detail, line: line)
        guard summary.refused.count < Self.refusalLimit else {
            summary.refusedMore += 1
            return
        }
        summary.refused.append(.init(line: number, code: code, detail: detail))
    }

    private mutating func saveNowAndThen() throws {
        if ContinuousClock.now - lastSave > .seconds(1) { try save() }
    }

    private mutating func save() throws {
        try receipts?.flush()
        try PrivateFile.replace(statePath, with: ledger.json)
        lastSave = .now
    }

    private static func otherFile(_ statePath: String) -> CommandFailure {
        .usage(
            "the lines that were submitted before are not at the start of this file any more",
            advice: """
                Put them back to go on. To submit this file as a new one, delete \(statePath): all \
                of its lines will be new records.
                """)
    }
}
