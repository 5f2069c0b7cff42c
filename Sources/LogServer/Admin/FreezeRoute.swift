// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import Merkle
import TransparencyLog

/// Ends a log for good: its last record, its last head.
struct FreezeRoute: Sendable {
    let log: Log
    let settings: SettingsInForce

    var routes: [Route] { [freeze] }

    private var freeze: Route {
        Route(
            .post, "/v1/admin/freeze", access: .socket,
            Operation(
                "freezeLog", "Ends the log for good",
                "The log's last record says so; no other follows, in this life or after a"
                    + " restart. Reads go on. The origin is asked for so that it is meant.",
                body: [("application/json", "Freeze")],
                successes: [.json("Frozen", "The log is frozen.")],
                problems: [.invalidParameter, .frozen] + AccessRecords.problems)
        ) { [self] call in
            let body = try await call.request.body.collect(upTo: 4_096)
            guard let value = try? JSONValue.parse(Array(body.readableBytesView)),
                value.members?.allSatisfy({ ["origin", "reason"].contains($0.name) }) == true,
                value["origin"]?.text?.utf8.elementsEqual(log.keys.identity.origin.text.utf8)
                    == true,
                let reason = Self.reason(value["reason"])
            else { throw Problem(.invalidParameter) }
            let outcome = try await log.freeze(
                settings.current.submissions.governance(.logFrozen(reason: reason)))
            var json = JSONWriter(capacity: 1_024)
            json.open()
            json.member("index", outcome.index)
            json.member("size", outcome.proof.treeSize)
            json.member("checkpoint", outcome.checkpoint)
            json.close()
            return .json(json)
        }
    }

    /// A code, never a sentence about somebody: 1 to 64 of `a-z 0-9 _ . -`.
    private static func reason(_ value: JSONValue?) -> String? {
        guard let value else { return "closed" }
        guard let text = value.text, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            })
        else { return nil }
        return text
    }
}
