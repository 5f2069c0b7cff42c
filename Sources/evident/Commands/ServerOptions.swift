// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AsyncHTTPClient
import Foundation
import LogClientHTTP
import LogStorage

/// Which log to ask, and with which token.
struct ServerOptions: ParsableArguments {
    @Option(help: "The log's address. [EVIDENT_URL, else http://127.0.0.1:6962]")
    var url: String?

    @Option(help: "A file with the token; without it, EVIDENT_TOKEN.")
    var tokenFile: String?

    /// The log's address.
    var address: String {
        url ?? ProcessInfo.processInfo.environment["EVIDENT_URL"] ?? "http://127.0.0.1:6962"
    }

    /// The token, if one was given.
    ///
    /// It is never taken from the command line, which every process of the machine can read.
    func token() throws -> String? {
        var text = ProcessInfo.processInfo.environment["EVIDENT_TOKEN"]
        if let tokenFile {
            let reader = try LineReader.text(of: tokenFile)
            text = reader
        }
        guard let token = text?.trimmingCharacters(in: .whitespacesAndNewlines) else { return nil }
        guard !token.isEmpty, token.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else {
            throw CommandFailure.usage(
                "\(tokenFile ?? "EVIDENT_TOKEN") does not hold a token",
                advice: "`evident token create --role producer` prints one.")
        }
        return token
    }

    /// Runs `body` with the log's endpoint.
    ///
    /// - Parameter silence: seconds without a byte after which an answer has broken off.
    func withEndpoint<Result>(
        retry: RetryPolicy = .standard, silence: Int64 = 60,
        _ body: (LogEndpoint) async throws -> Result
    ) async throws -> Result {
        let token = try token()
        return try await Self.translating {
            try await LogEndpoint.withClient(silence: silence) { client in
                try await body(
                    LogEndpoint(url: address, client: client, token: token, retry: retry))
            }
        }
    }

    /// Gives failures of the network their exit status.
    static func translating<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as EndpointError {
            throw CommandFailure(error)
        }
    }
}

extension CommandFailure {
    /// A failure to ask a server.
    init(_ error: EndpointError) {
        switch error.code {
        case .invalidURL: self.init(.usage, error.message)
        case .unauthorized:
            self.init(
                .unverifiable, error.message,
                advice: "Give a token with --token-file or EVIDENT_TOKEN.")
        case .notFound, .unexpectedAnswer, .tooLarge: self.init(.unverifiable, error.message)
        case .unreachable, .timedOut, .unavailable: self.init(.inputOutput, error.message)
        }
    }
}

extension LineReader {
    /// The first line of a small file.
    static func text(of path: String) throws -> String {
        var reader = try LineReader(path)
        guard case .text(let line)? = try reader.next(),
            let text = String(validating: line, as: UTF8.self)
        else { throw FileError(.malformed, path, "holds no line of text") }
        return text
    }
}
