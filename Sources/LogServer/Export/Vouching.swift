// SPDX-License-Identifier: Apache-2.0

import Merkle
import TransparencyLog

/// Has the log vouch for a file that was made of it: nothing else is signed for one.
struct Vouching: Sendable {
    let log: Log
    let access: AccessRecords

    /// The line that vouches: the log's own record of the file, which is in the log before it is
    /// told, with the proof that its tree begins with the one of `head`.
    ///
    /// - Parameter event: what the record says, the file's hash among it.
    func line(
        _ event: AccessEvent, by credential: Credential, after head: EvidenceHead
    ) async throws -> [UInt8] {
        let (place, content) = try await access.export(event, by: credential)
        let own = try BundleSetRun.opened(
            place.index, place.leaf, content, log.keys.identity.origin)
        let growth = try await log.consistency(
            from: head.head.size, to: place.proof.treeSize)
        var json = JSONWriter(capacity: 4_096)
        json.open()
        json.name("vouched")
        json.bundle(
            own, .all, inclusion: place.proof.hashes, checkpoint: place.checkpoint)
        json.member("consistency", base64: growth.hashes)
        json.close()
        json.newline()
        return json.bytes
    }
}
