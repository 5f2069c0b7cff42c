// SPDX-License-Identifier: Apache-2.0

package import Merkle

/// The newest head that is committed, signed and anchored: what the outside world may see.
package struct PublishedHead: Sendable {
    package let head: TreeHead
    /// The note over it, with the log's Ed25519 signature alone.
    package let note: String
    /// `timestamp_ms` of its last leaf.
    package let lastLeafTimestampMS: UInt64
    /// Wall clock when it was published, milliseconds.
    package let publishedAtMS: UInt64
    /// The open tiles of its tree.
    let edge: TreeEdge
}

/// A published head with the tree head signature (0x05) that `/checkpoint` serves.
struct SignedTreeHead: Sendable {
    let head: TreeHead
    /// The note with both signatures.
    let note: String
    let timestampMS: UInt64
}
