// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Merkle
import SignedNote
import TransparencyLog

/// The tree as far as witnesses vouch for it, and the heads by which they did.
struct WitnessedRoutes: Sendable {
    let log: Log

    private static let prefix = "/witnessed/"
    private static let pageLimit = 256

    var routes: [Route] { [checkpoint, tiles, checkpoints] }

    private var checkpoint: Route {
        Route(
            .get, "/witnessed/checkpoint", access: .anyone,
            Operation(
                "getWitnessedCheckpoint", "The newest head that met the witness policy",
                "A signed note with the log's Ed25519 line and witnesses' cosignatures"
                    + " (c2sp.org/tlog-cosignature). It never goes back to a smaller tree.",
                successes: [.text("The checkpoint.")], problems: [.notFound])
        ) { [log] _ in
            guard let head = log.witnessed else { throw Problem(.notFound) }
            return .uncached(
                ByteBuffer(string: head.note), type: MediaTypes.text, public: true)
        }
    }

    private var tiles: Route {
        Route(
            .get, "/witnessed/tile/**", access: .anyone,
            TreeRoutes.tileOperation(
                "getWitnessedTile", "A hash tile or an entry bundle of the witnessed tree",
                "The same bytes as under /tile/, as far as the witnessed checkpoint goes.",
                prefix: "/witnessed")
        ) { [log] call in
            guard let tile = Tile(path: call.request.uri.path.dropFirst(Self.prefix.count)) else {
                throw Problem(.notFound)
            }
            guard let bytes = try await log.witnessedTile(tile) else { throw Problem(.beyondTree) }
            return TreeRoutes.response(tile, bytes, call)
        }
    }

    private var checkpoints: Route {
        Route(
            .get, "/v1/checkpoints", access: .anyone,
            Operation(
                "getCheckpoints", "Heads that met the witness policy",
                "Oldest first, at most \(Self.pageLimit); for more, ask again with since as the"
                    + " last one's size. They are kept for good.",
                parameters: [
                    .query(
                        "since", Schemas.number,
                        "Leave out trees of this size and smaller ones. [0]")
                ],
                successes: [.json("Checkpoints", "The checkpoints.")],
                problems: [.invalidParameter, .storageFailed, .overloaded])
        ) { [log] call in
            let since = try call.query.number("since") ?? 0
            let items = try await log.witnessedCheckpoints(after: since, limit: Self.pageLimit)
            var json = JSONWriter(capacity: 1_024 * (items.count + 1))
            json.open()
            json.name("checkpoints")
            json.openArray()
            for item in items { json.string(item.note) }
            json.closeArray()
            json.close()
            return .json(json, public: true)
        }
    }
}
