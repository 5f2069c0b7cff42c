// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird

/// What a record may hold: the registry of the schema, as JSON Schema.
///
/// Public, as the format of the records is: it says nothing of any record.
struct SchemaRoutes: Sendable {
    private let index = ByteBuffer(bytes: JSONSchema.index.canonical)
    private let record = ByteBuffer(bytes: JSONSchema.record.canonical)

    var routes: [Route] { [schemas, schema] }

    private var schemas: Route {
        Route(
            .get, "/v1/schemas", access: .anyone,
            Operation(
                "getSchemas", "The schema of records, and all types that it knows",
                "The list of types is open: a record of a type that is not listed is taken too.",
                successes: [
                    Operation.Success(
                        status: 200, description: "Every type, and the schema of any record.",
                        content: [(MediaTypes.json, nil)])
                ])
        ) { [index] _ in .uncached(index, public: true) }
    }

    private var schema: Route {
        Route(
            .get, "/v1/schemas/{type}", access: .anyone,
            Operation(
                "getSchema", "The JSON Schema of the records of one type",
                "JSON Schema 2020-12 of what a producer sends. It cannot say all that the log"
                    + " checks: the rules of the JSON text, depth, and sizes in bytes.",
                parameters: [
                    .path(
                        "type", ["type": "string", "maxLength": 80],
                        "A type, such as tool.call; tool.call@1 to name the version of its rules;"
                            + " or record, for records of any type.")
                ],
                successes: [
                    Operation.Success(
                        status: 200, description: "The schema.",
                        content: [("application/schema+json", nil)])
                ],
                problems: [.notFound])
        ) { [record] call in
            let name = try call.parameter("type")
            let schema =
                name == "record"
                ? record : ByteBuffer(bytes: JSONSchema.record(of: try Self.type(name)).canonical)
            return .uncached(schema, type: "application/schema+json", public: true)
        }
    }

    /// The registered type of that name, with or without its version.
    private static func type(_ name: Substring) throws(Problem) -> RecordType {
        let parts = name.split(separator: "@", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let type = RecordType.registered(String(parts[0])),
            parts.count == 1 || parts[1] == "\(type.version)"
        else { throw Problem(.notFound) }
        return type
    }
}
