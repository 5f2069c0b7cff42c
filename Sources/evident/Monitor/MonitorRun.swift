// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogClient
import LogClientHTTP
import LogStorage
import Merkle

/// Polls, delivers what there is to tell, and only then keeps what was learnt.
struct MonitorRun {
    let monitor: LogMonitor
    let origin: String
    let points: [VantagePoint]
    let folder: MonitorFolder
    let webhook: Webhook?
    let metricsFile: String?
    let json: Bool

    /// Looks once; returns what the exit status is to be.
    func once() async throws -> ExitStatus {
        var metrics = MonitorMetrics(origin: origin)
        return try await look(&metrics)
    }

    /// Looks again and again, until the process is ended.
    func forever(every interval: Duration) async throws {
        var metrics = MonitorMetrics(origin: origin)
        Terminal.say(
            "watching \(origin) from \(points.count) "
                + (points.count == 1 ? "place" : "places") + "; interrupt it to end it")
        while true {
            _ = try await look(&metrics)
            try await Task.sleep(for: interval)
        }
    }

    private func look(_ metrics: inout MonitorMetrics) async throws -> ExitStatus {
        let bar = ProgressBar("entries", total: 0)
        let nowMS = UInt64(Date().timeIntervalSince1970 * 1000)
        let outcome: LogMonitor.Outcome
        do {
            outcome = try await monitor.poll(
                try folder.state(), at: points, kept: folder, nowMS: nowMS
            ) { done, total in bar.move(to: done, of: total) }
        } catch let error as VerifyError {
            bar.finish()
            throw CommandFailure(
                .usage, "\(folder.path) is the state of another log, or of other keys (\(error))",
                advice: "Give each log a --state folder of its own.")
        }
        bar.finish()
        // Evidence is safe before anybody hears of it.
        for event in outcome.events {
            if let evidence = event.evidence { try folder.keep(evidence) }
        }
        if await deliver(outcome.events, nowMS) {
            try folder.keep(outcome.tiles, treeSize: outcome.head.size)
            try folder.keep(outcome.state)
        } else {
            metrics.undelivered += 1
            Terminal.say("evident: the webhook took not all events; they come again")
        }
        metrics.take(outcome, nowMS: nowMS)
        if let metricsFile {
            try PrivateFile.replace(metricsFile, with: Array(metrics.text.utf8), durable: false)
            chmod(metricsFile, 0o644)
        }
        return Self.status(of: outcome)
    }

    /// Tells of events, in order; whether all of them arrived.
    private func deliver(_ events: [MonitorEvent], _ nowMS: UInt64) async -> Bool {
        for event in events {
            let body = event.json(origin: origin, timeMS: nowMS)
            if json {
                Terminal.print(String(decoding: body, as: UTF8.self))
            } else {
                Terminal.print(line(event, nowMS))
            }
            if let webhook, await !webhook.deliver(body) { return false }
        }
        return true
    }

    private func line(_ event: MonitorEvent, _ nowMS: UInt64) -> String {
        let mark =
            switch event.severity {
            case .info: "ok   "
            case .warning: "WARN "
            case .alarm: "ALARM"
            }
        var line = "\(nowMS.timeText)  \(mark)  \(event.kind.rawValue)  "
        if let point = event.point { line += "\(point): " }
        line += event.detail
        if let evidence = event.evidence {
            let file = folder.file(of: evidence)
            line += "\n  evidence: \(file)\n  check it: evident verify fork \(file) --vkey KEY"
        }
        return line
    }

    /// What a look says of the log, the gravest first; what was told of earlier and lasts counts.
    static func status(of outcome: LogMonitor.Outcome) -> ExitStatus {
        let kinds = Set(outcome.events.map(\.kind)).union(outcome.state.conditions.map(\.kind))
        let statuses = kinds.map(\.status)
        let order: [ExitStatus] = [.forked, .tampered, .unverifiable, .inputOutput]
        return order.first { statuses.contains($0) } ?? .ok
    }
}

extension MonitorEvent.Kind {
    /// The exit status of `--once` where nothing graver is to be told.
    var status: ExitStatus {
        switch self {
        case .headAdvanced, .cleared, .unknownEntries, .undated: .ok
        case .unreachable: .inputOutput
        case .unverifiable, .unwitnessed, .smallerHead, .undecided, .stale, .notServed:
            .unverifiable
        case .headAhead, .headTimeBackwards, .altered, .malformedEntries, .timeBackwards,
            .backdated, .leafAhead:
            .tampered
        case .fork: .forked
        }
    }
}
