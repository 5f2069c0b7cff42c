// SPDX-License-Identifier: Apache-2.0

import AuditChain
import TransparencyLog

/// The end of a hold.
struct ReleaseAct: OperatorAct {
    private let hold: UInt64
    private let world: ActSurroundings

    let kind = ActKind.releaseHold
    let reason: String

    /// - Parameter hold: the index of the record that placed it.
    init(hold: UInt64, reason: String, _ world: ActSurroundings) {
        self.hold = hold
        self.reason = reason
        self.world = world
    }

    /// The act again, from its ``request``.
    init?(_ request: JSONValue, _ world: ActSurroundings) {
        guard let hold = request["hold"]?.unsigned, let reason = request["reason"]?.text else {
            return nil
        }
        self.init(hold: hold, reason: reason, world)
    }

    var request: JSONValue { ["hold": .integer(hold), "reason": .string(reason)] }

    func plan() async throws -> PlannedAct {
        let (hold, reason, holds, world) = (hold, reason, world.holds, world)
        guard try await holds.standing().contains(where: { $0.index == hold }) else {
            throw Problem(.notFound)
        }
        return PlannedAct(
            text: request, isEmpty: false,
            answer: { announced in
                var json = JSONWriter(capacity: 64)
                json.open()
                json.member("dry_run", announced == nil)
                json.member("hold", hold)
                json.close()
                return json
            },
            carryOut: { parties in
                try await holds.remove(hold, reason: reason, by: parties)
                try await world.log.eraseWaiting(records: world.settings.current.submissions)
                return []
            })
    }
}
