// SPDX-License-Identifier: Apache-2.0

package import LogCrypto
package import Merkle

/// The head row: what recovery and the next commit start from.
///
/// It is never signed here.
package struct StoredHead: Hashable, Sendable {
    /// Size and root of the committed tree.
    package let treeHead: TreeHead
    /// The number of this commit, from 1; the fence compares it.
    package let commit: UInt64
    /// `timestamp_ms` of the last leaf, rounded down to the log's granularity.
    package let lastLeafTimestampMS: UInt64
    /// The last leaf's chain MAC; the chain's genesis value in an empty log.
    package let lastMAC: Digest
    /// Wall clock at the commit, milliseconds since 1970.
    package let committedAtMS: UInt64

    package init(
        treeHead: TreeHead, commit: UInt64, lastLeafTimestampMS: UInt64, lastMAC: Digest,
        committedAtMS: UInt64
    ) {
        self.treeHead = treeHead
        self.commit = commit
        self.lastLeafTimestampMS = lastLeafTimestampMS
        self.lastMAC = lastMAC
        self.committedAtMS = committedAtMS
    }
}
