// SPDX-License-Identifier: Apache-2.0

public import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// A log's HTTP address, and how it is asked: deadlines, retries, and the token, if any.
///
/// Redirects are not followed: a log is where its address says.
public struct LogEndpoint: Sendable {
    /// The address without a final slash.
    public let url: String

    /// What stands before the paths of the API in a message to a person.
    public let name: String

    private let client: HTTPClient
    private let token: String?
    private let retry: RetryPolicy
    /// The Host field, where the address does not say it.
    private let host: String?

    /// How long one attempt may take, from connecting to the last byte of the answer.
    static let deadline = TimeAmount.seconds(60)

    /// The log at an `http` or `https` address.
    public init(
        url: String, client: HTTPClient, token: String? = nil, retry: RetryPolicy = .standard
    ) throws(EndpointError) {
        guard let parsed = URL(string: url), let scheme = parsed.scheme,
            ["http", "https"].contains(scheme), parsed.host?.isEmpty == false,
            parsed.query == nil, parsed.fragment == nil, parsed.user == nil
        else {
            throw EndpointError(
                .invalidURL, "\(url) is not the address of a log; try http://127.0.0.1:6962")
        }
        self.init(base: url, name: url, client: client, token: token, host: nil, retry: retry)
    }

    /// The server that listens on a Unix socket.
    public init(
        socket path: String, client: HTTPClient, retry: RetryPolicy = .never
    ) throws(EndpointError) {
        guard let url = URL(httpURLWithSocketPath: path, uri: "/") else {
            throw EndpointError(.invalidURL, "\(path) cannot be the path of a socket")
        }
        self.init(
            base: url.absoluteString, name: path, client: client, token: nil, host: "localhost",
            retry: retry)
    }

    private init(
        base: String, name: String, client: HTTPClient, token: String?, host: String?,
        retry: RetryPolicy
    ) {
        url = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.name = name.hasSuffix("/") ? String(name.dropLast()) : name
        self.client = client
        self.token = token
        self.host = host
        self.retry = retry
    }

    /// Runs `body` with a client made for logs, and closes its connections afterwards.
    ///
    /// - Parameters:
    ///   - connections: To one host at one time.
    ///   - silence: After so many seconds without a byte an answer has broken off.
    public static func withClient<Result>(
        connections: Int = 16, silence: Int64 = 60, _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(silence)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.httpVersion = .http1Only
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(client)
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// What the server says to one request.
    ///
    /// Answers of 429, 502, 503 and 504, and connections that fail, are retried; so a request must
    /// mean the same however often it arrives.
    ///
    /// - Parameters:
    ///   - method: The HTTP method.
    ///   - path: Begins with a slash; a query may follow.
    ///   - headers: Beside the token's.
    ///   - body: Sent as it is.
    ///   - limit: Bytes of an answer; a longer one is an error.
    public func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil,
        limit: Int = 16 << 20
    ) async throws(EndpointError) -> HTTPAnswer {
        var retries = 0
        while true {
            let outcome = await attempt(method, path, headers: headers, body: body, limit: limit)
            retries += 1
            guard retries < retry.attempts, outcome.isWorthRetrying, !Task.isCancelled else {
                return try outcome.get()
            }
            let delay = retry.delay(beforeRetry: retries, retryAfter: outcome.retryAfter)
            try? await Task.sleep(for: delay)
        }
    }

    /// The body of a 200 answer; anything else is an error.
    public func get(_ path: String, limit: Int = 16 << 20) async throws(EndpointError) -> [UInt8] {
        let answer = try await request("GET", path, limit: limit)
        guard answer.status == 200 else { throw answer.error(asking: path, of: self) }
        return answer.body
    }

    private func attempt(
        _ method: String, _ path: String, headers: [(String, String)], body: [UInt8]?, limit: Int
    ) async -> AttemptOutcome {
        let request = made(method, path, headers, body)
        do {
            let response = try await client.execute(request, timeout: Self.deadline)
            let content = try await response.body.collect(upTo: limit)
            let after = response.headers.first(name: "Retry-After").flatMap(Int64.init)
            return .answered(
                HTTPAnswer(
                    status: Int(response.status.code), body: Array(content.readableBytesView),
                    retryAfter: after.map { .seconds($0) }))
        } catch is NIOTooManyBytesError {
            return .failed(
                EndpointError(.tooLarge, "\(name)\(path) answers with more than \(limit) bytes"))
        } catch let error as HTTPClientError where Self.timeouts.contains(error) {
            return .failed(
                EndpointError(.timedOut, "\(name) does not answer in time", cause: error))
        } catch {
            return .failed(unreachable(error))
        }
    }

    /// The head of an answer that goes on for as long as it likes; one other than 200 is an error.
    ///
    /// Nothing is retried. That the answer lives is for what it brings to show.
    func open(
        _ method: String, _ path: String, headers: [(String, String)], body: [UInt8]? = nil
    ) async throws(EndpointError) -> HTTPClientResponse {
        let request = made(method, path, headers, body)
        let response: HTTPClientResponse
        var refusal: [UInt8] = []
        do {
            response = try await client.execute(request, deadline: .distantFuture)
            if response.status != .ok {
                refusal = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
            }
        } catch {
            throw unreachable(error)
        }
        guard response.status == .ok else {
            throw HTTPAnswer(
                status: Int(response.status.code), body: refusal, retryAfter: nil
            ).error(asking: path, of: self)
        }
        return response
    }

    /// Gives out an answer's body part by part, as it comes.
    func parts(
        of response: HTTPClientResponse, called what: String,
        _ take: (ByteBuffer) async throws -> Void
    ) async throws {
        var parts = response.body.makeAsyncIterator()
        while true {
            let part: ByteBuffer?
            do {
                part = try await parts.next()
            } catch {
                throw EndpointError(.unreachable, "\(name) broke off its \(what)", cause: error)
            }
            guard let part else { return }
            try await take(part)
        }
    }

    private func made(
        _ method: String, _ path: String, _ headers: [(String, String)], _ body: [UInt8]?
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method)
        if let host { request.headers.add(name: "Host", value: host) }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        return request
    }

    private func unreachable(_ error: any Error) -> EndpointError {
        EndpointError(
            .unreachable, "\(name) cannot be reached; is the server running?", cause: error)
    }

    private static let timeouts: [HTTPClientError] = [
        .connectTimeout, .readTimeout, .deadlineExceeded,
    ]
}

/// The end of one attempt.
private enum AttemptOutcome {
    case answered(HTTPAnswer)
    case failed(EndpointError)

    var isWorthRetrying: Bool {
        switch self {
        case .answered(let answer): [429, 502, 503, 504].contains(answer.status)
        case .failed(let error): error.code != .tooLarge
        }
    }

    var retryAfter: Duration? {
        if case .answered(let answer) = self { answer.retryAfter } else { nil }
    }

    func get() throws(EndpointError) -> HTTPAnswer {
        switch self {
        case .answered(let answer): return answer
        case .failed(let error): throw error
        }
    }
}
