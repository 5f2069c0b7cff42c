// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

@Suite("Redaction: policies")
struct RedactionPolicyTests {
    static let employee = RedactionRule(
        id: "acme_employee", pattern: #"\bE[0-9]{6}\b"#, context: ["employee", "staff"],
        positives: ["employee E123456"], negatives: ["E123456", "employee E12345"])

    private func failure(_ change: (inout RedactionPolicy) -> Void) -> RedactionPolicyError? {
        var policy = RedactionPolicy(id: "test")
        change(&policy)
        do throws(RedactionPolicyError) {
            _ = try Redactor(policy, tokenKey: .zero)
            return nil
        } catch {
            return error
        }
    }

    private func rule(_ change: (inout RedactionRule) -> Void) -> RedactionRule {
        var rule = Self.employee
        change(&rule)
        return rule
    }

    @Test("A rule of one's own runs with its context, strategy and name")
    func ownRule() throws {
        let bench = try RedactionBench(RedactionPolicy(id: "own", rules: [Self.employee]))
        let found = try bench.value("the employee E654321 left")
        #expect(found == ("the employee <redacted:acme_employee> left", ["acme_employee": 1]))
        #expect(try bench.value("part E654321").counts.isEmpty)
        // The member's name is context, too.
        let json = RedactionBench.record("E654321", name: "staff_no")
        #expect(try bench.redact(json).counts == ["acme_employee": 1])
    }

    @Test("What makes no sense is refused")
    func refusals() {
        #expect(failure { $0.id = "Bad Id" } == .invalidName("Bad Id"))
        #expect(failure { $0.version = 0 } == .invalidLimit("version"))
        #expect(failure { $0.rules = [rule { $0.id = "E" }] } == .invalidName("E"))
        #expect(failure { $0.rules = [rule { $0.id = "email" }] } == .repeatedRule("email"))
        #expect(failure { $0.rules = [rule { $0.id = "field" }] } == .repeatedRule("field"))
        #expect(failure { $0.rules = [rule { $0.id = "a12345" }] } == .invalidName("a12345"))
        #expect(failure { $0.strategies = ["nhs": .mask] } == .unknownRule("nhs"))
        #expect(failure { $0.disabled = ["nhs"] } == .unknownRule("nhs"))
        #expect(
            failure { $0.rules = [rule { $0.pattern = "x*" }] }
                == .emptyMatch(rule: "acme_employee"))
        #expect(
            failure { $0.rules = [rule { $0.positives = [] }] }
                == .noSamples(rule: "acme_employee"))
        #expect(
            failure { $0.rules = [rule { $0.positives.append("E1") }] }
                == .missed(rule: "acme_employee", sample: 2))
        #expect(
            failure { $0.rules = [rule { $0.negatives.append("staff E111111") }] }
                == .falseAlarm(rule: "acme_employee", sample: 3))
        #expect(failure { $0.fields = ["actor": .drop] }?.description.contains("actor") == true)
        #expect(failure { $0.fields = ["a..b": .scan] }?.description.contains("a..b") == true)
        #expect(failure { $0.deniedNames = ["Pass Word"] } == .invalidName("Pass Word"))
        for pattern in ["(a", #"(?=a)b"#, #"(a)\1"#, "a{2000}", "((a{100}){100}){100}"] {
            guard case .invalidPattern = failure({ $0.rules = [rule { $0.pattern = pattern }] })
            else {
                Issue.record("\(pattern) was taken")
                continue
            }
        }
    }

    @Test("A tenant adds and never weakens")
    func tenants() throws {
        var policy = RedactionPolicy(id: "test", strategies: ["email": .token])
        policy.tenants = ["eu-1": TenantRedaction(packs: [.eu], strategies: ["email": .replace])]
        let bench = try RedactionBench(policy)
        let json = RedactionBench.record(value: "12345678Z of x@example.com")
        #expect(try bench.redact(json, tenant: "acme").counts == ["email": 1])
        #expect(try bench.redact(json, tenant: "acme").text.contains("tok_email_"))
        let eu = try bench.redact(json, tenant: "eu-1")
        #expect(eu.counts == ["email": 1, "es_nif": 1])
        #expect(eu.text.contains("<redacted:email>"))

        let weak: [TenantRedaction] = [
            TenantRedaction(strategies: ["email": .generalise]),
            TenantRedaction(strategies: ["pan": .keepLast4]),
            TenantRedaction(fields: ["details.x": .keep(.uuid)]),
            TenantRedaction(fields: ["details.y": .scan]),
        ]
        for additions in weak {
            let error = failure {
                $0.fields = ["details.y": .drop]
                $0.tenants = ["t": additions]
            }
            guard case .weakens("t", _) = error else {
                Issue.record("\(additions): \(String(describing: error))")
                continue
            }
        }
        #expect(
            failure { $0.tenants = ["t": TenantRedaction(rules: [rule { $0.id = "email" }])] }
                == .repeatedRule("email"))
    }

    @Test("Strategies leave what they say")
    func strategies() throws {
        let value = { (strategy: RedactionStrategy, text: String, rule: String) throws in
            var policy = RedactionPolicy(id: "test", packs: Set(RedactionPack.allCases))
            policy.strategies = [rule: strategy]
            return try RedactionBench(policy).value(text).text
        }
        #expect(try value(.mask, "a 4111 1111 1111 1111 b", "pan") == "a **** b")
        #expect(try value(.keepLast4, "4111 1111 1111 1111", "pan") == "****1111")
        #expect(try value(.generalise, "192.0.2.7:80", "ipv4") == "192.0.2.0/24:80")
        #expect(try value(.generalise, "2001:db8:1:2::7", "ipv6") == "2001:db8:1::/48")
        #expect(try value(.generalise, "see /etc/ssl/key", "unix_path") == "see /etc/<redacted>")
        #expect(try value(.generalise, "x@example.com", "email") == "<redacted:email>")
        let token = try value(.token, "X@Example.COM", "email")
        #expect(token == (try value(.token, "X@example.com", "email")))
        #expect(token != (try value(.token, "x@example.com", "email")))
        #expect(token.wholeMatch(of: /tok_email_[a-z2-7]{8}_[a-z2-7]{26}/) != nil, "\(token)")
        let digest = try value(.digest, "X@Example.COM", "email")
        #expect(digest.wholeMatch(of: /dig_email_[a-z2-7]{8}_[a-z2-7]{52}/) != nil)
        #expect(digest != (try value(.digest, "X@example.com", "email")))
        #expect(try value(.remove, "x@example.com", "email") == "")
    }

    @Test("Tokens of two tenants, and under two keys, differ")
    func tokens() throws {
        let policy = RedactionPolicy(id: "test", strategies: ["email": .token])
        let json = RedactionBench.record(value: "x@example.com")
        let one = try RedactionBench(policy)
        let two = try Redactor(policy, tokenKey: SHA256.hash([2]))
        let acme = try one.redact(json, tenant: "acme").text
        #expect(acme != (try one.redact(json, tenant: "other").text))
        let text = one.redactor.redact(text: "x@example.com", tenant: "acme")
        #expect(acme.contains(text))
        #expect(two.redact(text: "x@example.com", tenant: "acme") != text)
    }

    @Test("Fields are dropped, replaced, kept by shape, and tokenised")
    func fields() throws {
        var policy = RedactionPolicy.standard
        policy.fields["details.secret_plan"] = .drop
        policy.fields["details.note"] = .whole(.replace)
        policy.fields["details.*.serial"] = .keep(.integer)
        let bench = try RedactionBench(policy)
        let result = try bench.redact(
            #"""
            {"type":"a.b","actor":{"id":"dora@example.org","type":"human"},"target":[{"type":"user",
            "id":"eve@example.org"}],"trace":{"span_id":"4111111111111111"},"details":{"secret_plan":1,
            "note":{"a":[1]},"x":{"serial":4111111111111111,"other":4111111111111111}}}
            """#)
        let json = try JSONValue.parse(Array(result.text.utf8))
        #expect(json["actor"]?["id"]?.text?.hasPrefix("tok_email_") == true)
        #expect(json["target"]?.elements?.first?["id"]?.text?.hasPrefix("tok_email_") == true)
        #expect(json["trace"]?["span_id"] == "4111111111111111")
        #expect(json["details"]?["secret_plan"] == nil)
        #expect(json["details"]?["note"] == "<redacted:field>")
        #expect(json["details"]?["x"]?["serial"] == 4_111_111_111_111_111)
        #expect(json["details"]?["x"]?["other"] == "<redacted:pan>")
        #expect(result.counts == ["email": 2, "field": 2, "pan": 1])
    }

    @Test("Denied names go whole, whatever their spelling; names that only resemble them stay")
    func names() throws {
        let bench = try RedactionBench()
        for name in [
            "password", "Password", "userPassword", "user_password", "db.password", "x-api-key",
            "apiKey", "API_KEY", "Authorization", "Set-Cookie", "clientSecret", "access_token",
            "ssn", "cardNumber", "password:",
        ] {
            for value: JSONValue in ["x", ["a": 1], ["b"], 12345]
            where name != "access_token" || value == "x" {
                let result = try bench.redact(RedactionBench.record(value, name: name))
                #expect(result.counts == ["key_name": 1], "\(name)")
                #expect(result.text.contains("<redacted:key_name>"))
            }
        }
        for name in [
            "token_count", "max_tokens", "secret_name", "passwordless", "tokenizer", "compass",
        ] {
            let record = RedactionBench.record("x", name: name)
            #expect(try bench.redact(record).counts.isEmpty, "\(name)")
        }
        for value: JSONValue in [true, "", .null, "<redacted:key_name>"] {
            #expect(try bench.redact(RedactionBench.record(value, name: "password")).counts.isEmpty)
        }
        #expect(try bench.redact(RedactionBench.record(5, name: "next_token")).counts.isEmpty)
    }

    @Test("Two names that become one placeholder stay two names")
    func collidingNames() throws {
        let bench = try RedactionBench()
        let result = try bench.redact(
            RedactionBench.record(
                ["a@example.com": 1, "b@example.com": 2, "<redacted:email>": 3], name: "by"))
        let by = try JSONValue.parse(Array(result.text.utf8))["arguments"]?["by"]
        #expect(by?.members?.count == 3)
        #expect(try bench.redact(result.text).counts.isEmpty)
    }

    @Test("The record's frame keeps its form")
    func frame() throws {
        let bench = try RedactionBench(RedactionBench.everything)
        let result = try bench.redact(
            #"""
            {"v":"1","type":"x.acme.4111111111111111","id":"01976000-0000-7000-8000-00000000000a",
            "time":"2026-06-01T11:00:00Z","tenant":"acme","actor":{"id":"?","type":"service"},
            "user_212_555_0187":"a","ssn":"b"}
            """#)
        #expect(result.text.contains(#""type":"x.acme.redacted""#), "\(result.text)")
        #expect(result.counts == ["pan": 1])
        #expect(result.text.contains(#""ssn":"b""#))
    }

    @Test("JSON in strings is read three levels deep, and rewritten only where something was found")
    func nested() throws {
        let bench = try RedactionBench()
        var text = #"{"cookie":"geheim", "n": [1, 2]}"#
        for level in 1...4 {
            let result = try bench.redact(RedactionBench.record(.string(text), name: "x"))
            #expect(result.text.contains("geheim") == (level > 3), "level \(level): \(result.text)")
            text = String(decoding: (["in": .string(text)] as JSONValue).canonical, as: UTF8.self)
        }
        let spaced = #"{ "a" : [1, 2] }"#
        #expect(try bench.value(spaced) == (spaced, [:]))
        #expect(try bench.value("[4111111111111111]").text == #"["<redacted:pan>"]"#)
    }

    @Test("The digest changes with everything that decides, and with nothing else")
    func digest() throws {
        let digest = { (policy: RedactionPolicy) throws in
            try RedactionBench(policy).redactor.identity.digest
        }
        let base = RedactionPolicy(id: "test", rules: [Self.employee])
        var seen: Set<String> = [try digest(base)]
        #expect(try digest(base) == seen.first)
        let changes: [(inout RedactionPolicy) -> Void] = [
            { $0.version = 2 }, { $0.packs.insert(.host) }, { $0.strategies = ["pan": .mask] },
            { $0.disabled = ["pan"] }, { $0.fields = ["a": .drop] }, { $0.deniedNames = [] },
            { $0.limits.stringBytes = 9 }, { $0.placeholders = .kerno },
            { $0.rules[0].pattern += "x?" }, { $0.rules[0].contextWindow = 30 },
            { $0.tenants = ["t": TenantRedaction(packs: [.us])] },
        ]
        for change in changes {
            var policy = base
            change(&policy)
            if policy.limits.stringBytes == 9 { policy.limits.stringBytes = 9_000 }
            #expect(seen.insert(try digest(policy)).inserted)
        }
        var samples = base
        samples.rules[0].positives.append("staff E999999")
        #expect(seen.contains(try digest(samples)))
    }

    @Test("A preview names rules and places, and never what was found")
    func preview() throws {
        let bench = try RedactionBench()
        let json = RedactionBench.record(
            [
                "list": ["4111111111111111", "5555555555554444"],
                "a@example.com": ["password": "geheim"],
            ],
            name: "data")
        let preview = try bench.redactor.preview(Array(json.utf8), tenant: "acme")
        #expect(
            Set(preview.findings.map { "\($0.path) \($0.rule) \($0.count)" }) == [
                "arguments.data.list pan 2", "arguments.data.#0 email 1",
                "arguments.data.#0.password key_name 1",
            ])
        #expect(!String(decoding: preview.record, as: UTF8.self).contains("geheim"))
    }
}
