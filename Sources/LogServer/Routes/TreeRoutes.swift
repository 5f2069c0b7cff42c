// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import LogCrypto
import LogStorage
import Merkle
import TransparencyLog

/// What third parties read: heads, tiles and proofs.
///
/// None of it needs a token, and none tells anything of a record.
struct TreeRoutes: Sendable {
    let log: Log

    var routes: [Route] { [checkpoint, tiles, inclusion, consistency] }

    private var checkpoint: Route {
        Route(
            .get, "/checkpoint", access: .anyone,
            Operation(
                "getCheckpoint", "The newest published head",
                "A signed note (c2sp.org/tlog-checkpoint) with the log's Ed25519 line and an"
                    + " RFC 6962 tree head line.",
                successes: [.text("The checkpoint.")], problems: Operation.readProblems)
        ) { [log] _ in
            let note = try await log.checkpoint()
            return .uncached(
                ByteBuffer(string: note), type: MediaTypes.text, public: true)
        }
    }

    /// What the specification says of tiles below a prefix.
    static func tileOperation(
        _ id: String, _ summary: String, _ description: String, prefix: String = ""
    ) -> Operation {
        let (level, index): (YAML, YAML) = (
            ["type": "integer", "minimum": 0, "maximum": 63],
            ["type": "string", "pattern": "^(x[0-9]{3}/)*[0-9]{3}$"]
        )
        return Operation(
            id, summary, description,
            paths: [
                "\(prefix)/tile/{level}/{index}", "\(prefix)/tile/{level}/{index}.p/{width}",
                "\(prefix)/tile/entries/{index}", "\(prefix)/tile/entries/{index}.p/{width}",
            ],
            parameters: [
                .path("level", level, "The tile's level."),
                .path("index", index, "The tile's index, in groups of three digits."),
                .path(
                    "width", ["type": "integer", "minimum": 1, "maximum": 255],
                    "The number of hashes or entries of a partial tile."),
            ],
            successes: [
                Operation.Success(
                    status: 200,
                    description: "Hashes of 32 bytes each, or entries with a"
                        + " 16-bit length before each.", content: [(MediaTypes.bytes, nil)])
            ],
            problems: [.notFound, .beyondTree] + Operation.readProblems)
    }

    private var tiles: Route {
        Route(
            .get, "/tile/**", access: .anyone,
            Self.tileOperation(
                "getTile", "A hash tile or an entry bundle",
                "Served for every width up to the published one; it never changes"
                    + " (c2sp.org/tlog-tiles). The index contains slashes from 1000 on. Entry"
                    + " bundles are compressed where Accept-Encoding asks for gzip.")
        ) { [log] call in
            guard let tile = Tile(path: call.request.uri.path.dropFirst()) else {
                throw Problem(.notFound)
            }
            guard let bytes = try await log.tile(tile) else { throw Problem(.beyondTree) }
            return Self.response(tile, bytes, call)
        }
    }

    static func response(_ tile: Tile, _ bytes: [UInt8], _ call: Call) -> Response {
        guard tile.level == .entries else { return .tile(ByteBuffer(bytes: bytes)) }
        return .bundle(bytes, acceptEncoding: call.request.headers[.acceptEncoding])
    }

    private var inclusion: Route {
        Route(
            .get, "/v1/proof/inclusion", access: .anyone,
            Operation(
                "getInclusionProof", "Shows that a leaf is in a tree",
                "Give index or hash. Without size the tree is the newest published one, whose"
                    + " checkpoint comes along.",
                parameters: [
                    .query("index", Schemas.number, "The leaf's index."),
                    .query("hash", Schemas.hex, "The leaf's hash, 64 hex digits."),
                    .query("size", Schemas.number, "The tree's size."),
                ],
                successes: [.json("InclusionProof", "The proof.")],
                problems: [.invalidParameter, .invalidSize, .beyondTree, .notFound]
                    + Operation.readProblems)
        ) { [self] call in
            let size = try call.query.number("size")
            let index = try await leafIndex(call.query)
            try check(index: index, size: size)
            let (proof, leafHash, note) = try await log.inclusion(of: index, size: size)
            var json = JSONWriter(capacity: 2_048)
            json.inclusion(proof, leafHash, checkpoint: size == nil ? note : nil)
            return .json(json, public: true)
        }
    }

    private func leafIndex(_ query: Query) async throws -> UInt64 {
        let index = try query.number("index")
        switch (index, try query.digest("hash")) {
        case (let index?, nil): return index
        case (nil, let hash?):
            guard let index = try await log.index(ofLeafHash: hash) else {
                throw Problem(.notFound)
            }
            return index
        default: throw Problem.invalidParameter("index")
        }
    }

    private func check(index: UInt64, size: UInt64?) throws(Problem) {
        guard let size else { return }
        guard size <= log.published.head.size else { throw Problem(.beyondTree) }
        guard index < size else { throw Problem(.invalidSize) }
    }

    private var consistency: Route {
        Route(
            .get, "/v1/proof/consistency", access: .anyone,
            Operation(
                "getConsistencyProof", "Shows that a tree has only grown",
                "From size 0, and from a size to itself, the proof is empty. Without to the newer"
                    + " tree is the newest published one, whose checkpoint comes along.",
                parameters: [
                    .query("from", Schemas.number, required: true, "Size of the older tree."),
                    .query("to", Schemas.number, "Size of the newer tree."),
                ],
                successes: [.json("ConsistencyProof", "The proof.")],
                problems: [.invalidParameter, .invalidSize, .beyondTree]
                    + Operation.readProblems)
        ) { [log] call in
            let from = try call.query.requiredNumber("from")
            let published = log.published
            let to = try call.query.number("to")
            guard max(from, to ?? 0) <= published.head.size else { throw Problem(.beyondTree) }
            guard from <= to ?? published.head.size else { throw Problem(.invalidSize) }
            let proof = try await log.consistency(from: from, to: to ?? published.head.size)
            var json = JSONWriter(capacity: 2_048)
            json.open()
            json.member("from", proof.oldSize)
            json.member("to", proof.newSize)
            json.member("consistency", base64: proof.hashes)
            if to == nil, !published.note.isEmpty { json.member("checkpoint", published.note) }
            json.close()
            return .json(json, public: true)
        }
    }
}

extension JSONWriter {
    /// The answer to a request for an inclusion proof.
    mutating func inclusion(_ proof: InclusionProof, _ leafHash: Digest, checkpoint: String?) {
        open()
        member("index", proof.leafIndex)
        member("size", proof.treeSize)
        member("leaf_hash", hex: leafHash)
        member("inclusion", base64: proof.hashes)
        if let checkpoint { member("checkpoint", checkpoint) }
        close()
    }
}

extension Response {
    /// An entry bundle, compressed where the client asks for it.
    fileprivate static func bundle(_ bytes: [UInt8], acceptEncoding: String?) -> Response {
        let isAsked = acceptEncoding.map(Gzip.isAccepted) ?? false
        let compressed = isAsked ? Gzip.compress(bytes) : nil
        var response = Response.tile(ByteBuffer(bytes: compressed ?? bytes))
        response.headers[.vary] = "Accept-Encoding"
        if compressed != nil { response.headers[.contentEncoding] = "gzip" }
        return response
    }

    /// A tile: it never changes, and any page may read it.
    fileprivate static func tile(_ body: ByteBuffer) -> Response {
        var headers = HTTPFields()
        headers.reserveCapacity(5)
        headers[.contentType] = MediaTypes.bytes
        headers[.cacheControl] = "public, max-age=31536000, immutable"
        headers[.accessControlAllowOrigin] = "*"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
