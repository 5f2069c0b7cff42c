// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Asks the guard of a connection to tell the client that it may send the body it announced.
struct ContinueRequest: Sendable {}

/// Stands between the HTTP decoder and all that follows, and runs ``ConnectionMachine``.
///
/// It is on its channel's event loop only.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: ConnectionLimits
    private let refusal: ConnectionFailure?
    private var machine: ConnectionMachine
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    private var awaitsContinue = false
    private var isHeadRequest = false
    private var presence: ClientPresence?
    private var isInputEnded = false

    /// - Parameter refusal: why this connection is not served at all.
    init(limits: ConnectionLimits, refusal: ConnectionFailure? = nil) {
        self.limits = limits
        self.refusal = refusal
        machine = ConnectionMachine(limits: limits, now: .now(), isRefused: refusal != nil)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { stopTimer() }

    func channelInactive(context: ChannelHandlerContext) {
        stopTimer()
        inputEnded()
        context.fireChannelInactive()
    }

    private func begin(_ context: ChannelHandlerContext) {
        if let refusal { run(.refuse(refusal), context) }
        updateTimer(context)
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let action =
            switch unwrapInboundIn(data) {
            case .head(let head): read(head)
            case .body(let buffer): machine.bodyRead(count: buffer.readableBytes)
            case .end: machine.endRead(now: .now())
            }
        if action == .proceed {
            context.fireChannelRead(data)
        } else {
            run(action, context)
        }
        updateTimer(context)
    }

    private func read(_ head: HTTPRequestHead) -> ConnectionMachine.Action {
        do {
            let framing = try RequestFraming(checking: head, bodyLimit: limits.bodyBytes)
            let action = machine.headRead(framing, now: .now())
            if action == .proceed { awaitsContinue = framing.expectsContinue }
            return action
        } catch {
            isHeadRequest = head.method == .HEAD
            return machine.inputFailed(error)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        machine.readEnded(now: .now())
        updateTimer(context)
        context.fireChannelReadComplete()
        if machine.isLingering { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            // The decoder's own errors hold the bytes that came, and whoever gets them may log them.
            let shown: any Error =
                error is ByteToMessageDecoderError ? ConnectionFailure.malformed : error
            context.fireErrorCaught(shown)
            context.close(promise: nil)
            return
        }
        run(machine.inputFailed(ConnectionFailure(decoderError: error)), context)
        updateTimer(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard event as? ChannelEvent == .inputClosed else { return }
        inputEnded()
        if machine.isLingering { context.close(promise: nil) }
    }

    private func inputEnded() {
        isInputEnded = true
        presence?.leave()
        presence = nil
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        machine.writabilityChanged(isWritable: context.channel.isWritable, now: .now())
        updateTimer(context)
        context.fireChannelWritabilityChanged()
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.code >= 200:
            guard machine.responseBegan() else { break }
            head.headers.replaceOrAdd(name: "connection", value: "close")
            context.write(wrapOutboundOut(.head(head)), promise: promise)
            return
        case .end:
            presence = nil
            context.write(data, promise: promise)
            run(machine.responseEnded(now: .now()), context)
            updateTimer(context)
            return
        case .head, .body: break
        }
        context.write(data, promise: promise)
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        if let presence = event as? ClientPresence {
            self.presence = presence
            if isInputEnded { inputEnded() }
            promise?.succeed()
            return
        }
        guard event is ContinueRequest else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        if awaitsContinue, machine.mayContinue {
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        }
        awaitsContinue = false
        promise?.succeed()
    }

    // MARK: Actions

    private func run(_ action: ConnectionMachine.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .proceed, .discard: break
        case .refuse(let failure):
            write(failure.problem, context)
            run(machine.refused(now: .now()), context)
        case .failBody(let failure): context.fireErrorCaught(failure)
        case .linger:
            context.flush()
            context.close(mode: .output, promise: nil)
            context.read()
        case .close: context.close(promise: nil)
        }
    }

    private func write(_ problem: Problem, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: problem.status))
        for (name, value) in problem.fields { head.headers.add(name: name, value: value) }
        head.headers.add(name: "connection", value: "close")
        let body = problem.body
        head.headers.add(name: "content-length", value: String(body.count))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHeadRequest {
            let buffer = context.channel.allocator.buffer(bytes: body)
            context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: nil)
    }

    // MARK: Timer

    /// One timer for each connection: it is set anew only where the deadline has come nearer, and
    /// otherwise looks again when it fires, so that a busy connection hardly touches it.
    private func updateTimer(_ context: ChannelHandlerContext) {
        guard let deadline = machine.deadline, context.channel.isActive else { return }
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            self.timer = nil
            self.run(self.machine.deadlinePassed(now: .now()), context)
            self.updateTimer(context)
        }
        timer = (task, deadline)
    }

    private func stopTimer() {
        timer?.task.cancel()
        timer = nil
    }
}
