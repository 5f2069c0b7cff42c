// SPDX-License-Identifier: Apache-2.0

extension Schemas {
    /// A verification: what is asked for, and what comes line by line.
    static var verifications: [(String, YAML)] {
        [
            (
                "Verification",
                [
                    "type": "object", "additionalProperties": false,
                    "properties": [
                        "from": number, "to": number, "deep": truth,
                        "checkpoint": [
                            "type": "string",
                            "description": "A checkpoint of this log that you have kept.",
                        ],
                    ],
                ]
            ),
            (
                "VerificationLine",
                [
                    "description": "One line; the last one is a report or an error.",
                    "oneOf": [
                        object([("progress", object([("done", number), ("total", number)]))]),
                        object([("report", reference("VerificationReport"))]),
                        object([("error", reference("Problem"))]),
                    ],
                ]
            ),
            ("VerificationReport", report), ("VerificationFinding", finding),
        ]
    }

    private static let optionalNumber: YAML = ["type": ["integer", "null"], "minimum": 0]
    private static let optionalTruth: YAML = ["type": ["boolean", "null"]]

    private static var report: YAML {
        let states = [
            "erased", "lost", "pruned", "imported", "not_yet_integrated",
            "not_yet_witnessed",
        ].map { ($0, number) }
        let checkpoint = object([
            ("source", ["enum": ["published", "given", "witnessed"]]), ("size", number),
            ("root", text), ("met", optionalTruth),
        ])
        let epoch = object([
            ("epoch", number), ("first", number), ("kcv", text), ("keyed", truth),
        ])
        return object([
            ("report", ["const": "evident-verification/v1"]), ("headline", text),
            ("origin", text), ("result", ["enum": ["verified", "tampered", "unverifiable"]]),
            ("kind", text), ("first_bad_index", optionalNumber),
            ("verified_from", optionalNumber), ("verified_through", optionalNumber),
            ("range", list(number)), ("records_checked", number), ("payloads_opened", number),
            ("payloads_erased", number), ("tree_size", number),
            ("root", ["type": ["string", "null"]]), ("finding_count", number),
            ("findings", list(reference("VerificationFinding"))), ("not_checked", list(text)),
            ("elapsed_ms", number), ("states", object(states)), ("checkpoints", list(checkpoint)),
            ("key_epochs", list(epoch)),
        ])
    }

    private static var finding: YAML {
        object(
            [
                ("kind", text), ("index", optionalNumber), ("column", text), ("detail", text),
            ], optional: [("expected", number), ("found", number), ("key_id", text)])
    }

    private static func list(_ item: YAML) -> YAML { ["type": "array", "items": item] }
}
