// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

/// Records as an agent, its gateway and a daemon would send them.
enum Fixtures {
    static let toolCall = #"""
        {"v": "1", "tenant": "acme", "actor": {"type": "human", "id": "dora@example.org"}, "agent":
        {"id": "triage-bot", "name": "Triage"}, "trace": {"run_id": "9f31c0de77aa4b10", "session_id":
        "chat-4711"}, "type": "tool.call", "time": "2026-06-01T09:00:29.939642Z", "action":
        "execute_tool", "phase": "intent", "tool": {"name": "open_ticket", "call_id": "c-000017"},
        "arguments": {"command": "open_ticket --queue \"billing\" 'Überweisung fehlt'"}}
        """#

    static let modelCall = #"""
        {"type":"model.call","actor":{"id":"svc-router","type":"service"},"model":{"provider":"local",
        "name":"small-7b"},"duration_us":984979,"outcome":"success","usage":{"input":812,"output":64,
        "cost":0.00041},"result":{"thought":"Schauen wir nach.\n\n1. \u00e9tape \ud83d\ude00"},
        "data_classes":["pii"],"labels":{"team":"ops","Ort":"Zürich"}}
        """#

    static let vendor = #"""
        {"type":"x.acme.reactor","actor":{"id":"daemon-3","type":"os_user","extra":null},
        "rods":[1,2.50,-0],"zz_state":{"b":1,"a":[]},"id":"01976000-0000-7000-8000-00000000000a",
        "time":"2026-06-01T11:00:00.1234567+02:00"}
        """#

    static let minimal = #"{"type":"auth.failure","actor":{"id":"?","type":"anonymous"}}"#

    static let all = [toolCall, modelCall, vendor, minimal]
}

/// A preparer with everything that is not the record held still.
struct Bench {
    static let newID = "01976000-0000-7000-8000-0000000000ff"
    let preparer: RecordPreparer
    let received: Timestamp
    var seed = SHA256.hash([1])
    var grant = TenantGrant.only("acme")

    init(
        limits: RecordLimits = .default, options: RecordOptions = .default,
        redactor: Redactor? = nil
    ) throws {
        preparer = RecordPreparer(
            origin: try Origin("log.example.com/audit"), limits: limits, options: options,
            redactor: redactor)
        received = try #require(Timestamp(rfc3339: "2026-06-01T12:00:00Z"))
    }

    func prepare(_ text: String) throws(RecordError) -> PreparedRecord {
        try preparer.prepare(
            Array(text.utf8), tenant: grant, received: received, seed: seed,
            newID: { Self.newID })
    }

    /// The refusal of a text, or nil if it is taken.
    func refusal(_ text: String) -> RecordError? {
        do throws(RecordError) {
            _ = try prepare(text)
            return nil
        } catch {
            return error
        }
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
