// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import LogServer

/// What an import would do, without a log: which events would be refused, and how the first ones
/// would look after redaction.
struct ImportPreview {
    struct Summary: Encodable {
        struct Refusal: Encodable {
            let line: UInt64
            let code: String
            let detail: String
        }
        var events: UInt64 = 0
        var records: UInt64 = 0
        var types: [String: UInt64] = [:]
        var refused: [Refusal] = []
        /// Refusals beyond those that are listed.
        var refusedMore: UInt64 = 0
        /// What redaction takes out, by rule.
        var redactions: [String: Int] = [:]
        var inexact: UInt64 = 0
    }

    private let preparer: RecordPreparer
    private let adapt: LineAdapter
    private let grant: TenantGrant
    private let now = LogServerConfiguration().now
    private let shown: Int
    private let rejects: RejectFile?
    private(set) var summary = Summary()

    /// - Parameters:
    ///   - policy: what the log redacts by: `standard`, `none`, or a policy's path.
    ///   - tenant: what the records are to belong to.
    ///   - shown: records to print.
    init(
        _ adapt: LineAdapter, policy: String, tenant: String, shown: Int, rejects: RejectFile?
    ) throws {
        let redactor = try RedactionSection.redactor(named: policy, tokenKey: .random())
        preparer = RecordPreparer(origin: try Origin("localhost/import"), redactor: redactor)
        self.adapt = adapt
        grant = .only(tenant)
        self.shown = shown
        self.rejects = rejects
    }

    /// Goes through the whole file.
    mutating func run(
        _ reader: inout some EventReader & ~Copyable, _ bar: ProgressBar
    ) throws {
        var number: UInt64 = 0
        while let line = try reader.next() {
            number += 1
            bar.move(to: reader.position, of: reader.size)
            switch line {
            case .tooLong:
                try refuse(number, "too_large", "longer than any record may be", nil)
            case .text(let text) where SubmitUnit.isBlank(text): continue
            case .text(let text): try take(text, number)
            }
            summary.events += 1
        }
    }

    private mutating func take(_ text: [UInt8], _ number: UInt64) throws {
        let event: LineAdapter.Adapted
        switch adapt(text, number) {
        case .failure(let refusal):
            return try refuse(number, refusal.code, refusal.detail, text)
        case .success(let adapted): event = adapted
        }
        do throws(RecordError) {
            let record = try preparer.prepare(
                event.record, tenant: grant, received: now(), seed: .random(),
                newID: { "00000000-0000-8000-8000-000000000000" })
            summary.records += 1
            summary.types[record.type, default: 0] += 1
            if !event.isExact { summary.inexact += 1 }
            let value = try? JSONValue.parse(record.canonical, limits: .disclosed)
            for count in value?["redactions"]?.members ?? [] {
                summary.redactions[count.name, default: 0] += Int(count.value.unsigned ?? 0)
            }
            if summary.records <= UInt64(shown) {
                Terminal.print(String(decoding: record.canonical, as: UTF8.self))
            }
        } catch {
            try refuse(number, error.code.rawValue, error.detail, text)
        }
    }

    private mutating func refuse(
        _ number: UInt64, _ code: String, _ detail: String, _ line: [UInt8]?
    ) throws {
        try rejects?.write(number, code: code, detail: detail, line: line)
        guard summary.refused.count < SubmitRun.refusalLimit else {
            summary.refusedMore += 1
            return
        }
        summary.refused.append(.init(line: number, code: code, detail: detail))
    }
}

extension RecordError {
    /// Where, and what to do, for people.
    var detail: String { (path.map { "\($0): " } ?? "") + message }
}
