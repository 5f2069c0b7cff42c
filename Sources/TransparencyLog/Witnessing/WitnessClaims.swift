// SPDX-License-Identifier: Apache-2.0

import LogCrypto
package import Merkle
package import SignedNote

/// A head that this log has signed, and that someone else kept.
package struct WitnessClaim: Sendable {
    package let head: TreeHead
    /// Who kept it, for people.
    package let keeper: String

    package init(head: TreeHead, keeper: String) {
        self.head = head
        self.keeper = keeper
    }
}

extension WitnessSettings {
    /// The heads of a log that its witnesses show in a few seconds; only what its key signed counts.
    package func claims(log: VerifierKey) async -> [WitnessClaim] {
        await WitnessClaims(settings: self, log: log).gather(nil)
    }
}

/// Heads of this log that are kept elsewhere than in its store and its anchor.
struct WitnessClaims: Sendable {
    let settings: WitnessSettings
    let log: VerifierKey

    private static let patience = Duration.seconds(5)

    /// The newest head of the archive and those that the witnesses show in a few seconds.
    ///
    /// Only what this log's key signed counts.
    func gather(_ archive: CheckpointArchive?) async -> [WitnessClaim] {
        var claims: [WitnessClaim] = []
        if let note = archive?.newest?.note, let head = opened(Array(note.utf8)) {
            claims.append(WitnessClaim(head: head, keeper: "the archive of witnessed heads"))
        }
        await withTaskGroup(of: WitnessClaim?.self) { group in
            for witness in settings.policy.witnesses where witness.url != nil {
                group.addTask { await self.ask(witness) }
            }
            for await claim in group.compactMap(\.self) { claims.append(claim) }
        }
        return claims
    }

    private func ask(_ witness: WitnessPolicy.Witness) async -> WitnessClaim? {
        guard let url = witness.url else { return nil }
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        let origin = SHA256.hash(Array(log.name.utf8)).hex
        let call = WitnessCall(
            url: "\(base)/\(origin)/checkpoint", body: nil,
            timeout: min(settings.timeout, Self.patience))
        guard let reply = try? await settings.transport(call), reply.status == 200,
            let head = opened(reply.body)
        else { return nil }
        return WitnessClaim(head: head, keeper: "the witness \(witness.key.name)")
    }

    private func opened(_ note: [UInt8]) -> TreeHead? {
        try? OpenedCheckpoint.open(note, origin: log.name, keys: [log]).checkpoint.head
    }
}
