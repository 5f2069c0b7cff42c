// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import LogCrypto
import Merkle
import NIOCore
import SignedNote
import TransparencyLog

/// The tree as tools for Certificate Transparency read it: RFC 6962, sections 4.3 to 4.8.
///
/// The same heads, leaves and proofs as ``TreeRoutes`` has, under other names. What an answer that
/// is not a head says never changes, so that it may be kept.
struct RFC6962Routes: Sendable {
    let log: Log

    /// Entries in one answer to get-entries; clients ask for the rest.
    static let entryLimit: UInt64 = 1_024

    var routes: [Route] {
        [treeHead, consistency, proofByHash, entries, entryAndProof, roots]
    }

    private var treeHead: Route {
        Route(
            .get, "/ct/v1/get-sth", access: .anyone,
            Operation(
                "getSTH", "The newest published head, as RFC 6962 signs it",
                "The head of /checkpoint; the signature is that of its line of type 0x05. The log"
                    + " id is log_id of /v1/log.",
                successes: [.json("SignedTreeHead", "The head.")],
                problems: Operation.readProblems)
        ) { [log] _ in
            let (head, signature) = try await log.treeHead()
            var json = JSONWriter(capacity: 256)
            json.open()
            json.member("tree_size", head.size)
            json.member("timestamp", signature.timestampMS)
            json.member("sha256_root_hash", head.root.base64)
            json.member("tree_head_signature", Base64.encode(signature.digitallySigned))
            json.close()
            return .json(json, public: true)
        }
    }

    private var consistency: Route {
        Route(
            .get, "/ct/v1/get-sth-consistency", access: .anyone,
            Operation(
                "getSTHConsistency", "Shows that a tree has only grown, as RFC 6962 asks it",
                "From size 0, and from a size to itself, the proof is empty.",
                parameters: [
                    .query("first", Schemas.number, required: true, "Size of the older tree."),
                    .query("second", Schemas.number, required: true, "Size of the newer tree."),
                ],
                successes: [.json("STHConsistency", "The proof.")],
                problems: [.invalidParameter, .invalidSize, .beyondTree]
                    + Operation.readProblems)
        ) { [log] call in
            let first = try call.query.requiredNumber("first")
            let second = try call.query.requiredNumber("second")
            guard max(first, second) <= log.published.head.size else { throw Problem(.beyondTree) }
            guard first <= second else {
                throw Self.wrongSize("Give a first that is not above second.")
            }
            let proof = try await log.consistency(from: first, to: second)
            var json = JSONWriter(capacity: 2_048)
            json.open()
            json.member("consistency", base64: proof.hashes)
            json.close()
            return .lasting(json)
        }
    }

    private var proofByHash: Route {
        Route(
            .get, "/ct/v1/get-proof-by-hash", access: .anyone,
            Operation(
                "getProofByHash", "Shows that a leaf is in a tree, as RFC 6962 asks it",
                parameters: [
                    .query("hash", Schemas.hash64, required: true, "The leaf's hash in base64."),
                    .query("tree_size", Schemas.size, required: true, "The tree's size."),
                ],
                successes: [.json("ProofByHash", "The leaf's index and proof.")],
                problems: [.invalidParameter, .invalidSize, .beyondTree, .notFound]
                    + Operation.readProblems)
        ) { [log] call in
            guard let hash = call.query["hash"].flatMap({ Digest(base64: $0) }) else {
                throw Problem.invalidParameter(
                    "hash", "Give 32 bytes in base64, escaped for a query.")
            }
            let size = try treeSize(call.query)
            guard let index = try await log.index(ofLeafHash: hash), index < size else {
                throw Problem(.notFound)
            }
            let (proof, _, _) = try await log.inclusion(of: index, size: size)
            var json = JSONWriter(capacity: 2_048)
            json.open()
            json.member("leaf_index", index)
            json.member("audit_path", base64: proof.hashes)
            json.close()
            return .lasting(json)
        }
    }

    private var entries: Route {
        Route(
            .get, "/ct/v1/get-entries", access: .anyone,
            Operation(
                "getEntries", "Leaves in a range of indexes, as RFC 6962 asks for them",
                "start and end are both included. Fewer are answered than asked for at the end of"
                    + " the tree, and beyond \(Self.entryLimit) leaves; never none.",
                parameters: [
                    .query("start", Schemas.number, required: true, "Index of the first leaf."),
                    .query("end", Schemas.number, required: true, "Index of the last leaf."),
                ],
                successes: [.json("Entries", "The leaves.")],
                problems: [.invalidParameter, .invalidSize, .beyondTree]
                    + Operation.readProblems)
        ) { [self] call in
            let range = try EntryRange(
                start: try call.query.requiredNumber("start"),
                end: try call.query.requiredNumber("end"), size: log.published.head.size)
            var json = JSONWriter(capacity: 64 + 192 * Int(range.indexes.count))
            json.open()
            json.name("entries")
            json.openArray()
            for leaf in try await leaves(range.indexes) {
                json.open()
                json.entry(leaf)
                json.close()
            }
            json.closeArray()
            json.close()
            return range.isCutByTree ? .json(json, public: true) : .lasting(json)
        }
    }

    private var entryAndProof: Route {
        Route(
            .get, "/ct/v1/get-entry-and-proof", access: .anyone,
            Operation(
                "getEntryAndProof", "A leaf and its proof, as RFC 6962 asks for them",
                parameters: [
                    .query("leaf_index", Schemas.number, required: true, "The leaf's index."),
                    .query("tree_size", Schemas.size, required: true, "The tree's size."),
                ],
                successes: [.json("EntryAndProof", "The leaf and its proof.")],
                problems: [.invalidParameter, .invalidSize, .beyondTree]
                    + Operation.readProblems)
        ) { [self] call in
            let index = try call.query.requiredNumber("leaf_index")
            let size = try treeSize(call.query)
            guard index < size else {
                throw Self.wrongSize("Give a leaf_index below tree_size.")
            }
            let (proof, leafHash, _) = try await log.inclusion(of: index, size: size)
            guard let leaf = try await leaves(index..<index + 1).first,
                Leaf.hash(encoded: leaf) == leafHash
            else { throw Problem(.corrupt) }
            var json = JSONWriter(capacity: 2_048)
            json.open()
            json.entry(leaf)
            json.member("audit_path", base64: proof.hashes)
            json.close()
            return .lasting(json)
        }
    }

    private var roots: Route {
        Route(
            .get, "/ct/v1/get-roots", access: .anyone,
            Operation(
                "getRoots", "No certificates: this log takes records from its own producers",
                successes: [.json("Roots", "The empty list.")])
        ) { _ in
            var json = JSONWriter(capacity: 32)
            json.open()
            json.name("certificates")
            json.openArray()
            json.closeArray()
            json.close()
            return .json(json, public: true)
        }
    }

    /// The parameter `tree_size`, of a tree that is published and has a leaf.
    private func treeSize(_ query: Query) throws(Problem) -> UInt64 {
        let size = try query.requiredNumber("tree_size")
        guard size > 0 else { throw Self.wrongSize("Give a tree_size of at least 1.") }
        guard size <= log.published.head.size else { throw Problem(.beyondTree) }
        return size
    }

    private static func wrongSize(_ advice: String) -> Problem {
        var problem = Problem(.invalidSize)
        problem.advice = advice
        return problem
    }

    /// Published leaves, as the entry bundles have them.
    private func leaves(_ indexes: Range<UInt64>) async throws -> [[UInt8]] {
        var leaves: [[UInt8]] = []
        leaves.reserveCapacity(Int(indexes.count))
        let width = UInt64(Tile.maxWidth)
        for bundle in indexes.lowerBound / width...(indexes.upperBound - 1) / width {
            let first = bundle * width
            let wanted = min(width, indexes.upperBound - first)
            let tile = Tile(.entries, index: bundle, width: Int(wanted))
            guard let bytes = try await log.tile(tile) else { throw Problem(.beyondTree) }
            let skipped = Int(max(indexes.lowerBound, first) - first)
            leaves += try EntryBundle.decode(bytes).dropFirst(skipped)
        }
        return leaves
    }
}

/// Which leaves an answer to get-entries has.
struct EntryRange: Hashable {
    let indexes: Range<UInt64>
    /// A larger tree would give more.
    let isCutByTree: Bool

    /// - Parameters:
    ///   - end: the last index that is asked for.
    ///   - size: leaves that are published.
    init(start: UInt64, end: UInt64, size: UInt64) throws(Problem) {
        guard start <= end else {
            var problem = Problem(.invalidSize)
            problem.advice = "Give a start that is not above end."
            throw problem
        }
        guard start < size else { throw Problem(.beyondTree) }
        let last = start + min(end - start, RFC6962Routes.entryLimit - 1)
        indexes = start..<min(last, size - 1) + 1
        isCutByTree = last >= size
    }
}

extension JSONWriter {
    /// The two members of a leaf; there is nothing beside leaves of this log.
    fileprivate mutating func entry(_ leaf: [UInt8]) {
        member("leaf_input", Base64.encode(leaf))
        member("extra_data", "")
    }
}

extension Response {
    /// What never changes, for any page and any cache.
    fileprivate static func lasting(_ json: JSONWriter) -> Response {
        var response = Response.json(json, public: true)
        response.headers[.cacheControl] = "public, max-age=31536000, immutable"
        return response
    }
}
