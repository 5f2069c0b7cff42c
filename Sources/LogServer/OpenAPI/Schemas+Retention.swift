// SPDX-License-Identifier: Apache-2.0

extension Schemas {
    static var retention: [(String, YAML)] {
        let reason: (String, YAML) = (
            "reason", ["type": "string", "pattern": "^[a-z0-9._-]{1,64}$"]
        )
        let moment: YAML = ["type": "string", "format": "date-time"]
        let numbers: YAML = ["type": "array", "items": number]
        let options: [(String, YAML)] = [
            ("dry_run", truth),
            (
                "trust_clock",
                [
                    "type": "boolean",
                    "description": "Takes the log's own clock where no witness vouches for one.",
                ]
            ),
        ]
        return [
            ("RetentionRun", object([reason], optional: options)),
            (
                "Prune",
                object(
                    [reason, ("before", moment)], optional: options + [("require_export", truth)])
            ),
            ("Retention", description(moment)),
            ("RetentionOutcome", outcome(numbers)),
            ("PruneOutcome", pruned(moment, numbers)),
        ]
    }

    private static let clock: YAML = object([
        ("basis", ["enum": ["witnessed", "local"]]), ("ms", number),
    ])

    private static func description(_ moment: YAML) -> YAML {
        object(
            [
                ("mode", ["enum": ["manual", "scheduled"]]), ("rules", names),
                ("profiles", names), ("floor_ms", number), ("records_per_run", number),
                ("two_person", truth), ("policy", hex), ("first_content_index", number),
                (
                    "time",
                    object([("local_ms", number)], optional: [("witnessed_ms", number)])
                ),
            ],
            optional: [
                ("interval_ms", number), ("override_reason", text),
                ("last_run", object([("at", moment), ("outcome", text)])),
            ])
    }

    private static func outcome(_ numbers: YAML) -> YAML {
        let rule = object([("rule", text), ("tenant", text), ("records", number)])
        return object(
            [
                ("dry_run", truth), ("records", number), ("held", number), ("held_by", numbers),
                ("more", truth), ("rules", ["type": "array", "items": rule]), ("time", clock),
            ], optional: [("announced", numbers)])
    }

    private static func pruned(_ moment: YAML, _ numbers: YAML) -> YAML {
        let checkpoint = object([
            ("record_hash", hex), ("root", text), ("size", number), ("timestamp_ms", number),
        ])
        return object(
            [
                ("dry_run", truth), ("before", moment), ("records", number),
                ("log_records", number), ("first_retained", number), ("time", clock),
            ],
            optional: [
                ("checkpoint", checkpoint),
                ("blocked_by", object([("index", number), ("holds", numbers)])),
                ("exported", truth), ("exports", numbers), ("announced", numbers),
            ])
    }
}
