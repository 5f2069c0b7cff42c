// SPDX-License-Identifier: Apache-2.0

/// What `spec/openapi.yaml` says of a route.
///
/// The same parameters are what the route accepts.
package struct Operation: Sendable {
    package struct Parameter: Sendable {
        package enum Place: String, Sendable {
            case path, query, header
        }

        package let name: String
        package let place: Place
        package let isRequired: Bool
        package let schema: YAML
        package let description: String
        /// Whether a query may have it more than once.
        package var isRepeatable = false
    }

    /// One way to succeed.
    package struct Success: Sendable {
        package let status: Int
        package let description: String
        /// Media types and the name of the schema that each has; nil for bytes and text.
        package let content: [(type: String, schema: String?)]
    }

    package let id: String
    package let summary: String
    package let description: String
    /// The paths that the specification has for it, where these are not the route's own.
    package let paths: [String]?
    package let parameters: [Parameter]
    /// Media types of the body and the names of their schemas.
    package let body: [(type: String, schema: String?)]
    package let successes: [Success]
    /// The ways to fail that are its own; ``commonProblems`` come with every route.
    package let problems: [ProblemCode]

    init(
        _ id: String, _ summary: String, _ description: String = "", paths: [String]? = nil,
        parameters: [Parameter] = [], body: [(type: String, schema: String?)] = [],
        successes: [Success], problems: [ProblemCode] = []
    ) {
        self.id = id
        self.summary = summary
        self.description = description
        self.paths = paths
        self.parameters = parameters
        self.body = body
        self.successes = successes
        self.problems = problems
    }

    /// What any request may meet, whatever its path.
    package static let commonProblems: [ProblemCode] = [
        .malformedRequest, .unknownParameter, .methodNotAllowed, .requestTimeout, .clientLeft,
        .bodyTooLarge,
        .unsupportedContentEncoding, .expectationFailed, .tooManyConnectionsOfAddress,
        .headTooLarge, .internalError, .tooManyConnections,
    ]

    /// What a read of the log may meet.
    static let readProblems: [ProblemCode] = [.storageFailed, .corrupt, .evidenceOnly]

    /// The query parameters that the route knows.
    var queryNames: Set<String> {
        Set(parameters.filter { $0.place == .query }.map(\.name))
    }

    /// Those among them that may be given more than once.
    var repeatableNames: Set<String> {
        Set(parameters.filter(\.isRepeatable).map(\.name))
    }
}

extension Operation.Parameter {
    static func path(_ name: String, _ schema: YAML, _ description: String) -> Self {
        Self(
            name: name, place: .path, isRequired: true, schema: schema, description: description)
    }

    static func query(
        _ name: String, _ schema: YAML, required: Bool = false, _ description: String
    ) -> Self {
        Self(
            name: name, place: .query, isRequired: required, schema: schema,
            description: description)
    }

    /// A query parameter that may be repeated.
    static func queries(_ name: String, _ item: YAML, _ description: String) -> Self {
        var parameter = query(name, ["type": "array", "items": item], description)
        parameter.isRepeatable = true
        return parameter
    }

    static func header(_ name: String, _ schema: YAML, _ description: String) -> Self {
        Self(
            name: name, place: .header, isRequired: false, schema: schema,
            description: description)
    }
}

extension Operation.Success {
    static func json(_ schema: String, _ description: String, status: Int = 200) -> Self {
        Self(
            status: status, description: description, content: [("application/json", schema)])
    }

    static func text(_ description: String) -> Self {
        Self(
            status: 200, description: description, content: [("text/plain; charset=utf-8", nil)])
    }
}
