// SPDX-License-Identifier: Apache-2.0

import LogClient
import Merkle

/// What a monitor counts, in the text form of Prometheus.
struct MonitorMetrics {
    let origin: String
    var undelivered: UInt64 = 0
    private var events: [MonitorEvent.Kind: UInt64] = [:]
    private var conditions: Set<MonitorState.Condition> = []
    private var size: UInt64 = 0
    private var signedMS: UInt64 = 0
    private var polledMS: UInt64 = 0
    private var polls: UInt64 = 0

    init(origin: String) {
        self.origin = origin
    }

    mutating func take(_ outcome: LogMonitor.Outcome, nowMS: UInt64) {
        for event in outcome.events { events[event.kind, default: 0] += 1 }
        conditions = outcome.state.conditions
        size = outcome.head.size
        signedMS = outcome.state.signedMS
        polledMS = nowMS
        polls += 1
    }

    var text: String {
        var text = ""
        func metric(_ name: String, _ type: String, _ help: String, _ rows: [(String, String)]) {
            text +=
                "# HELP evident_monitor_\(name) \(help)\n# TYPE evident_monitor_\(name) \(type)\n"
            for (labels, value) in rows {
                text += "evident_monitor_\(name){origin=\"\(origin)\"\(labels)} \(value)\n"
            }
        }
        metric("tree_size", "gauge", "Entries that were verified.", [("", "\(size)")])
        metric(
            "head_signed_seconds", "gauge", "When the newest head was signed; 0 if not known.",
            [("", Self.seconds(signedMS))])
        metric(
            "last_poll_seconds", "gauge", "When the log was looked at last.",
            [("", Self.seconds(polledMS))])
        metric("polls_total", "counter", "Looks at the log.", [("", "\(polls)")])
        metric(
            "undelivered_total", "counter", "Looks whose events the webhook did not take.",
            [("", "\(undelivered)")])
        metric(
            "events_total", "counter", "Events by kind.",
            MonitorEvent.Kind.allCases.map {
                (",kind=\"\($0.rawValue)\"", "\(events[$0] ?? 0)")
            })
        metric(
            "condition", "gauge", "Places for which something lasts, by kind.",
            MonitorEvent.Kind.allCases.filter(\.lasts).map { kind in
                (",kind=\"\(kind.rawValue)\"", "\(conditions.count { $0.kind == kind })")
            })
        return text
    }

    private static func seconds(_ milliseconds: UInt64) -> String {
        (Double(milliseconds) / 1000).text(3)
    }
}
