// SPDX-License-Identifier: Apache-2.0

import AuditRecords

/// The parameters of the routes that select records, as the specification has them.
enum QueryParameters {
    private static let text: YAML = ["type": "string", "minLength": 1, "maxLength": 512]
    private static let time: YAML = ["type": "string", "format": "date-time"]

    /// The filters, the time range, and the range of indexes.
    static var selection: [Operation.Parameter] { filters + times + indexes }

    /// The filters and the time range.
    static var filters: [Operation.Parameter] {
        FilterField.allCases.map { field in
            .queries(field.name, text, description(of: field))
        } + [
            .query(
                "severity_min", ["type": "integer", "minimum": 1, "maximum": 6],
                "Records of this severity or a higher one.")
        ]
    }

    static var times: [Operation.Parameter] {
        [
            .query("since", time, "Records of this time or later; an offset or Z is needed."),
            .query("until", time, "Records before this time."),
            .query(
                "time_basis", ["enum": ["time", "received"]],
                "Whether since and until mean the producer's time (the default), or the log's."),
        ]
    }

    static let fromIndex = Operation.Parameter.query(
        "from_index", Schemas.number, "Records from this index on.")

    private static var indexes: [Operation.Parameter] {
        [
            fromIndex,
            .query("to_index", Schemas.number, "Records before this index."),
        ]
    }

    /// How an answer is cut into pages, ordered and written.
    static var paging: [Operation.Parameter] {
        [
            .query(
                "limit", ["type": "integer", "minimum": 1, "maximum": 1_000],
                "Records of one page, 50 if left out. A page may hold fewer, and more follow."),
            .query("order", ["enum": ["asc", "desc"]], "By index: asc, the default, or desc."),
            .query(
                "cursor", ["type": "string", "pattern": "^[A-Za-z0-9_-]{76}$"],
                "Where the page before ended; all filters and the order are sent again."),
            .queries(
                "include", ["enum": ["receipt", "proof"]],
                "Adds to each record its receipt, or its proof file; in json and ndjson."),
            .query(
                "format", ["enum": .list(AnswerFormat.allCases.map { .text($0.rawValue) })],
                "Wins over the Accept field."),
        ]
    }

    private static func description(of field: FilterField) -> String {
        switch field {
        case .type: "The type; tool.* stands for every type that begins with tool and a dot."
        case .tenant: "The tenant; a reader sees its own, whatever is asked for."
        case .actor: "The actor's id."
        case .actorType: "The actor's type."
        case .target: "The id of a target."
        case .targetType: "The type of a target."
        case .producer: "The producer's id or component."
        case .imported: "The system that it was imported from, or its identifier there."
        case .sourceIP: "The address, or what redaction makes of it for the tenants asked for."
        default: "The record's \(field.name.replacing("_", with: " ")); one of those given."
        }
    }
}
