// SPDX-License-Identifier: Apache-2.0

/// One line of the benchmark's table: what was measured, and what it must reach.
struct BenchFigure: Encodable {
    enum Better: String, Encodable { case higher, lower }

    /// The figure's number in the table of goals; empty for one that only explains others.
    let id: String
    let what: String
    let value: Double
    let unit: String
    var better = Better.higher
    var must: Double?
    var aim: Double?
    var load: Load?
    /// What has to be known to read the figure.
    var note = ""

    /// What a load run says beside its rate.
    struct Load: Encodable {
        let p50Ms: Double
        let p99Ms: Double
        /// Processor time of the server, in cores.
        let cores: Double
        /// Processor time of all else on the machine, in cores: above 0.1, run it again.
        let othersCores: Double
        /// Memory of the server at the end of the run.
        let residentMib: Double
    }

    /// Whether the figure reaches `goal`; nil where there is none.
    private func reaches(_ goal: Double?) -> Bool? {
        goal.map { better == .higher ? value >= $0 : value <= $0 }
    }

    /// What the table says of the figure.
    var verdict: String {
        guard let reachesMust = reaches(must) else { return "" }
        if !reachesMust { return "MISSED" }
        return reaches(aim) == true ? "aim" : "must"
    }

    private enum CodingKeys: String, CodingKey {
        case id, what, value, unit, must, aim, load, note, verdict
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(what, forKey: .what)
        try container.encode(value, forKey: .value)
        try container.encode(unit, forKey: .unit)
        try container.encodeIfPresent(must, forKey: .must)
        try container.encodeIfPresent(aim, forKey: .aim)
        try container.encodeIfPresent(load, forKey: .load)
        if !note.isEmpty { try container.encode(note, forKey: .note) }
        if must != nil { try container.encode(verdict, forKey: .verdict) }
    }
}

/// The table as text.
enum BenchTable {
    private static let widths = [4, 38, 12, 8, 8, 6, 6, 7, 9, 9, 7]

    static func text(_ figures: [BenchFigure]) -> String {
        let header = [
            "", "what", "measured", "p50 ms", "p99 ms", "cores", "others", "RSS MiB", "must",
            "aim", "reached",
        ]
        let lines = [header] + figures.map(columns)
        return lines.map { line in
            let cells = zip(line, widths).enumerated().map { place, cell in
                place < 2 ? cell.0.padded(cell.1) : cell.0.padded(left: cell.1)
            }
            return cells.joined(separator: " ")
        }.joined(separator: "\n")
    }

    private static func columns(_ figure: BenchFigure) -> [String] {
        let load = figure.load
        return [
            figure.id, figure.what, number(figure.value) + figure.unit,
            load?.p50Ms.text(2) ?? "", load?.p99Ms.text(2) ?? "", load?.cores.text(2) ?? "",
            load?.othersCores.text(2) ?? "",
            load.map { $0.residentMib.text(0) } ?? "", figure.must.map(number) ?? "",
            figure.aim.map(number) ?? "", figure.verdict,
        ]
    }

    private static func number(_ value: Double) -> String {
        value < 100 ? value.text(2) : value.rateText
    }
}

extension String {
    /// The text with spaces before it up to a width.
    func padded(left width: Int) -> String {
        String(repeating: " ", count: max(0, width - count)) + self
    }
}
