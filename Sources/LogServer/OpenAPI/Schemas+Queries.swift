// SPDX-License-Identifier: Apache-2.0

extension Schemas {
    /// The answers of the routes that select records.
    static var queries: [(String, YAML)] {
        let page: [(String, YAML)] = [
            ("origin", text), ("pinned_tree_size", number), ("has_more", truth),
        ]
        let cursor: (String, YAML) = (
            "next_cursor",
            ["type": "string", "description": "Present if and only if has_more is true."]
        )
        return [
            (
                "FoundRecord",
                object(
                    [("index", number), ("record", reference("Record"))],
                    optional: [
                        ("erased", erasedFields), ("receipt", reference("Receipt")),
                        ("proof", text),
                    ])
            ),
            (
                "RecordPage",
                object(
                    [
                        ("schema", ["const": "audit_query"]), ("version", ["const": "1"]),
                        ("records", ["type": "array", "items": reference("FoundRecord")]),
                    ] + page, optional: [cursor])
            ),
            (
                "RecordLine",
                [
                    "description": "One line: a record, or what the last line says.",
                    "oneOf": [reference("FoundRecord"), object(page, optional: [cursor])],
                ]
            ),
            ("Counts", counts), ("Stats", stats), ("Gaps", gaps),
        ]
    }

    private static let erasedFields: YAML = [
        "type": "array",
        "description": "Fields that were erased: the name, and the index that announced it.",
        "items": ["type": "array", "prefixItems": [text, number], "minItems": 2, "maxItems": 2],
    ]

    private static var counts: YAML {
        object([
            (
                "values",
                [
                    "type": "array", "items": object([("value", text), ("count", number)]),
                ]
            ),
            ("other", number),
        ])
    }

    private static var stats: YAML {
        let dimensions = ["type", "outcome", "category", "actor", "day"].map {
            ("by_\($0)", reference("Counts"))
        }
        return object(
            [
                ("schema", ["const": "audit_stats"]), ("version", ["const": "1"]),
                ("origin", text), ("pinned_tree_size", number), ("complete", truth),
                ("total", number),
            ] + dimensions, optional: [("next_index", number)])
    }

    private static var gaps: YAML {
        object(
            [
                ("schema", ["const": "audit_gaps"]), ("version", ["const": "1"]),
                ("origin", text), ("pinned_tree_size", number), ("complete", truth),
                ("producers", ["type": "array", "items": producer]),
                ("gaps", ["type": "array", "items": gap]), ("more_gaps", number),
                ("pairs", object([("intents", number), ("outcomes", number), ("pairs", number)])),
                ("unpaired", ["type": "array", "items": unpaired]), ("more_unpaired", number),
            ], optional: [("next_index", number)])
    }

    private static var producer: YAML {
        object(
            [
                ("tenant", text), ("producer", text), ("records", number),
                ("first_index", number), ("last_index", number), ("last_seq", number),
                ("missing", number), ("repeats", number), ("restarts", number), ("late", number),
            ], optional: [("epoch", number)])
    }

    private static var gap: YAML {
        object(
            [
                ("tenant", text), ("producer", text),
                ("finding", ["enum": ["missing", "repeated", "restarted", "late"]]),
            ],
            optional: [
                ("first_seq", number), ("last_seq", number), ("seq", number), ("epoch", number),
                ("from_epoch", number), ("index", number), ("before_index", number),
            ])
    }

    private static var unpaired: YAML {
        object(
            [
                (
                    "finding",
                    ["enum": ["open", "given_up", "unannounced", "repeated", "unnamed"]]
                ),
                ("pair", ["enum": ["tool", "approval", "run", "phase"]]), ("index", number),
            ],
            optional: [
                ("tenant", text), ("scope", text), ("id", text),
                ("side", ["enum": ["intent", "outcome"]]), ("first_index", number),
            ])
    }
}
