// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// `spec/openapi.yaml`: made from the routes and the table of problems, so that neither can say
/// what the server does not do.
struct OpenAPIDocument {
    let routes: [Route]

    var text: String {
        "# SPDX-License-Identifier: Apache-2.0\n" + root.document
    }

    private var root: YAML {
        [
            "openapi": "3.1.0",
            "info": [
                "title": "Evident", "version": "1",
                "description": .text(
                    "A tamper-evident audit log: records in, durable receipts out, proofs that"
                        + " anyone can check. Query parameters that are not listed are refused."
                        + " Errors are RFC 9457; their codes are stable."),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": paths,
            "components": [
                "securitySchemes": [
                    "token": [
                        "type": "http", "scheme": "bearer",
                        "description": "A token evt_<prefix>_<secret> with one role.",
                    ]
                ],
                "responses": ["Problem": problem(Operation.commonProblems)],
                "schemas": Schemas.all,
            ],
        ]
    }

    private var paths: YAML {
        var paths: [(path: String, operations: [YAML.Member])] = []
        for route in routes {
            for (place, path) in (route.operation.paths ?? [route.path]).enumerated() {
                let member = YAML.Member(
                    name: route.method.rawValue.lowercased(),
                    value: operation(route, path: path, place: place))
                if let known = paths.firstIndex(where: { $0.path == path }) {
                    paths[known].operations.append(member)
                } else {
                    paths.append((path, [member]))
                }
            }
        }
        return .map(paths.map { YAML.Member(name: $0.path, value: .map($0.operations)) })
    }

    private func operation(_ route: Route, path: String, place: Int) -> YAML {
        let operation = route.operation
        var members: [(String, YAML)] = [
            ("operationId", .text(operation.id + (place == 0 ? "" : String(place + 1)))),
            ("summary", .text(operation.summary)),
        ]
        if !operation.description.isEmpty {
            members.append(("description", .text(operation.description)))
        }
        members += access(route.access)
        let parameters = operation.parameters.filter {
            $0.place != .path || path.contains("{\($0.name)}")
        }
        if !parameters.isEmpty {
            members.append(("parameters", .list(parameters.map(\.yaml))))
        }
        if !operation.body.isEmpty {
            members.append(
                ("requestBody", ["required": true, "content": content(operation.body)]))
        }
        members.append(("responses", responses(route)))
        return .map(members.map { YAML.Member(name: $0, value: $1) })
    }

    private func access(_ access: Access) -> [(String, YAML)] {
        switch access {
        case .anyone: [("security", [])]
        case .roles(let roles):
            [
                ("security", [["token": []]]),
                ("x-roles", .list(roles.map(\.rawValue).sorted().map(YAML.text))),
            ]
        case .socket: [("security", []), ("x-listener", "admin.sock")]
        }
    }

    private func responses(_ route: Route) -> YAML {
        let operation = route.operation
        var members: [YAML.Member] = operation.successes.map { success in
            var response: [YAML.Member] = [
                YAML.Member(name: "description", value: .text(success.description))
            ]
            if !success.content.isEmpty {
                response.append(YAML.Member(name: "content", value: content(success.content)))
            }
            return YAML.Member(name: String(success.status), value: .map(response))
        }
        var problems = operation.problems
        if case .roles = route.access {
            problems.append(.notAuthorized)
            members.append(problem(401, [.notAuthorized]))
        }
        for (status, codes) in Dictionary(grouping: problems, by: \.row.status) {
            members.append(problem(status, codes))
        }
        members.append(
            YAML.Member(name: "default", value: ["$ref": "#/components/responses/Problem"]))
        return .map(members.sorted { $0.name < $1.name })
    }

    private func problem(_ status: Int, _ codes: [ProblemCode]) -> YAML.Member {
        YAML.Member(name: String(status), value: problem(codes, status: status))
    }

    /// - Parameter status: if it is not the codes' own.
    private func problem(_ codes: [ProblemCode], status: Int? = nil) -> YAML {
        let list = codes.map(\.row).map { "\(status ?? $0.status) `\($0.code)`" }
        return [
            "description": .text(list.sorted().joined(separator: ", ")),
            "content": content([("application/problem+json", "Problem")]),
        ]
    }

    private func content(_ types: [(type: String, schema: String?)]) -> YAML {
        .map(
            types.map { type, schema in
                YAML.Member(
                    name: type,
                    value: schema.map { ["schema": Schemas.reference($0)] } ?? .map([]))
            })
    }
}

extension Operation.Parameter {
    fileprivate var yaml: YAML {
        [
            "name": .text(name), "in": .text(place.rawValue), "required": .bool(isRequired),
            "description": .text(description), "schema": schema,
        ]
    }
}
