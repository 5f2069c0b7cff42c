// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle
import SignedNote

/// Publishes what a crash left committed but unpublished, once the guard has verified it: signed,
/// verified and anchored as every head is, before anyone sees it.
struct Recovery {
    let sign: Publisher.Sign
    let anchor: Anchor
    let wallMS: UInt64

    /// The head that the log starts with.
    func publish(_ found: StartupGuard.Result) throws -> PublishedHead {
        let head = found.state.edge.head
        var note = found.note
        if head != found.anchored {
            note = try sign(head)
            try anchor.write(
                AnchorState(note: note, treeHeadTimeMS: anchor.state?.treeHeadTimeMS ?? 0))
        }
        return PublishedHead(
            head: head, note: note,
            lastLeafTimestampMS: found.state.head?.lastLeafTimestampMS ?? 0,
            publishedAtMS: wallMS, edge: found.state.edge)
    }
}

extension CheckpointSigner {
    /// The note over a head.
    ///
    /// The signer has verified its signature before this returns.
    func signVerified(_ head: TreeHead) throws -> String {
        let note = try sign(head)
        guard try Checkpoint(parsing: note.text).head == head else {
            throw SequencerFault.headDiffers
        }
        return note.serialized
    }
}
