// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
package import SignedNote

extension Log {
    /// A record's COSE receipt under the newest published head.
    ///
    /// The receipt key signs the root of no other head. Cost: one signature, and its verification.
    package func coseReceipt(at index: UInt64) async throws(LogError) -> COSEReceipt {
        guard evidence == nil else {
            throw LogError(.evidenceOnly, "nothing is signed while the log is only looked at")
        }
        let record = try await record(at: index)
        do {
            let note = try Note(parsing: Array(record.checkpoint.utf8))
            return try keys.receiptSigner.sign(
                leaf: record.leaf.encoded, proof: record.proof,
                in: Checkpoint(parsing: note.text).head)
        } catch {
            throw LogError(.corrupt, "no receipt could be signed", cause: error)
        }
    }
}
