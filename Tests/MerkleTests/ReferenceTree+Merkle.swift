// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Merkle

extension ReferenceTree {
    /// The hash of a complete subtree.
    func node(_ coordinate: NodeCoordinate) -> Digest {
        let (start, count) = (Int(coordinate.index) << coordinate.height, 1 << coordinate.height)
        return hash(start..<start + count)
    }

    func head(size: Int) -> TreeHead {
        TreeHead(size: UInt64(size), root: root(size: size))
    }

    /// The bytes of a hash tile.
    func bytes(of tile: Tile) -> [UInt8] {
        guard case .hashes(let level) = tile.level else { return [] }
        return (0..<tile.width).flatMap {
            node(NodeCoordinate(height: 8 * level, index: tile.index * 256 + UInt64($0))).bytes
        }
    }

    /// The hashes of all complete subtrees, by height and index.
    var nodesByHeight: [[Digest]] {
        (0...leafHashes.count.bitWidth - leafHashes.count.leadingZeroBitCount - 1).map { height in
            (0..<leafHashes.count >> height).map { index in
                node(NodeCoordinate(height: UInt8(height), index: UInt64(index)))
            }
        }
    }
}
