// SPDX-License-Identifier: Apache-2.0

import LogClient
import LogClientHTTP
import LogCrypto

/// One run over a file: passes over what is done, sends the rest, and keeps the ledger true.
///
/// Order of effects for each unit: send, verify every receipt, write the receipts, then the
/// ledger. A crash before the ledger is written sends the unit again under the same key, which
/// adds nothing; a crash after it skips the unit, whose receipts lie on stable storage.
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
    }

    /// Refusals that are listed, and refused lines that are tried again, at most.
    static let refusalLimit = 10_000

    let submitter: RecordSubmitter
    let receipts: ReceiptFolder?
    private var check: ReceiptCheck
    let statePath: String
    let batch: Int
    let bar: ProgressBar

    private(set) var ledger: SubmitLedger
    private(set) var summary = Summary()
    private let keys: SubmitLedger.Keys
    private var lastSave = ContinuousClock.now

    init(
        ledger: SubmitLedger, submitter: RecordSubmitter, receipts: ReceiptFolder?,
        check: ReceiptCheck, statePath: String, batch: Int, bar: ProgressBar
    ) {
        self.ledger = ledger
        self.submitter = submitter
        self.receipts = receipts
        self.check = check
        self.statePath = statePath
        self.batch = batch
        self.bar = bar
        keys = SubmitLedger.Keys(ledger)
    }

    /// Submits what `reader` gives.
    ///
    /// However it ends, the ledger says how far it came.
    mutating func run(_ reader: inout LineReader) async throws {
        let again = try passDone(&reader)
        ledger.isSettled = false
        try save()
        do {
            for (number, line) in again { try await sendAgain(line, number: number) }
            try await sendRest(&reader)
        } catch {
            try? save()
            throw error
        }
        ledger.isSettled = true
        try save()
    }

    /// Reads the lines that are done, checks that they are the same ones, and returns those that
    /// were refused.
    private mutating func passDone(
        _ reader: inout LineReader
    ) throws -> [(UInt64, [UInt8])] {
        var digest = Digest.zero
        var again: [(UInt64, [UInt8])] = []
        for number in 1..<ledger.done + 1 {
            guard let line = try reader.next() else { throw Self.otherFile(statePath) }
            guard case .text(let text) = line else { continue }
            if ledger.refused.contains(number) {
                if again.count < Self.refusalLimit { again.append((number, text)) }
            } else if !SubmitUnit.isBlank(text) {
                digest = keys.fold(digest, line: number, text)
                summary.skipped += 1
            }
        }
        guard digest == ledger.digest else { throw Self.otherFile(statePath) }
        return again
    }

    private mutating func sendAgain(_ line: [UInt8], number: UInt64) async throws {
        ledger.refused.remove(number)
        guard !SubmitUnit.isBlank(line) else { return }
        let key = keys.key(ofLine: number, line)
        let outcome = try await submitter.submit(line, key: key.hex)
        try settle(outcome, line: line, number: number)
        try saveNowAndThen()
    }

    private mutating func sendRest(_ reader: inout LineReader) async throws {
        var ahead = try reader.next()
        while ahead != nil {
            var unit = SubmitUnit(first: ledger.done + 1)
            while let line = ahead, unit.take(line, limit: batch) { ahead = try reader.next() }
            try settle(unit, try await send(unit))
            bar.move(to: reader.size > 0 ? reader.position : ledger.done, of: reader.size)
        }
    }

    /// What the log says to the lines of a unit, in order.
    private func send(_ unit: SubmitUnit) async throws -> [RecordOutcome] {
        guard unit.isSent else { return [] }
        if ledger.mode == .batch {
            let key = keys.key(ofUnit: unit.first)
            return try await submitter.submit(batch: unit.lines, key: key.hex)
        }
        let key = keys.key(ofLine: unit.first, unit.lines[0])
        return [try await submitter.submit(unit.lines[0], key: key.hex)]
    }

    private mutating func settle(_ unit: SubmitUnit, _ outcomes: [RecordOutcome]) throws {
        if unit.isTooLong {
            refuse(unit.first, code: "too_large", detail: "longer than any record may be")
        }
        for (offset, outcome) in outcomes.enumerated() {
            try settle(
                outcome, line: unit.lines[offset], number: unit.first + UInt64(offset))
        }
        ledger.done = unit.end - 1
        // Single lines find their receipts again by their own keys, so their ledger may be late.
        if ledger.mode == .batch { try save() } else { try saveNowAndThen() }
    }

    /// Counts an outcome, its receipt having been verified and written.
    private mutating func settle(
        _ outcome: RecordOutcome, line: [UInt8], number: UInt64
    ) throws {
        switch outcome {
        case .accepted(let receipt):
            try keep(receipt, line: line, number: number)
            summary.accepted += 1
        case .replayed(let receipt):
            try keep(receipt, line: line, number: number)
            summary.replayed += 1
        case .refused(let refusal):
            refuse(number, code: refusal.code, detail: refusal.detail)
        }
    }

    private mutating func keep(_ receipt: Receipt, line: [UInt8], number: UInt64) throws {
        do {
            try check.verifyNext(receipt)
        } catch {
            throw CommandFailure(
                error.status, "the receipt for line \(number) does not verify: \(error.message)",
                advice: "Keep the server's answer as evidence; nothing more was sent.")
        }
        try receipts?.write(receipt, line: number)
        ledger.digest = keys.fold(ledger.digest, line: number, line)
    }

    private mutating func refuse(_ number: UInt64, code: String, detail: String) {
        ledger.refused.insert(number)
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
