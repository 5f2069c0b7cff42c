// SPDX-License-Identifier: Apache-2.0

import LogStorage
import SQLiteStorage
import TransparencyLog

/// A data folder's store, as a verification reads it; a server may run meanwhile.
struct StoreVerification: VerificationSource {
    let view: SQLiteView
    /// Runs SQLite's own check of the file too, which reads all of it.
    let checksFile: Bool

    var reader: any LogReader { view.reader }
    var origin: String? { view.origin }

    func contents(
        _ range: Range<UInt64>
    ) throws(StoreError) -> [(index: UInt64, content: StoredContent)] {
        try view.contents(range)
    }

    func submissions(_ range: Range<UInt64>) throws(StoreError) -> [StoredSubmission] {
        try view.submissions(range)
    }

    /// Rows that no head covers, rows that are missing beside the entries, and what SQLite's own
    /// check of the file finds.
    func surroundings(size: UInt64) throws(StoreError) -> [VerificationFinding] {
        var findings: [VerificationFinding] = []
        if checksFile, let line = try view.integrityFindings().first {
            findings.append(VerificationFinding(.unopenable, nil, "the database file", line))
        }
        for extent in try view.extents() {
            if let finding = Self.finding(extent, size) { findings.append(finding) }
        }
        for (level, index) in try view.tiles() {
            let (first, overflow) = index.multipliedReportingOverflow(by: 256)
            guard level > 0, level < 8, !overflow, first < size >> (8 * UInt64(level)) else {
                findings.append(
                    VerificationFinding(
                        .derivedColumnMismatch, nil, "tile level \(level)",
                        "there is a tile at \(index) that the tree has not"))
                break
            }
        }
        return findings
    }

    private static func finding(_ extent: StoredExtent, _ size: UInt64) -> VerificationFinding? {
        let sealed = size / 256
        let wanted: Range<UInt64>
        switch extent.table {
        case "content": wanted = 0..<size
        case "segment": wanted = 0..<sealed
        case "open_entry": wanted = 256 * sealed..<size
        case "credential": wanted = 1..<max(2, extent.rowCount + 1)
        default: return nil
        }
        guard let keys = extent.keys else { return nil }
        if keys.upperBound >= wanted.upperBound, extent.table != "credential" {
            return VerificationFinding(
                .tornTail, size, extent.table,
                "there are rows up to \(keys.upperBound), which no head covers")
        }
        guard wanted.contains(keys.lowerBound), wanted.contains(keys.upperBound) else {
            return VerificationFinding(
                .derivedColumnMismatch, nil, extent.table,
                "there are rows from \(keys.lowerBound) to \(keys.upperBound), where "
                    + "\(wanted.lowerBound) to \(wanted.upperBound) are asked for")
        }
        return nil
    }
}
