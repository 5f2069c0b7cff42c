// SPDX-License-Identifier: Apache-2.0

extension RecordSchema {
    static let actorTypes: [StaticString] = [
        "human", "service", "agent", "os_user", "anonymous", "system",
    ]

    private static let identity: [ObjectRule.Member] = [
        .member("id", .text(256), required: true, "A stable identifier, or a token for one."),
        .member("type", .choice(actorTypes), required: true, "What kind of actor it is."),
    ]

    static let actor = ObjectRule(
        identity + [
            .member("display", .text(256), "A name to show."),
            .member("email", .text(320), "An address."),
            .member(
                "on_behalf_of", .array(.object(ObjectRule(identity)), limit: 8),
                "For whom it acted, nearest first: each an object with id and type."),
            .member("roles", .array(.text(128), limit: 32), "Roles that it acted in."),
            .member("auth_method", .text(64), "How it proved who it is."),
            .member("credential_id", .text(128), "Which credential, never the credential itself."),
        ])

    static let agent = ObjectRule([
        .member("id", .text(256), "Which agent."),
        .member("instance_id", .text(256), "Which running instance of it."),
        .member("name", .text(256), "What it is called."),
        .member("version", .text(128), "Which version of it."),
    ])

    static let model = ObjectRule([
        .member("provider", .text(128), "Who serves it."),
        .member("name", .text(256), "What was asked for; absent if unknown."),
        .member("response", .text(256), "What answered, where that differs."),
    ])

    static let tool = ObjectRule([
        .member("name", .text(256), "Which tool."),
        .member("type", .text(64), "Of what kind: function, mcp, shell and so on."),
        .member("call_id", .text(256), "Joins a result to its call."),
        .member("is_error", .truth, "Whether the tool itself reported an error."),
    ])

    static let approvalStatuses: [StaticString] = [
        "requested", "approved", "rejected", "expired", "bypassed",
    ]

    static let approval = ObjectRule([
        .member("status", .choice(approvalStatuses), "Where the approval stands."),
        .member("request_id", .text(128), "Joins a decision to its request."),
        .member(
            "approver", .object(ObjectRule(identity)), "Who decided: an object with id and type."),
        .member("decided_at", .text(64, .time), "When."),
        .member("expires_at", .text(64, .time), "Until when it holds."),
        .member(
            "bound", .count,
            "The index of the record that was approved: exactly that and nothing else."),
        .member("nonce", .text(128), "Makes one approval good for one use."),
    ])

    static let policy = ObjectRule([
        .member("id", .text(128), "Which policy."),
        .member("version", .text(128), "Which version of it."),
        .member("digest", .text(128), "A digest of its text."),
        .member("rule_id", .text(128), "Which rule of it decided."),
        .member("decision", .choice(["allow", "deny", "ask"]), "What it decided."),
        .member(
            "mode", .choice(["enforce", "observe"]),
            "observe: the decision was noted and not enforced."),
    ])

    static let target = ObjectRule([
        .member("type", .text(64), "What kind of thing."),
        .member("id", .text(512), "Which one."),
        .member("name", .text(512), "What it is called."),
        .member("owner_tenant", .text(64), "Whose it is, where that is not the record's tenant."),
    ])

    static let source = ObjectRule([
        .member("ip", .text(64), "An address, a network, or a token for one."),
        .member("port", .integer(0...65_535), "The port at the far end."),
        .member("ua", .text(1024, .prose), "The user agent."),
        .member("transport", .text(32), "How it came: https, stdio, unix and so on."),
    ])

    static let trace = ObjectRule([
        .member("trace_id", .text(64), "The distributed trace."),
        .member("span_id", .text(64), "The span in it."),
        .member("session_id", .text(256), "The conversation."),
        .member("run_id", .text(128), "The run of an agent."),
        .member("cycle_id", .text(128), "The cycle of a daemon."),
        .member("parent_id", .text(128), "The run that started this one."),
        .member("request_id", .text(128), "The request."),
    ])

    static let producer = ObjectRule(
        [
            .member("id", .text(128), "Which producer counts."),
            .member(
                "seq", .count, "Its own count of records, by one each: a gap shows what is missing."
            ),
            .member("epoch", .count, "Rises when the count begins anew."),
            .member("component", .text(128), "Which part of it."),
            .member("version", .text(128), "Which version of it."),
            .member("instance", .text(128), "Which instance of it."),
        ],
        conditions: [.needs("seq", "id"), .needs("epoch", "seq")])

    static let error = ObjectRule([
        .member("class", .text(128), "The kind of error."),
        .member("message", .text(8192, .prose), "What it said."),
    ])

    static let change = ObjectRule(
        [
            .member("field", .text(256), required: true, "What was changed."),
            .member("before", .any, "The value before."),
            .member("after", .any, "The value after."),
            .member("secret", .truth, "The values are secret, and neither is sent."),
        ],
        conditions: [.hides("secret", ["before", "after"])])

    static let imported = ObjectRule([
        .member("system", .text(128), required: true, "The system that made the record."),
        .member("original_id", .text(256), "What it called the record."),
        .member("original_time", .text(64), "When, as that system wrote it."),
        .member("original_integrity", .any, "Its own hashes: kept as they are, never relied on."),
    ])

    /// Rules of the policy, and `number_as_text`: each with a count of at least 1.
    static let redactions = ObjectRule([
        .member(
            RecordSchema.numberAsText, .integer(1...(1 << 53 - 1)),
            "Numbers that JSON parsers do not agree on, kept as text.")
    ])

    static let redactionPolicy = ObjectRule([
        .member("id", .text(128), required: true, "Which policy."),
        .member("version", .count, required: true, "Which version of it."),
        .member("digest", .text(64), required: true, "SHA-256 of it, in hex."),
    ])

    static let numberAsText: StaticString = "number_as_text"
}
