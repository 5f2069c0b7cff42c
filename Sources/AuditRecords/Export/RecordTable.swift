// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Records as a table in CSV (RFC 4180), for spreadsheets.
///
/// The column `record` has the canonical text, unchanged; the others are read from it, and are
/// made safe for programs that take a cell with a leading `=`, `+`, `-`, `@`, tab or carriage
/// return for a formula: such a cell begins with an apostrophe.
public struct RecordTable: Sendable {
    /// What is written so far, the heading included.
    public private(set) var bytes: [UInt8] = []

    private static let fields: [FilterField] = [
        .type, .category, .action, .outcome, .reason, .actorType, .actor, .agent, .model, .tool,
        .targetType, .target, .rule, .approvalStatus, .sourceIP, .traceID, .sessionID, .runID,
        .dataClass, .producer,
    ]

    /// A table without a row.
    ///
    /// - Parameter heading: Whether the names of the columns come first.
    public init(heading: Bool = true) {
        guard heading else { return }
        row(
            ["index", "time", "received", "id", "tenant", "severity"] + Self.fields.map(\.name)
                + ["record"])
    }

    /// Adds a row.
    public mutating func add(_ index: UInt64, _ terms: RecordTerms) {
        var cells = [
            String(index), terms.time?.description ?? "", terms.received?.description ?? "",
            terms.id, terms.tenant, terms.severity.map { String($0) } ?? "",
        ]
        cells += Self.fields.map { terms.values(of: $0).joined(separator: "; ") }
        for cell in cells {
            append(Self.safe(cell).utf8)
            bytes.append(UInt8(ascii: ","))
        }
        append(terms.canonical)
        endRow()
    }

    /// The text with an apostrophe before it, where a spreadsheet might compute it.
    package static func safe(_ cell: String) -> String {
        switch cell.utf8.first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0d:
            "'" + cell
        default: cell
        }
    }

    private mutating func row(_ cells: [String]) {
        for (place, cell) in cells.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: ",")) }
            append(cell.utf8)
        }
        endRow()
    }

    /// A cell in quotes where it needs them, each quote within it doubled.
    private mutating func append(_ cell: some Collection<UInt8>) {
        let isPlain = cell.allSatisfy { $0 > 0x20 && ![0x22, 0x2c, 0x3b].contains($0) }
        guard !isPlain else {
            bytes += cell
            return
        }
        let quote = UInt8(ascii: "\"")
        bytes.append(quote)
        for byte in cell {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
    }

    private mutating func endRow() {
        bytes += [0x0d, 0x0a]
    }
}
