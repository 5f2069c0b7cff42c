// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What one HTTP/1.1 connection may do next, and until when: deadlines, body size, and when it must
/// end.
///
/// Pure; ``ConnectionGuard`` runs its actions.
///
/// Requests may be pipelined: reading runs ahead of answering. `unanswered` counts the requests
/// whose head has been passed on and whose response has not ended.
struct ConnectionMachine {
    enum Action: Equatable {
        case proceed
        /// Keep this part from the rest of the pipeline.
        case discard
        /// Answer with this and end the connection.
        case refuse(ConnectionFailure)
        /// Tell the reader of the body.
        case failBody(ConnectionFailure)
        /// The last response has been written: end output, discard input.
        case linger
        /// End it now, without a word.
        case close
    }

    private enum Phase {
        /// Between requests, or inside a head.
        case head
        case body
        /// Nothing is read any more; what is unanswered will be answered.
        case finishing
        case lingering
    }

    private let limits: ConnectionLimits
    private var phase: Phase
    private var headBegun = false
    private var sawPart = false
    private var unanswered = 0
    private var bodyBytes = 0
    private var closesAfterResponses = false
    private var announcedClose = false
    private var pendingRefusal: ConnectionFailure?
    private var phaseDeadline: NIODeadline?
    private var writeDeadline: NIODeadline?

    /// A connection that has just been opened.
    ///
    /// - Parameter isRefused: it will be told so and ended, whatever it sends.
    init(limits: ConnectionLimits, now: NIODeadline, isRefused: Bool = false) {
        self.limits = limits
        phase = isRefused ? .finishing : .head
        phaseDeadline = now + limits.headTimeout
    }

    /// When ``deadlinePassed(now:)`` is to be called; nil while the server is at work.
    var deadline: NIODeadline? {
        guard let phaseDeadline, let writeDeadline else { return phaseDeadline ?? writeDeadline }
        return min(phaseDeadline, writeDeadline)
    }

    var isLingering: Bool { phase == .lingering }

    /// Whether the client may be told to send the body that it announced.
    var mayContinue: Bool { phase == .body && unanswered == 1 && bodyBytes == 0 }

    mutating func headRead(_ framing: RequestFraming, now: NIODeadline) -> Action {
        sawPart = true
        guard phase == .head, !closesAfterResponses else { return .discard }
        phase = .body
        bodyBytes = 0
        unanswered += 1
        closesAfterResponses = framing.closes
        phaseDeadline = now + limits.bodyTimeout
        return .proceed
    }

    mutating func bodyRead(count: Int) -> Action {
        sawPart = true
        guard phase == .body else { return .discard }
        bodyBytes += count
        return bodyBytes > limits.bodyBytes ? failBody(.bodyTooLarge) : .proceed
    }

    mutating func endRead(now: NIODeadline) -> Action {
        sawPart = true
        guard phase == .body else { return .discard }
        phase = closesAfterResponses ? .finishing : .head
        headBegun = false
        phaseDeadline = nil
        waitForHead(now: now)
        return .proceed
    }

    /// A read ended.
    ///
    /// Without any part since the last one it brought some bytes of a head.
    mutating func readEnded(now: NIODeadline) {
        defer { sawPart = false }
        guard !sawPart, phase == .head, !headBegun else { return }
        headBegun = true
        phaseDeadline = min(phaseDeadline ?? .distantFuture, now + limits.headTimeout)
    }

    /// The head or the framing of a body cannot be read on.
    mutating func inputFailed(_ failure: ConnectionFailure) -> Action {
        switch phase {
        case .body: return failBody(failure)
        case .head where failure == .bodyCutShort && unanswered == 0: return .close
        case .head where !closesAfterResponses:
            phase = .finishing
            phaseDeadline = nil
            pendingRefusal = failure
            return unanswered == 0 ? refusePending() : .discard
        case .head, .finishing, .lingering: return .discard
        }
    }

    /// A response begins.
    ///
    /// Returns whether it is the connection's last, and must say so.
    mutating func responseBegan() -> Bool {
        announcedClose =
            unanswered <= 1 && (closesAfterResponses || phase == .body || phase == .finishing)
            && pendingRefusal == nil
        return announcedClose
    }

    mutating func responseEnded(now: NIODeadline) -> Action {
        unanswered -= 1
        guard unanswered <= 0 else { return .proceed }
        if pendingRefusal != nil { return refusePending() }
        if announcedClose || phase == .finishing { return linger(now: now) }
        waitForHead(now: now)
        return .proceed
    }

    /// A refusal has been written.
    mutating func refused(now: NIODeadline) -> Action { linger(now: now) }

    mutating func writabilityChanged(isWritable: Bool, now: NIODeadline) {
        writeDeadline = isWritable ? nil : now + limits.writeTimeout
    }

    mutating func deadlinePassed(now: NIODeadline) -> Action {
        if let writeDeadline, writeDeadline <= now { return .close }
        guard let passed = phaseDeadline, passed <= now else { return .proceed }
        phaseDeadline = nil
        switch phase {
        case .head where headBegun && unanswered == 0:
            phase = .finishing
            return .refuse(.headTimedOut)
        case .head: return unanswered == 0 ? .close : .proceed
        case .body where unanswered > 1:
            // Its turn has not come, so that nobody reads it: the client is not to blame.
            phaseDeadline = now + limits.bodyTimeout
            return .proceed
        case .body: return failBody(.bodyTimedOut)
        case .finishing: return .proceed
        case .lingering: return .close
        }
    }

    private mutating func failBody(_ failure: ConnectionFailure) -> Action {
        phase = .finishing
        phaseDeadline = nil
        return .failBody(failure)
    }

    private mutating func refusePending() -> Action {
        guard let failure = pendingRefusal else { return .proceed }
        pendingRefusal = nil
        return .refuse(failure)
    }

    private mutating func waitForHead(now: NIODeadline) {
        guard phase == .head, unanswered == 0, !headBegun else { return }
        phaseDeadline = now + limits.idleTimeout
    }

    private mutating func linger(now: NIODeadline) -> Action {
        phase = .lingering
        phaseDeadline = now + limits.lingerTimeout
        return .linger
    }
}
