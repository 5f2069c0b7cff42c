// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import TransparencyLog

/// Writes the lines of a bundle set in the order of the tree, and makes the tree's root of them.
///
/// A value without a store: it says which nodes it needs, and takes what was read.
struct BundleSetLines: Sendable {
    let selection: FieldSelection
    private(set) var tree = CompactRange()
    private(set) var records: UInt64 = 0

    init(_ selection: FieldSelection) {
        self.selection = selection
    }

    /// The nodes that the next lines need, for these records and the leaves around them that are
    /// before `end`.
    func nodes(around indexes: [UInt64], to end: UInt64) -> [NodeCoordinate] {
        var nodes: [NodeCoordinate] = []
        var start = tree.size
        for index in indexes {
            nodes += NodeCoordinate.cover(start..<index)
            start = index + 1
        }
        return nodes + NodeCoordinate.cover(start..<max(start, end))
    }

    /// Writes the lines for records, and for the leaves around them that are before `end`.
    ///
    /// - Parameter nodes: the hashes of ``nodes(around:to:)``.
    mutating func write(
        _ opened: [OpenedRecord], nodes: [Digest], to end: UInt64, _ json: inout JSONWriter
    ) {
        var nodes = nodes[...]
        for record in opened {
            skip(to: record.index, &nodes, &json)
            json.open()
            json.opened(record, selection)
            json.close()
            json.newline()
            tree.append(record.leaf.hash)
            records += 1
        }
        skip(to: end, &nodes, &json)
        precondition(nodes.isEmpty, "nodes that no line needs")
    }

    private mutating func skip(
        to end: UInt64, _ nodes: inout ArraySlice<Digest>, _ json: inout JSONWriter
    ) {
        guard tree.size < end else { return }
        let cover = NodeCoordinate.cover(tree.size..<end)
        let hashes = Array(nodes.prefix(cover.count))
        nodes = nodes.dropFirst(cover.count)
        json.open()
        json.member("skip_to", end)
        json.member("nodes", base64: hashes)
        json.close()
        json.newline()
        for (node, hash) in zip(cover, hashes) {
            tree.append(subtree: hash, height: node.height)
        }
    }
}
