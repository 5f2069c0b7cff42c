// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Hummingbird
import Logging
import TransparencyLog

/// All that a listener answers: a closed list, mounted on the framework's router.
///
/// Every request passes one gate, in this order: route, token, role, query, handler. Every failure
/// becomes one ``Problem``.
package struct RouteTable: HTTPResponder {
    package let routes: [Route]
    private let router: RouterResponder<ServerContext>

    /// - Parameter tokens: nil on a listener whose clients are known by other means; only routes
    ///   for `.socket` are mounted there, and none of them elsewhere.
    init(_ routes: [Route], tokens: TokenStore?) {
        precondition(
            routes.allSatisfy { ($0.access == .socket) == (tokens == nil) },
            "a route on a listener that it is not for")
        self.routes = routes
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        for route in routes {
            let known = route.operation.queryNames
            let repeatable = route.operation.repeatableNames
            router.on(RouterPath(route.path), method: route.method) { request, context in
                let credential = try Self.authorize(route.access, request, tokens)
                let query = try Query(request.uri.query, known: known, repeatable: repeatable)
                return try await route.handle(
                    Call(request: request, context: context, credential: credential, query: query))
            }
        }
        // Added last, it serves what none of the above does.
        router.add(middleware: UnroutedRequests(routes: routes))
        self.router = router.buildResponder()
    }

    package func respond(to request: Request, context: ServerContext) async throws -> Response {
        var response: Response
        do {
            guard !Self.hasEmptySegment(request.uri.path) else { throw Problem(.notFound) }
            response = try await router.respond(to: request, context: context)
        } catch {
            response = Response(Self.problem(of: error, context.logger) { context.id })
            if request.method == .head { response = response.createHeadResponse() }
        }
        context.logger.debug(
            "answered",
            metadata: [
                "method": "\(request.method)", "route": "\(context.endpointPath ?? "-")",
                "status": "\(response.status.code)",
            ])
        return response
    }

    /// The framework overlooks empty segments; here a path has one spelling.
    private static func hasEmptySegment(_ path: String) -> Bool {
        var last: UInt8 = 0
        for byte in path.utf8 {
            if byte == UInt8(ascii: "/"), byte == last { return true }
            last = byte
        }
        return last == UInt8(ascii: "/") && path.utf8.count > 1
    }

    // MARK: Authorization

    /// Who asks, if the token still says that the route is for them; for answers that go on.
    static func credential(
        _ access: Access, _ headers: HTTPFields, _ tokens: TokenStore
    ) -> Credential? {
        guard case .roles(let roles) = access else { return nil }
        return credential(roles, authorization: headers[values: .authorization], tokens)
    }

    /// The same, from the values of the Authorization fields.
    static func credential(
        _ roles: Set<Role>, authorization: [String], _ tokens: TokenStore
    ) -> Credential? {
        guard let credential = bearer(authorization).flatMap({ tokens.credential(bearing: $0) }),
            roles.contains(credential.role)
        else { return nil }
        return credential
    }

    private static func authorize(
        _ access: Access, _ request: Request, _ tokens: TokenStore?
    ) throws(Problem) -> Credential? {
        guard let tokens, case .roles(let roles) = access else { return nil }
        let authorization = request.headers[values: .authorization]
        guard let credential = bearer(authorization).flatMap({ tokens.credential(bearing: $0) })
        else {
            var problem = Problem(.notAuthorized)
            problem.isUnauthenticated = true
            throw problem
        }
        guard roles.contains(credential.role) else { throw Problem(.notAuthorized) }
        return credential
    }

    /// The token in the one Authorization field; nil without one, and with several.
    private static func bearer(_ fields: [String]) -> Substring? {
        guard fields.count == 1, let field = fields.first else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return parts[1]
    }

    // MARK: Errors

    /// What is answered where a route has failed.
    ///
    /// - Parameter id: what `logger` calls the request.
    static func problem(
        of error: any Error, _ logger: Logger, id: () -> String
    ) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let failure as ConnectionFailure: return failure.problem
        case let error as LogError:
            var problem = Problem(error)
            guard problem.status == 500 else { return problem }
            problem.id = id()
            logger.error("the log failed", metadata: ["error": "\(String(reflecting: error))"])
            return problem
        case let error as TokenError where error.code == .invalid: return Problem(.invalidToken)
        default:
            var problem = Problem(.internalError)
            problem.id = id()
            logger.error(
                "a request failed unexpectedly",
                metadata: ["error": "\(String(reflecting: error))"])
            return problem
        }
    }
}

/// OPTIONS, a method that a path lacks, and paths that do not exist.
private struct UnroutedRequests: RouterMiddleware {
    typealias Context = ServerContext

    let routes: [Route]

    func handle(
        _ request: Request, context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        let matching = path == "*" ? routes : routes.filter { Self.matches($0.path, path) }
        // To the router a path of its own comes before one with a parameter, with all its methods.
        let own = matching.filter { $0.path == path }
        let here = own.isEmpty ? matching : own
        guard !here.isEmpty else { throw Problem(.notFound) }
        let allow = Self.allow(here)
        guard request.method == .options else {
            var problem = Problem(.methodNotAllowed)
            problem.allow = allow
            throw problem
        }
        var headers: HTTPFields = [.cacheControl: "no-store"]
        headers[.allow] = allow
        if here.contains(where: { $0.access == .anyone }) {
            headers[.accessControlAllowOrigin] = "*"
            headers[.accessControlAllowMethods] = allow
            headers[.accessControlMaxAge] = "86400"
        }
        return Response(status: .noContent, headers: headers)
    }

    private static func allow(_ routes: [Route]) -> String {
        var methods = Set(routes.map(\.method.rawValue))
        if methods.contains("GET") { methods.insert("HEAD") }
        return methods.union(["OPTIONS"]).sorted().joined(separator: ", ")
    }

    private static func matches(_ template: String, _ path: String) -> Bool {
        let pattern = template.split(separator: "/")
        let parts = path.split(separator: "/")
        if pattern.last == "**" {
            return parts.count >= pattern.count && parts.starts(with: pattern.dropLast())
        }
        return pattern.count == parts.count
            && zip(pattern, parts).allSatisfy { $0 == $1 || $0.hasPrefix("{") }
    }
}

extension Response {
    /// An error response.
    init(_ problem: Problem) {
        var headers = HTTPFields()
        for (name, value) in problem.fields {
            guard let name = HTTPField.Name(name) else { continue }
            headers[name] = value
        }
        self.init(
            status: HTTPResponse.Status(code: problem.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: problem.body)))
    }
}
