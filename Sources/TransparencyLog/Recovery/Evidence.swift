// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle
import SignedNote

/// What can be shown of a log that must not go on: read from its store and its anchor, and written
/// to neither.
struct Evidence {
    /// The tree that is shown; its note is empty where no signed head covers it.
    let shown: PublishedHead
    /// The newest signed head, whether the store has its tree or not.
    let note: String?
    let finding: EvidenceFinding

    /// Throws ``StartupRefusal`` if not even the tree can be read; the store's error.
    init(
        keys: LogKeys, reader: any LogReader, anchored: AnchorState?, wallMS: UInt64
    ) throws {
        guard let size = try reader.head()?.treeHead.size else {
            throw StartupRefusal(.tampered, "the store holds no log: there is nothing to show")
        }
        let stored = try Self.edge(of: size, reader)
        let signed = anchored.flatMap { state in
            try? OpenedCheckpoint.open(
                Array(state.note.utf8), origin: keys.identity.origin.text,
                keys: [keys.signer.verifierKey]
            ).checkpoint.head
        }
        note = signed == nil ? nil : anchored?.note
        var edge = stored
        if let signed, signed.size > 0 {
            if signed.size > size {
                finding = .storeIsBehind(stored: size, signed: signed.size)
            } else if let covered = try? Self.edge(of: signed.size, reader), covered.head == signed,
                Self.extends(signed, stored.head, reader)
            {
                finding = .storeAgrees(stored: size, signed: signed.size)
                edge = covered
            } else {
                finding = .storeDiffers(stored: size, signed: signed.size)
            }
        } else {
            finding = .noSignedHead(stored: size)
        }
        let isCovered = signed == edge.head
        let last = try? reader.leaves(edge.head.size - 1..<edge.head.size).first
        shown = PublishedHead(
            head: edge.head, note: isCovered ? note ?? "" : "",
            lastLeafTimestampMS: last?.timestampMS ?? 0, publishedAtMS: wallMS, edge: edge)
    }

    private static func edge(of size: UInt64, _ reader: any LogReader) throws -> TreeEdge {
        do {
            return try TreeEdge(size: size) { level, index, width in
                guard let bytes = try reader.hashTile(level: level, index: index),
                    bytes.count >= width * Digest.byteCount
                else { throw TileError.wrongByteCount(0) }
                return Array(bytes.prefix(width * Digest.byteCount))
            }
        } catch is TileError {
            throw StartupRefusal(
                .tampered,
                "the edge of the stored tree is missing: nothing can be shown of it. "
                    + "Keep a copy, and see what evident fsck finds")
        }
    }

    private static func extends(
        _ old: TreeHead, _ new: TreeHead, _ reader: any LogReader
    ) -> Bool {
        let proof = try? StoredTree(reader: reader)
            .consistencyProof(from: old.size, to: new.size)
        return (try? proof?.verify(from: old, to: new)) != nil
    }
}
