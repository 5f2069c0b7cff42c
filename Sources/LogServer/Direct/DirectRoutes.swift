// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Hummingbird
import Logging
import NIOCore
import TransparencyLog

/// Answers the two requests that come most often without a task of their own: single records, and
/// inclusion proofs out of the cache.
///
/// It does what ``SubmitRoute`` and ``TreeRoutes`` do, by the same parts, where nothing is wrong
/// with a request. Whatever it does not take goes the long way, which alone says what is wrong.
struct DirectRoutes: Sendable {
    let log: Log
    let settings: SettingsInForce
    let tokens: TokenStore
    let logger: Logger
    private let date = DateField()

    enum Answer {
        /// Not for here.
        case none
        case now(DirectResponse)
        /// `later` is called, once, on any thread.
        case later
    }

    /// What became of a record.
    struct Outcome: Sendable {
        let submission: Submission
        let result: Result<UnitPublication, LogError>
    }

    init(log: Log, settings: SettingsInForce, tokens: TokenStore, logger: Logger) {
        self.log = log
        self.settings = settings
        self.tokens = tokens
        self.logger = logger
    }

    /// Answers a request whose body is complete.
    func answer(
        _ head: DirectHead, _ body: ByteBuffer, later: @escaping @Sendable (Outcome) -> Void
    ) -> Answer {
        switch head.target {
        case .inclusion(let index):
            return inclusion(index).map { .now($0) } ?? .none
        case .record(let authorization, let key):
            // A log that fails closed gives no receipt before its witnesses have cosigned.
            guard log.witnessSettings?.onFailure != .closed,
                let submission = submission(body, authorization, key)
            else { return .none }
            log.submit([submission]) { later(Outcome(submission: submission, result: $0)) }
            return .later
        }
    }

    private func inclusion(_ index: UInt64) -> DirectResponse? {
        guard let found = try? log.cachedInclusion(of: index) else { return nil }
        var json = JSONWriter(capacity: 2_048)
        json.inclusion(found.proof, found.leafHash, checkpoint: found.note)
        note("GET", "/v1/proof/inclusion", .ok)
        return DirectResponse(json, .ok, isPublic: true, date: date.text)
    }

    /// Nil where anything at all is wrong with the record or with who sends it.
    private func submission(
        _ body: ByteBuffer, _ authorization: String, _ key: String?
    ) -> Submission? {
        guard body.readableBytesView.first == UInt8(ascii: "{"),
            let credential = RouteTable.credential(
                [.producer], authorization: [authorization], tokens)
        else { return nil }
        return try? body.withUnsafeReadableBytes { bytes in
            try settings.current.submissions.prepare(
                bytes, of: credential, header: SubmitRequest.key(key.map { [$0] } ?? []))
        }
    }

    // MARK: Records

    /// The response to a record; nil where ``settledResponse(to:)`` has to be waited for.
    func response(to outcome: Outcome) -> DirectResponse? {
        respond { () throws in
            guard let record = try log.newRecord(of: outcome.result.get()) else { return nil }
            return SubmitResult(.accepted(record), outcome.submission)
        }
    }

    /// The response to a record of which the store has to be read: a repeat.
    func settledResponse(to outcome: Outcome) async -> DirectResponse {
        let result: Result<SubmitResult, any Error>
        do {
            let outcomes = try await log.outcomes(of: outcome.result.get())
            guard let first = outcomes.first else { throw Problem(.internalError) }
            result = .success(SubmitResult(first, outcome.submission))
        } catch {
            result = .failure(error)
        }
        return respond { try result.get() } ?? failed(Problem(.internalError))
    }

    private func respond(_ result: () throws -> SubmitResult?) -> DirectResponse? {
        do {
            guard let (json, isReplay) = try result()?.receipt() else { return nil }
            let status = isReplay ? HTTPResponse.Status.ok : .created
            note("POST", "/v1/audit", status)
            return DirectResponse(json, status, isPublic: false, date: date.text)
        } catch {
            let id = String(describing: RequestID())
            var logger = self.logger
            // The framework's name for it, so that both ways of a request are found alike.
            logger[metadataKey: "hb.request.id"] = .string(id)
            return failed(RouteTable.problem(of: error, logger) { id })
        }
    }

    private func failed(_ problem: Problem) -> DirectResponse {
        note("POST", "/v1/audit", HTTPResponse.Status(code: problem.status))
        return DirectResponse(problem, date: date.text)
    }

    /// As ``RouteTable`` does of every answer.
    private func note(_ method: String, _ route: String, _ status: HTTPResponse.Status) {
        logger.debug(
            "answered",
            metadata: ["method": "\(method)", "route": "\(route)", "status": "\(status.code)"])
    }
}
