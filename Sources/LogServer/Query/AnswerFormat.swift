// SPDX-License-Identifier: Apache-2.0

import AuditRecords

/// How an answer with records is written.
enum AnswerFormat: String, Sendable, CaseIterable {
    case json, ndjson, csv, ocsf, cloudevents

    /// As the parameter `format` asks, else as the Accept field does.
    init(_ query: Query, accept: [String]) throws(Problem) {
        if let name = query["format"] {
            guard let format = AnswerFormat(rawValue: name) else {
                throw .invalidParameter("format", "Ask for json, ndjson, csv, ocsf or cloudevents.")
            }
            self = format
            return
        }
        guard let format = Self.preferred(accept.joined(separator: ",")) else {
            throw Problem(.notAcceptable)
        }
        self = format
    }

    var mediaType: String {
        switch self {
        case .json: MediaTypes.json
        case .ndjson: MediaTypes.ndjson
        case .csv: "text/csv; charset=utf-8"
        case .ocsf: "application/ocsf+json"
        case .cloudevents: "application/cloudevents-batch+json"
        }
    }

    /// The schema of others that records are written in, as one array; nil for our own forms.
    var events: ExportFormat? {
        switch self {
        case .json, .ndjson, .csv: nil
        case .ocsf: .ocsf
        case .cloudevents: .cloudevents
        }
    }

    /// The format that an Accept field likes best; nil if it takes none.
    static func preferred(_ accept: String) -> AnswerFormat? {
        AcceptField.preferred(accept, usual: .json, form: format)
    }

    private static func format(ofRange name: String) -> AnswerFormat? {
        switch name {
        case "*/*", "application/*", MediaTypes.json: .json
        case MediaTypes.ndjson, "application/jsonl": .ndjson
        case "text/csv", "text/*": .csv
        case AnswerFormat.ocsf.mediaType: .ocsf
        case AnswerFormat.cloudevents.mediaType: .cloudevents
        default: nil
        }
    }
}

extension Problem {
    /// A parameter without a valid value, and what would be one.
    static func invalidParameter(_ name: String, _ advice: String) -> Problem {
        var problem = Problem.invalidParameter(name)
        problem.advice = advice
        return problem
    }
}
