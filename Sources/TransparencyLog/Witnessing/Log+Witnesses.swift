// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage
package import Merkle
import SignedNote

extension Log {
    /// Whom the log asks; nil if it asks nobody.
    package var witnessSettings: WitnessSettings? { witnesses?.settings }

    /// The newest head that met the witness policy; nil before the first, and without a policy.
    package var witnessed: WitnessedHead? { witnesses?.witnessed }

    /// A witnessed head of at least `size` leaves; nil if none came in time.
    package func witnessed(covering size: UInt64) async -> WitnessedHead? {
        await witnesses?.witnessed(covering: size)
    }

    /// The bytes of a tile of the witnessed tree; nil if that tree does not have it.
    package func witnessedTile(_ tile: Tile) async throws(LogError) -> [UInt8]? {
        let level: UInt8 =
            switch tile.level {
            case .entries: 0
            case .hashes(let level): level
            }
        guard let head = witnessed?.head,
            tile.width <= Tile.width(of: level, index: tile.index, treeSize: head.size)
        else { return nil }
        return try await self.tile(tile)
    }

    /// Whether no records are taken, for witnesses do not meet the policy and it asks for that.
    package var lacksWitnesses: Bool {
        witnesses.map { $0.health.isOverdue && $0.settings.onFailure == .closed } ?? false
    }

    /// A published record with its proof under a witnessed head that covers it.
    package func record(
        _ record: SequencedRecord, under head: WitnessedHead
    ) async throws(LogError) -> SequencedRecord {
        let index = record.index
        let (proof, leafHash, _) = try await inclusion(of: index, size: head.head.size)
        guard record.leaf.hash == leafHash,
            (try? proof.verify(leafHash: leafHash, in: head.head)) != nil
        else {
            throw LogError(.corrupt, "the leaf at index \(index) is not in the witnessed tree")
        }
        return SequencedRecord(
            index: index, leaf: record.leaf, proof: proof, checkpoint: head.note)
    }

    /// Checkpoints that met the policy, of more than `size` leaves, at most `limit`, oldest first.
    package func witnessedCheckpoints(
        after size: UInt64, limit: Int
    ) async throws(LogError) -> [CheckpointArchive.Item] {
        guard let archive = witnesses?.archive else { return [] }
        do {
            return try await queries.run { try archive.items(after: size, limit: limit) }
        } catch let error as StoreError {
            throw LogError(.overloaded, "the log is busy; try again after a moment", cause: error)
        } catch {
            throw LogError(.storageFailed, "the checkpoints could not be read", cause: error)
        }
    }

    /// A note with the cosignatures that its head has so far.
    func withCosignatures(_ note: String, of head: TreeHead) throws(LogError) -> String {
        let lines = witnesses?.cosignatures(of: head) ?? []
        guard !lines.isEmpty else { return note }
        do {
            let parsed = try Note(parsing: Array(note.utf8))
            return Note(text: parsed.text, signatures: parsed.signatures + lines).serialized
        } catch {
            throw LogError(.corrupt, "the published note is not a note", cause: error)
        }
    }
}
