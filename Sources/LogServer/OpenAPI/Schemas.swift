// SPDX-License-Identifier: Apache-2.0

/// The shapes of all bodies, by the names that operations call them.
enum Schemas {
    static let number: YAML = ["type": "integer", "minimum": 0]
    static let hex: YAML = ["type": "string", "pattern": "^[0-9a-f]{64}$"]
    static let text: YAML = ["type": "string"]
    static let names: YAML = ["type": "array", "items": text]
    static let truth: YAML = ["type": "boolean"]
    private static let base64: YAML = ["type": "string", "contentEncoding": "base64"]
    private static let hashes: YAML = ["type": "array", "items": base64]
    private static let checkpoint: YAML = [
        "type": "string", "description": "A signed note, c2sp.org/tlog-checkpoint.",
    ]

    static var all: YAML {
        .map(
            (receipts + proofs + certificateTransparency + queries + verifications + redactions
                + forks + erasures + exports + holds + approvals + retention + backups + logs
                + administration).map {
                    YAML.Member(name: $0, value: $1)
                })
    }

    static func reference(_ name: String) -> YAML {
        ["$ref": .text("#/components/schemas/\(name)")]
    }

    /// An object that has these members and no others, all of them unless they are optional.
    static func object(
        _ members: [(String, YAML)], optional: [(String, YAML)] = []
    ) -> YAML {
        [
            "type": "object",
            "required": .list(members.map { .text($0.0) }),
            "additionalProperties": false,
            "properties": .map(
                (members + optional).map { YAML.Member(name: $0, value: $1) }),
        ]
    }

    private static var receipts: [(String, YAML)] {
        let parts: [(String, YAML)] = [
            ("receipt", ["const": "evident/v1"]), ("index", number), ("timestamp_ms", number),
            ("commitment", hex), ("record_hash", hex), ("inclusion", hashes),
        ]
        let opening: (String, YAML) = (
            "opening", object([("record", text), ("seed", hex)])
        )
        let erased: (String, YAML) = ("content", ["const": "erased"])
        let witnessed: (String, YAML) = (
            "witnessed",
            [
                "type": "boolean",
                "description": "Where one waited: whether the checkpoint met the witness policy.",
            ]
        )
        return [
            (
                "Record",
                [
                    "type": "object", "required": ["type", "actor"],
                    "properties": [
                        "id": ["type": "string", "format": "uuid"],
                        "type": text, "actor": ["type": "object", "required": ["id", "type"]],
                        "time": ["type": "string", "format": "date-time"],
                    ],
                ]
            ),
            (
                "Receipt",
                object(
                    parts + [("checkpoint", checkpoint)], optional: [opening, erased, witnessed])
            ),
            ("ItemReceipt", object(parts, optional: [opening, erased])),
            ("EvidenceBundle", bundle),
            (
                "Item",
                [
                    "oneOf": [
                        object([
                            ("status", ["enum": [200, 201]]), ("receipt", reference("ItemReceipt")),
                        ]),
                        object([("status", number), ("error", reference("Problem"))]),
                    ]
                ]
            ),
            (
                "Batch",
                object(
                    [
                        ("results", ["type": "array", "items": reference("Item")]),
                        ("checkpoint", checkpoint),
                    ], optional: [witnessed])
            ),
            (
                "Submission",
                [
                    "oneOf": [
                        reference("Record"), ["type": "array", "items": reference("Record")],
                    ]
                ]
            ),
            ("CloudEvent", cloudEvent),
            ("CloudEvents", ["type": "array", "items": reference("CloudEvent")]),
            ("Answer", ["oneOf": [reference("Receipt"), reference("Batch")]]),
            ("Problem", problem),
        ]
    }

    private static var bundle: YAML {
        let salt: YAML = ["type": "string", "pattern": "^[0-9a-f]{32}$"]
        let fields: YAML = [
            "type": "array",
            "items": [
                "oneOf": [
                    object([("salt", salt), ("member", text)]),
                    object([("name", text), ("digest", hex)], optional: [("erased", number)]),
                ]
            ],
        ]
        return object([
            ("bundle", ["const": "evident/v1"]), ("index", number), ("timestamp_ms", number),
            ("record_hash", hex), ("fields", fields), ("inclusion", hashes),
            ("checkpoint", checkpoint),
        ])
    }

    private static var cloudEvent: YAML {
        let attribute: YAML = ["type": "string", "minLength": 1]
        return [
            "type": "object", "required": ["specversion", "id", "source", "type"],
            "properties": [
                "specversion": ["const": "1.0"],
                "id": ["type": "string", "minLength": 1, "maxLength": 256],
                "source": ["type": "string", "minLength": 1, "maxLength": 2048],
                "type": ["type": "string", "minLength": 1, "maxLength": 256],
                "time": ["type": "string", "format": "date-time"],
                "subject": attribute, "datacontenttype": attribute, "dataschema": attribute,
                "data_base64": ["type": "string", "contentEncoding": "base64"],
            ],
        ]
    }

    private static var problem: YAML {
        let codes = Set(ProblemCode.allCases.map(\.row.code)).sorted()
        return object(
            [
                ("type", ["type": "string", "format": "uri"]), ("title", text),
                ("code", ["type": "string", "enum": .list(codes.map(YAML.text))]),
                ("detail", ["type": "string", "description": "What to do about it."]),
            ],
            optional: [
                ("status", number),
                ("reason", ["type": "string", "description": "The rule of JSON broken."]),
                (
                    "offset",
                    ["type": "integer", "minimum": 0, "description": "Bytes from the start."]
                ),
                ("path", ["type": "string", "description": "The member at fault."]),
                ("parameter", ["type": "string", "description": "The parameter at fault."]),
                ("indexes", ["type": "array", "items": number]),
                ("id", ["type": "string", "description": "What the server's log calls it."]),
            ])
    }

    private static var proofs: [(String, YAML)] {
        [
            (
                "InclusionProof",
                object(
                    [
                        ("index", number), ("size", number), ("leaf_hash", hex),
                        ("inclusion", hashes),
                    ], optional: [("checkpoint", checkpoint)])
            ),
            (
                "ConsistencyProof",
                object(
                    [("from", number), ("to", number), ("consistency", hashes)],
                    optional: [("checkpoint", checkpoint)])
            ),
        ]
    }

    private static var logs: [(String, YAML)] {
        let key = object(
            [("alg", text)],
            optional: [("vkey", text), ("spki", base64), ("jwk", ["type": "object"])])
        let limits = object([
            ("record_bytes", number), ("batch_items", number), ("batch_bytes", number),
            ("head_bytes", number), ("head_fields", number),
        ])
        let witness = object([("name", text), ("vkey", text)], optional: [("url", text)])
        let policy = object([
            ("policy", text), ("fewest", number), ("on_failure", ["enum": ["open", "closed"]]),
            ("interval_ms", number), ("wait_ms", number),
        ])
        let witnessed = object(
            [
                ("met", truth),
                (
                    "witnesses",
                    [
                        "type": "array",
                        "items": object(
                            [("name", text)],
                            optional: [("cosigned_age_ms", number), ("failure", text)]),
                    ]
                ),
            ], optional: [("size", number), ("age_ms", number)])
        return [
            ("Checkpoints", object([("checkpoints", ["type": "array", "items": checkpoint])])),
            (
                "Log",
                object(
                    [
                        ("origin", text), ("vkey", text), ("log_id", base64),
                        ("keys", ["type": "array", "items": key]), ("granularity_ms", number),
                        ("publish_interval_ms", number), ("first_content_index", number),
                        ("state", ["enum": ["live", "frozen", "evidence"]]),
                        ("witnesses", ["type": "array", "items": witness]), ("limits", limits),
                        ("durability", object([("durable", truth)], optional: [("reason", text)])),
                        ("fips", object([("active", truth), ("ed25519", truth)])),
                    ], optional: [("witness_policy", policy)])
            ),
            (
                "Readiness",
                object(
                    [
                        ("ready", truth), ("size", number), ("head_age_ms", number),
                        ("last_commit_age_ms", number), ("queued_records", number),
                    ],
                    optional: [
                        ("reason", text), ("detail", text), ("witnessed", witnessed),
                        ("mirror", object([("size", number), ("failing", truth)])),
                        (
                            "sink",
                            object(
                                [("size", number), ("failing", truth)], optional: [("reason", text)]
                            )
                        ),
                        ("forks_proven", number), ("first_fork", hex),
                    ])
            ),
        ]
    }

    private static var administration: [(String, YAML)] {
        let roles: YAML = ["enum": .list(Role.allCases.map { .text($0.rawValue) })]
        let entry: [(String, YAML)] = [
            ("prefix", text), ("name", text), ("role", roles), ("tenant", text),
            ("created", ["type": "string", "format": "date-time"]),
        ]
        return [
            ("Freeze", object([("origin", text)], optional: [("reason", text)])),
            (
                "Frozen",
                object([("index", number), ("size", number), ("checkpoint", checkpoint)])
            ),
            ("NewToken", object([("role", roles), ("tenant", text)], optional: [("name", text)])),
            (
                "Reload",
                object(
                    [("changed", names), ("restart_required", names), ("access_records", text)],
                    optional: [("redaction", policy)])
            ),
            ("Token", object(entry, optional: [("token", text)])),
            (
                "Tokens",
                object([("tokens", ["type": "array", "items": reference("Token")])])
            ),
        ]
    }
}
