// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// Tiles, bundles, nodes and proofs of published heads, for requests.
///
/// Open tiles come from the published edge, full ones from the cache, and what is missing from the
/// store, read on its own threads.
struct TreeReader: Sendable {
    let reader: any LogReader
    let pool: BlockingPool
    let cache: TileCache

    /// The bytes of a hash tile or entry bundle; nil if it lies beyond the published tree.
    func bytes(of tile: Tile, under published: PublishedHead) async throws -> [UInt8]? {
        let level =
            switch tile.level {
            case .entries: UInt8(0)
            case .hashes(let level): level
            }
        let width = Tile.width(of: level, index: tile.index, treeSize: published.head.size)
        guard tile.width <= width else { return nil }
        if width == Tile.maxWidth {
            let key = TileCache.Key(level: tile.level, index: tile.index)
            let item = try await item(key, under: published)
            return tile.isFull ? item.bytes : cut(item, to: tile.width)
        }
        switch tile.level {
        case .hashes(let level):
            // The open tiles of a published head are its edge.
            let open = published.edge.partials.first { $0.level == level }
            guard let open, open.index == tile.index else { return nil }
            return Array(open.bytes.prefix(tile.width * Digest.byteCount))
        case .entries:
            let first = tile.index << 8
            let leaves = try await pool.run { [reader] in
                try reader.leaves(first..<first + UInt64(tile.width))
            }
            for (index, leaf) in zip(first..., leaves) {
                guard published.edge[NodeCoordinate(height: 0, index: index)] == leaf.hash else {
                    throw Self.differs(index)
                }
            }
            return EntryBundle.encode(leaves.map(\.encoded))
        }
    }

    static func differs(_ index: UInt64) -> LogError {
        LogError(.corrupt, "the leaf at index \(index) is not the one in the tree")
    }

    private func cut(_ item: TileCache.Item, to width: Int) -> [UInt8] {
        switch item {
        case .hashes(let nodes):
            return Array(nodes.bytes.prefix(width * Digest.byteCount))
        case .entries(let bytes):
            return Array(bytes.prefix(width * (2 + Leaf.byteCount)))
        }
    }

    /// The proof of a leaf under the tree of `size` leaves, with the leaf's hash.
    ///
    /// `size` is not beyond the published one. The proof has been verified against its root.
    func inclusionProof(
        of index: UInt64, size: UInt64, under published: PublishedHead
    ) async throws -> (proof: InclusionProof, leafHash: Digest) {
        let plan = try ProofPlan.inclusion(index: index, size: size)
        let leaf = NodeCoordinate(height: 0, index: index)
        let prefix = try Prefix(of: published, size: size)
        let nodes = try await nodes(plan.nodes + [leaf] + prefix.nodes, under: published)
        let hashes = try plan.hashes { (node) throws in try nodes.hash(at: node) }
        let proof = InclusionProof(leafIndex: index, treeSize: size, hashes: hashes)
        let leafHash = try nodes.hash(at: leaf)
        try proof.verify(leafHash: leafHash, in: prefix.head(nodes))
        return (proof, leafHash)
    }

    /// The proof of a leaf of the published tree, with the leaf's hash; nil where a tile that it
    /// needs is not in the cache.
    ///
    /// It has been verified against the published root. The leaf is in the tree.
    func cachedInclusionProof(
        of index: UInt64, under published: PublishedHead
    ) throws -> (proof: InclusionProof, leafHash: Digest)? {
        let plan = try ProofPlan.inclusion(index: index, size: published.head.size)
        var nodes = CachedNodes(edge: published.edge, cache: cache)
        let leafHash: Digest
        let hashes: [Digest]
        do throws(CachedNodes.Missing) {
            leafHash = try nodes.hash(at: NodeCoordinate(height: 0, index: index))
            hashes = try plan.hashes { (node) throws(CachedNodes.Missing) in
                try nodes.hash(at: node)
            }
        } catch {
            return nil
        }
        let proof = InclusionProof(
            leafIndex: index, treeSize: published.head.size, hashes: hashes)
        try proof.verify(leafHash: leafHash, in: published.head)
        return (proof, leafHash)
    }

    /// Nodes of the edge and of tiles in the cache, looked for from the leaves up.
    private struct CachedNodes {
        struct Missing: Error {}

        let edge: TreeEdge
        let cache: TileCache
        /// Most nodes are in the tile of the one before.
        private var last: (key: TileCache.Key, nodes: TileNodes)?

        init(edge: TreeEdge, cache: TileCache) {
            self.edge = edge
            self.cache = cache
        }

        mutating func hash(at node: NodeCoordinate) throws(Missing) -> Digest {
            if let hash = edge[node] { return hash }
            let key = TileCache.Key(level: .hashes(node.tileLevel), index: node.tileIndex)
            if last?.key != key {
                guard case .hashes(let nodes)? = cache[key] else { throw Missing() }
                last = (key, nodes)
            }
            guard let hash = last?.nodes[node] else { throw Missing() }
            return hash
        }
    }

    /// The proof that one tree has grown from another, neither beyond the published one.
    ///
    /// It has been verified against both roots.
    func consistencyProof(
        from oldSize: UInt64, to size: UInt64, under published: PublishedHead
    ) async throws -> ConsistencyProof {
        let plan = try ProofPlan.consistency(from: oldSize, to: size)
        let prefixes = (
            try Prefix(of: published, size: oldSize), try Prefix(of: published, size: size)
        )
        let nodes = try await nodes(
            plan.nodes + prefixes.0.nodes + prefixes.1.nodes, under: published)
        let hashes = try plan.hashes { (node) throws in try nodes.hash(at: node) }
        let proof = ConsistencyProof(oldSize: oldSize, newSize: size, hashes: hashes)
        try proof.verify(from: prefixes.0.head(nodes), to: prefixes.1.head(nodes))
        return proof
    }

    /// The head of the tree of the first `size` leaves, of which the published one is proven to have
    /// grown.
    func head(of size: UInt64, under published: PublishedHead) async throws -> TreeHead {
        let prefix = try Prefix(of: published, size: size)
        return try prefix.head(try await nodes(prefix.nodes, under: published))
    }

    /// The head of a smaller tree, believed only once the published one is proven to extend it.
    private struct Prefix {
        let published: TreeHead
        let size: UInt64
        private let peaks: [NodeCoordinate]
        private let plan: ProofPlan?

        init(of published: PublishedHead, size: UInt64) throws {
            self.published = published.head
            self.size = size
            let isPublished = size == published.head.size
            peaks = isPublished ? [] : NodeCoordinate.peaks(of: size)
            plan = isPublished ? nil : try .consistency(from: size, to: published.head.size)
        }

        var nodes: [NodeCoordinate] { peaks + (plan?.nodes ?? []) }

        func head(_ nodes: Nodes) throws -> TreeHead {
            guard let plan else { return published }
            guard let range = CompactRange(size: size, peaks: try peaks.map(nodes.hash)) else {
                throw LogError(.corrupt, "a node of the published tree is missing")
            }
            let hashes = try plan.hashes { (node) throws in try nodes.hash(at: node) }
            try ConsistencyProof(oldSize: size, newSize: published.size, hashes: hashes)
                .verify(from: range.head, to: published)
            return range.head
        }
    }

    /// The hashes of complete subtrees of the published tree, in the order asked for.
    func hashes(
        at coordinates: [NodeCoordinate], under published: PublishedHead
    ) async throws -> [Digest] {
        let nodes = try await nodes(coordinates, under: published)
        return try coordinates.map(nodes.hash)
    }

    /// Full tiles and the edge, enough for a set of nodes.
    private struct Nodes {
        let edge: TreeEdge
        var tiles: [TileCache.Key: TileNodes] = [:]

        func hash(at node: NodeCoordinate) throws -> Digest {
            let key = TileCache.Key(level: .hashes(node.tileLevel), index: node.tileIndex)
            guard let hash = edge[node] ?? tiles[key]?[node] else {
                throw LogError(.corrupt, "a node of the published tree is missing")
            }
            return hash
        }
    }

    private func nodes(
        _ coordinates: [NodeCoordinate], under published: PublishedHead
    ) async throws -> Nodes {
        var nodes = Nodes(edge: published.edge)
        for node in coordinates where published.edge[node] == nil {
            let key = TileCache.Key(level: .hashes(node.tileLevel), index: node.tileIndex)
            guard nodes.tiles[key] == nil else { continue }
            guard case .hashes(let tile) = try await item(key, under: published) else {
                continue
            }
            nodes.tiles[key] = tile
        }
        return nodes
    }

    /// A full tile or bundle, from the cache or from the store.
    ///
    /// What comes from the store is compared with the tree above it before it is kept: a cache
    /// never holds, and a client never gets, what the published head does not cover.
    private func item(
        _ key: TileCache.Key, under published: PublishedHead
    ) async throws -> TileCache.Item {
        if let item = cache[key] { return item }
        let item =
            switch key.level {
            case .entries: try await bundle(key.index, under: published)
            case .hashes(let level): try await tile(level, key.index, under: published)
            }
        cache.insert(item, for: key)
        return item
    }

    private func bundle(
        _ index: UInt64, under published: PublishedHead
    ) async throws -> TileCache.Item {
        let first = index << 8
        let leaves = try await pool.run { [reader] in
            try reader.leaves(first..<first + UInt64(Tile.maxWidth))
        }
        let key = TileCache.Key(level: .hashes(0), index: index)
        if case .hashes(let row) = try await item(key, under: published) {
            for (offset, leaf) in leaves.enumerated() {
                guard leaf.hash == row.hash(height: 0, index: offset) else {
                    throw Self.differs(first + UInt64(offset))
                }
            }
        }
        return .entries(EntryBundle.encode(leaves.map(\.encoded)))
    }

    private func tile(
        _ level: UInt8, _ index: UInt64, under published: PublishedHead
    ) async throws -> TileCache.Item {
        let bytes = try await pool.run { [reader] in
            try reader.hashTile(level: level, index: index) ?? []
        }
        let nodes = try TileNodes(tile: bytes)
        let above = NodeCoordinate(height: 8 * (level + 1), index: index)
        guard let left = nodes.hash(height: 7, index: 0),
            let right = nodes.hash(height: 7, index: 1),
            .node(left, right) == (try await hash(at: above, under: published))
        else {
            throw LogError(.corrupt, "a full tile of the published tree is not what it was")
        }
        return .hashes(nodes)
    }

    private func hash(
        at node: NodeCoordinate, under published: PublishedHead
    ) async throws -> Digest? {
        if let hash = published.edge[node] { return hash }
        let key = TileCache.Key(level: .hashes(node.tileLevel), index: node.tileIndex)
        guard case .hashes(let tile) = try await item(key, under: published) else { return nil }
        return tile[node]
    }
}
