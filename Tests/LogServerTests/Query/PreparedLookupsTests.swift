// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import LogStorage
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Look-ups of a record that is being prepared")
struct PreparedLookupsTests {
    private static let records = [
        #"{"type":"tool.call","actor":{"id":"a","type":"agent"},"tool":{"name":"t"}}"#,
        #"{"tool":{"name":"caf\u00e9\n"},"ty\u0070e":"tool.call","actor":{"type":"human","id":"b\"c"}}"#,
        #"{"type":"x.acme.one.two","actor":{"id":"é","type":"service"},"severity":3.0,"odd":1}"#,
        """
        {"type":"tool.result","outcome":"failure","time":"2026-06-01T08:00:01.25+02:00","reason":"r",
        "actor":{"id":"alice@example.com","type":"human"},"tool":{"name":"t"},"tenant":"acme",
        "target":[{"id":"one","type":"file"},{"type":"file","id":"one"},{"id":"two"}],
        "trace":{"run_id":"r1","trace_id":"0af7651916cd43dd8448eb211c80319c","parent_id":"p"},
        "data_classes":["pii","pii","public"],"producer":{"id":"p","component":"c"},
        "source":{"ip":"192.0.2.7"},"model":{"name":"m"},"agent":{"id":"g"},"severity":6,
        "details":{"mail":"bob@example.com"},"id":"01890000-0000-7000-8000-000000000001"}
        """,
    ]

    @Test("They are those that its stored text would give", arguments: records, [true, false])
    func sameKeys(text: String, isRedacted: Bool) throws {
        let keys = IdempotencyKeys(key: SecretBytes.random(count: 32))
        let redactor = isRedacted ? try Redactor(.standard, tokenKey: .zero) : nil
        let now = try Timestamp(microseconds: 1_780_000_000_123_456).unwrap()
        let origin = try Origin("log.example.com/test")
        let submissions = Submissions(
            preparer: RecordPreparer(origin: origin, redactor: redactor), keys: keys,
            policies: LogPolicies(redaction: redactor?.identity, accessRecords: "request"),
            now: { now })
        let credential = try Credential(
            name: "p", role: .producer, tenant: TenantScope("acme").unwrap()
        ).unwrap()
        let submission = try Array(text.utf8).withUnsafeBytes {
            try submissions.prepare($0, of: credential, header: nil)
        }
        let stored = RecordLookups.keys(of: submission.content.record, keys.lookups)
        #expect(submission.lookups.sorted() == stored.sorted())
        #expect(submission.lookups.count >= 8)
    }
}
