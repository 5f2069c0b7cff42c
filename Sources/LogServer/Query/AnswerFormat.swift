// SPDX-License-Identifier: Apache-2.0

/// How an answer with records is written.
enum AnswerFormat: String, Sendable, CaseIterable {
    case json, ndjson, csv

    /// As the parameter `format` asks, else as the Accept field does.
    init(_ query: Query, accept: [String]) throws(Problem) {
        if let name = query["format"] {
            guard let format = AnswerFormat(rawValue: name) else {
                throw .invalidParameter("format", "Ask for json, ndjson or csv.")
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
        }
    }

    /// The format that an Accept field likes best (RFC 9110, section 12.5.1); nil if it takes none.
    ///
    /// Of equals the earlier one in the field wins.
    static func preferred(_ accept: String) -> AnswerFormat? {
        if accept.allSatisfy({ $0 == " " || $0 == "," }) { return .json }
        var best: (format: AnswerFormat, weight: Double)?
        for range in accept.split(separator: ",") {
            let parts = range.split(separator: ";").map {
                $0.filter { $0 != " " && $0 != "\t" }.lowercased()
            }
            guard let name = parts.first, let format = format(ofRange: name) else { continue }
            let weight =
                parts.dropFirst().first { $0.hasPrefix("q=") }
                .map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if weight > 0, weight > best?.weight ?? 0 { best = (format, weight) }
        }
        return best?.format
    }

    private static func format(ofRange name: String) -> AnswerFormat? {
        switch name {
        case "*/*", "application/*", MediaTypes.json: .json
        case MediaTypes.ndjson, "application/jsonl": .ndjson
        case "text/csv", "text/*": .csv
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
