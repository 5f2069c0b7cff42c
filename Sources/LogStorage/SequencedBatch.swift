// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogCrypto
package import Merkle

/// All that one commit writes.
package struct SequencedBatch: Sendable {
    /// The index of the first entry: the tree's size before this batch.
    package let firstIndex: UInt64
    package let entries: [SequencedEntry]
    /// Full tiles, level 0 first, and the open tiles above level 0 that widened.
    package let growth: TreeGrowth
    /// The unsigned head after this batch.
    package let head: StoredHead

    package init(
        firstIndex: UInt64, entries: [SequencedEntry], growth: TreeGrowth, head: StoredHead
    ) {
        self.firstIndex = firstIndex
        self.entries = entries
        self.growth = growth
        self.head = head
    }
}

/// One entry with its place in the log.
package struct SequencedEntry: Sendable {
    package let leaf: Leaf
    package let leafHash: Digest
    package let submission: StoredSubmission
    package let content: StoredContent
    package let lookups: [LookupKey]

    package init(
        leaf: Leaf, leafHash: Digest, submission: StoredSubmission, content: StoredContent,
        lookups: [LookupKey]
    ) {
        self.leaf = leaf
        self.leafHash = leafHash
        self.submission = submission
        self.content = content
        self.lookups = lookups
    }
}

/// What stays of a submission for ever: its idempotency key and who used it.
package struct StoredSubmission: Hashable, Sendable {
    /// HMAC(K_idem, scope ‖ key).
    package let key: Digest
    /// Number of the credential that submitted it.
    package let credential: UInt32

    package init(key: Digest, credential: UInt32) {
        self.key = key
        self.credential = credential
    }
}

/// What was submitted at an index.
package struct IndexedContent: Hashable, Sendable {
    package let index: UInt64
    package let content: StoredContent

    package init(index: UInt64, content: StoredContent) {
        self.index = index
        self.content = content
    }
}

/// An entry as the database gives it back inside the transaction that wrote it.
package struct RereadEntry: Hashable, Sendable {
    package let leaf: Leaf
    package let submission: StoredSubmission
    package let content: StoredContent

    package init(leaf: Leaf, submission: StoredSubmission, content: StoredContent) {
        self.leaf = leaf
        self.submission = submission
        self.content = content
    }
}

/// A tenant and the name of one of its credentials; the name survives token rotation.
package struct StoredCredential: Hashable, Sendable {
    package let tenant: String
    package let name: String

    package init(tenant: String, name: String) {
        self.tenant = tenant
        self.name = name
    }
}
