// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogCrypto
import LogStorage
package import Merkle

/// The head under which many records are proven; it stays while the log grows.
package struct EvidenceHead: Sendable {
    package let head: TreeHead
    /// The note over it, with all signatures that it has.
    package let note: String
    /// What its nodes are read under: its own tree, or one that has grown from it.
    let published: PublishedHead
}

/// What proves that records are under a head: their leaves, and nodes of the tree beside them.
package struct ProvenPart: Sendable {
    /// In the order of the indexes asked for.
    package let leaves: [Leaf]
    /// In the order of the nodes asked for.
    package let nodes: [Digest]
}

extension Log {
    /// The newest head as `/checkpoint` shows it, for evidence that is read step by step.
    package func evidenceHead() async throws(LogError) -> EvidenceHead {
        let signed = try await signedHead()
        // Read later, it is the same tree or one that has grown from it.
        return EvidenceHead(head: signed.head, note: signed.note, published: published)
    }

    /// The newest head that met the witness policy; nil before the first, and without a policy.
    package var witnessedEvidenceHead: EvidenceHead? {
        witnessed.map { EvidenceHead(head: $0.head, note: $0.note, published: published) }
    }

    /// Reads leaves, compared with the tree, and nodes, on the threads that give way to others.
    ///
    /// That the nodes are those of the head shows when its root is made from them.
    ///
    /// - Parameters:
    ///   - indexes: rising, below the head's size.
    ///   - nodes: complete subtrees of the head's tree.
    package func evidence(
        of indexes: [UInt64], nodes: [NodeCoordinate], under head: EvidenceHead
    ) async throws(LogError) -> ProvenPart {
        guard indexes.last.map({ $0 < head.head.size }) ?? true else {
            throw beyond(head.published)
        }
        return try await reading {
            let leaves = try await self.queries.run { [reader] in
                try Self.stretches(indexes).flatMap { try reader.leaves($0) }
            }
            let own = indexes.map { NodeCoordinate(height: 0, index: $0) }
            let hashes = try await self.tree.hashes(at: own + nodes, under: head.published)
            guard leaves.count == indexes.count else {
                throw LogError(.corrupt, "a leaf of the published tree is missing")
            }
            for (place, index) in indexes.enumerated() {
                guard leaves[place].hash == hashes[place] else { throw TreeReader.differs(index) }
            }
            return ProvenPart(leaves: leaves, nodes: Array(hashes[indexes.count...]))
        }
    }

    /// Runs work on many records on the threads that give way to others.
    ///
    /// Throws what `body` throws, if it is the log's error.
    package func givingWay<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws(LogError) -> Result {
        try await reading { try await self.queries.run(body) }
    }

    /// Neighbours together: they are read by one statement.
    private static func stretches(_ indexes: [UInt64]) -> [Range<UInt64>] {
        var stretches: [Range<UInt64>] = []
        for index in indexes {
            if let last = stretches.last, last.upperBound == index {
                stretches[stretches.count - 1] = last.lowerBound..<index + 1
            } else {
                stretches.append(index..<index + 1)
            }
        }
        return stretches
    }
}
