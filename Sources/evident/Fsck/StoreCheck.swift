// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle
import SQLiteStorage

/// Checks what lies around the entries: the file itself, gaps, and rows beyond the head.
struct StoreCheck {
    let view: SQLiteView
    let size: UInt64

    /// Throws the first ``FsckFinding``.
    func run() throws {
        let findings = try view.integrityFindings()
        if let first = findings.first {
            throw FsckFinding(nil, "the database file", first)
        }
        for extent in try view.extents() { try check(extent) }
        try checkTiles()
    }

    private func check(_ extent: StoredExtent) throws {
        let sealed = size / 256
        let wanted: Range<UInt64>?
        switch extent.table {
        case "content":
            // What is missing among them was gone into record by record.
            guard let last = extent.keys?.upperBound, last >= size else { return }
            wanted = 0..<size
        case "segment": wanted = 0..<sealed
        case "open_entry": wanted = 256 * sealed..<size
        case "credential": wanted = 1..<max(2, extent.rowCount + 1)
        default: wanted = nil
        }
        guard let wanted else { return }
        let isWhole =
            extent.rowCount == UInt64(wanted.count)
            && (extent.keys.map(Range.init) ?? wanted) == wanted
        guard isWhole else {
            throw FsckFinding(
                nil, extent.table,
                "\(extent.rowCount) rows where the head of \(size) entries asks for \(wanted.count)"
            )
        }
    }

    /// Every tile that the tree has, and no other.
    private func checkTiles() throws {
        var stored: [UInt8: UInt64] = [:]
        for (level, index) in try view.tiles() {
            let next = stored[level, default: 0]
            guard index == next, level > 0, Tile.width(of: level, index: index, treeSize: size) > 0
            else {
                throw FsckFinding(
                    nil, "tile level \(level)", "there is a tile at \(index) that the tree has not")
            }
            stored[level] = next + 1
        }
        for level in UInt8(1)..<8 {
            let nodes = size >> (8 * UInt64(level))
            guard stored[level, default: 0] == (nodes + 255) / 256 else {
                throw FsckFinding(nil, "tile level \(level)", "tiles are missing")
            }
        }
    }
}
