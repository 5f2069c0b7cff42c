// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
import Hummingbird

/// Who may use a route.
///
/// There is no default: a route that names nobody cannot be written.
package enum Access: Hashable, Sendable {
    /// Anyone, with or without a token.
    case anyone
    /// Holders of a token with one of these roles.
    case roles(Set<Role>)
    /// Whoever may open the socket; such a route is mounted on no other listener.
    case socket
}

/// One method on one path: who may use it, what the specification says of it, and what it does.
package struct Route: Sendable {
    package let method: HTTPRequest.Method
    /// As the specification writes it: `/v1/audit/{record}/receipt`, or with a final `**`.
    package let path: String
    package let access: Access
    package let operation: Operation
    let handle: @Sendable (Call) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, access: Access, _ operation: Operation,
        handle: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.operation = operation
        self.handle = handle
    }
}

/// One request as its route sees it.
struct Call {
    let request: Request
    let context: ServerContext
    /// Who is asking; nil on a route that has no roles.
    let credential: Credential?
    let query: Query

    /// What stands in the path for `{name}`.
    func parameter(_ name: String) throws(Problem) -> Substring {
        guard let value = context.parameters.get(name) else { throw Problem(.notFound) }
        return value[...]
    }

    /// Who is asking, on a route that has roles.
    func identified() throws(Problem) -> Credential {
        guard let credential else { throw Problem(.notAuthorized) }
        return credential
    }
}
