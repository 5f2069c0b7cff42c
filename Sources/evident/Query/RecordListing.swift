// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Records as lines for people, fitted to a screen.
///
///     INDEX  TIME (UTC)           TENANT  TYPE       ACTOR    OUTCOME  WHAT
///        17  2026-06-01 08:00:01  acme    tool.call  agent-1  denied   send_mail → alice
struct RecordListing {
    private enum Column: Int, CaseIterable {
        case index, time, tenant, type, actor, outcome, what

        var title: String {
            switch self {
            case .index: "INDEX"
            case .time: "TIME (UTC)"
            case .tenant: "TENANT"
            case .type: "TYPE"
            case .actor: "ACTOR"
            case .outcome: "OUTCOME"
            case .what: "WHAT"
            }
        }

        /// The narrowest that it is made, if the screen is narrow.
        var least: Int {
            switch self {
            case .index: 5
            case .time: 19
            case .outcome: 7
            case .tenant, .type, .actor: 6
            case .what: 4
            }
        }
    }

    private let screen: Screen
    private var widths: [Int]

    /// - Parameter typical: the widths that are taken for granted where lines come one by one.
    init(_ screen: Screen, typical: Bool = false) {
        self.screen = screen
        widths = Column.allCases.map { $0.title.count }
        if typical {
            widths = [8, 19, 10, 18, 20, 9, 30]
            narrow()
        }
    }

    /// The line of titles.
    var heading: String {
        let line = line(Column.allCases.map(\.title))
        return screen.hasColour ? "\u{1B}[1m\(line)\u{1B}[0m" : line
    }

    /// Makes the columns wide enough for these records, as far as the screen allows; later ones
    /// are cut to the same.
    mutating func fit(_ records: [ListedRecord]) {
        for record in records {
            for (place, cell) in Self.cells(record).enumerated() {
                widths[place] = max(widths[place], ShownText.width(cell))
            }
        }
        narrow()
    }

    func line(_ record: ListedRecord) -> String {
        let cells = Self.cells(record)
        let line = line(cells)
        guard screen.hasColour, let colour = Self.colour(cells[Column.outcome.rawValue]) else {
            return line
        }
        return "\u{1B}[\(colour)m\(line)\u{1B}[0m"
    }

    private func line(_ cells: [String]) -> String {
        var parts: [String] = []
        for (cell, width) in zip(cells, widths) {
            let isIndex = parts.isEmpty
            let padding = String(repeating: " ", count: max(0, width - ShownText.width(cell)))
            parts.append(
                isIndex && !padding.isEmpty ? padding + cell : fitted(cell, width))
        }
        let line = parts.joined(separator: "  ")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }

    private func fitted(_ cell: String, _ width: Int) -> String {
        let isWhole = screen.width == nil && ShownText.width(cell) > width
        return isWhole ? cell : ShownText.fit(cell, width)
    }

    /// Takes from the widest column until the line fits; the index and the time are never cut.
    private mutating func narrow() {
        guard let limit = screen.width else { return }
        let gaps = 2 * (widths.count - 1)
        while widths.reduce(0, +) + gaps > limit {
            let candidates = Column.allCases.filter {
                $0 != .index && widths[$0.rawValue] > $0.least
            }
            guard let widest = candidates.max(by: { widths[$0.rawValue] < widths[$1.rawValue] })
            else { return }
            widths[widest.rawValue] -= 1
        }
    }

    // MARK: Cells

    private static func cells(_ listed: ListedRecord) -> [String] {
        let record = listed.record
        let time = (record["time"] ?? record["received"])?.text ?? ""
        let cells: [String] = [
            String(listed.index), String(time.prefix(19)).replacing("T", with: " "),
            text(record["tenant"]), text(record["type"]), text(record["actor"]?["id"]),
            text(record["outcome"]), what(record),
        ]
        return cells.map(ShownText.clean)
    }

    private static func text(_ value: JSONValue?) -> String { value?.text ?? "" }

    /// What was done and to what, as far as the record says.
    private static func what(_ record: JSONValue) -> String {
        let subject =
            record["tool"]?["name"]?.text ?? record["model"]?["name"]?.text
            ?? record["action"]?.text ?? ""
        let targets = (record["target"]?.elements ?? []).compactMap {
            ($0["name"] ?? $0["id"])?.text
        }
        var parts = [subject]
        if !targets.isEmpty { parts.append("→ " + targets.joined(separator: ", ")) }
        if let reason = record["reason"]?.text { parts.append("(\(reason))") }
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// Red for what did not succeed, yellow for what is in doubt.
    private static func colour(_ outcome: String) -> Int? {
        switch outcome {
        case "failure", "denied", "timeout": 31
        case "cancelled", "partial", "unknown": 33
        default: nil
        }
    }
}
