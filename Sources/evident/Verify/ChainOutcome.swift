// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Merkle
import TransparencyLog

/// What a verification came to, here or in a server, and how it is shown.
enum ChainOutcome {
    /// `coreSeconds` is the processor time that it took, all cores together.
    case local(VerificationReport, coreSeconds: Double?)
    /// The report of a server that verified itself, as JSON.
    case remote(JSONValue)

    func show(json: Bool) throws {
        switch self {
        case .local(let report, let coreSeconds):
            if json {
                Terminal.print(String(decoding: report.json, as: UTF8.self))
            } else {
                Self.show(report, coreSeconds)
            }
            try Self.status(report.standing.rawValue).end()
        case .remote(let report):
            if json {
                Terminal.print(String(decoding: report.canonical, as: UTF8.self))
            } else {
                Terminal.print(report["headline"]?.text ?? "")
                Terminal.say(
                    "This is what the server says of itself: keep checkpoints of your own.")
            }
            try Self.status(report["result"]?.text ?? "").end()
        }
    }

    private static func status(_ standing: String) -> ExitStatus {
        switch standing {
        case "verified": .ok
        case "tampered": .tampered
        default: .unverifiable
        }
    }

    private static func show(_ report: VerificationReport, _ coreSeconds: Double?) {
        Terminal.print(report.summary)
        let others = report.listed.dropFirst()
        for finding in others.prefix(9) {
            let place = finding.index.map { " at index \($0)" } ?? ""
            row("also", "\(finding.verdict.name)\(place): \(finding.column): \(finding.message)")
        }
        if others.count > 9 { row("also", "\((others.count - 9).grouped) more findings") }
        if report.finding != nil {
            row(
                "right",
                report.verified.map {
                    "entries \($0.lowerBound.grouped) to \($0.upperBound.grouped)"
                }
                    ?? "no entry, as far as can be told")
        }
        row("checked", counts(report))
        for checkpoint in report.checkpoints {
            row("compared", text(checkpoint))
        }
        for epoch in report.epochs {
            row(
                "chain key",
                "epoch \(epoch.number) from index \(epoch.first), check value \(epoch.checkValue)"
                    + (epoch.isKeyed ? "" : ": not here"))
        }
        for what in report.notChecked { row("not checked", what) }
        let seconds = report.elapsed.inSeconds
        let rate = coreSeconds.map { Double(report.recordsChecked) / max($0, 0.001) }
        row(
            "took",
            "\(seconds.text(2)) s" + (rate.map { ", \($0.rateText) entries/s a core" } ?? ""))
        if report.standing == .tampered {
            Terminal.say(
                "Stop writing to this log, keep the folder as evidence, and read "
                    + "docs/verification.md.")
        }
    }

    private static func counts(_ report: VerificationReport) -> String {
        let hasWitnesses = report.checkpoints.contains { $0.source == "witnessed" }
        let states = RecordState.allCases.compactMap { state -> String? in
            guard let count = report.states[state], count > 0,
                state != .notYetWitnessed || hasWitnesses
            else { return nil }
            return "\(count.grouped) \(state.rawValue.replacing("_", with: " "))"
        }
        return
            (["\(report.recordsChecked.grouped) entries"]
            + (report.isDeep ? ["\(report.payloadsOpened.grouped) payloads"] : []) + states)
            .joined(separator: ", ")
    }

    private static func text(_ checkpoint: VerificationReport.Checkpoint) -> String {
        let outcome =
            switch checkpoint.isMet {
            case true?: "the same root"
            case false?: "ANOTHER ROOT"
            case nil: "could not be compared"
            }
        return "\(checkpoint.source) head of \(checkpoint.head.size.grouped): \(outcome)"
    }

    private static func row(_ name: String, _ text: String) {
        let padding = String(repeating: " ", count: max(1, 13 - name.count))
        Terminal.print("  \(name)\(padding)\(text)")
    }
}
