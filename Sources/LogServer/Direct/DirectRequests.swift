// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Answers the requests that ``DirectRoutes`` takes on the connection's own event loop, and passes
/// all others on.
///
/// It holds a request back only while all of it has come in one read, so that it never waits for a
/// client; and only where every request before it has been answered, so that answers keep their
/// order. What comes while one is being answered waits behind it.
///
/// It is on its channel's event loop only, behind the connection's ``ConnectionGuard``, which sees
/// these requests and responses as all others.
final class DirectRequests: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Waiting {
        case part(HTTPServerRequestPart)
        case event(Any)
        case error(any Error)
    }

    /// A request that may be for here, as much of it as has come.
    private struct Candidate {
        let head: HTTPRequestHead
        let direct: DirectHead
        var body: ByteBuffer?
    }

    private let routes: DirectRoutes
    private var candidate: Candidate?
    /// A request of here is in the log's hands.
    private var isAnswering = false
    /// What came meanwhile, in its order.
    private var waiting: CircularBuffer<Waiting> = []
    /// Requests passed on that are not answered yet.
    private var passedOn = 0
    /// Something was passed on in this read.
    private var hasPassedOn = false
    /// The channel asked to read while something waited.
    private var hasHeldRead = false

    init(routes: DirectRoutes) {
        self.routes = routes
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isAnswering {
            waiting.append(.part(part))
        } else {
            read(part, context)
        }
    }

    private func read(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            // A client that does not read its answers gets the next one when it does.
            guard passedOn == 0, context.channel.isWritable, let direct = DirectHead(head) else {
                return passOn(part, context)
            }
            candidate = Candidate(head: head, direct: direct)
        case .body(var buffer):
            guard candidate != nil else { return passOn(part, context) }
            if candidate?.body?.writeBuffer(&buffer) == nil { candidate?.body = buffer }
        case .end(let trailers):
            guard let candidate, trailers == nil else {
                giveUp(context)
                return passOn(part, context)
            }
            answer(candidate, context)
        }
    }

    private func passOn(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) {
        if case .head = part { passedOn += 1 }
        hasPassedOn = true
        context.fireChannelRead(wrapInboundOut(part))
    }

    /// Passes on what has come of a request that is not for here after all.
    private func giveUp(_ context: ChannelHandlerContext) {
        guard let candidate else { return }
        self.candidate = nil
        passOn(.head(candidate.head), context)
        if let body = candidate.body { passOn(.body(body), context) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        giveUp(context)
        completeRead(context)
    }

    private func completeRead(_ context: ChannelHandlerContext) {
        guard hasPassedOn else { return }
        hasPassedOn = false
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isAnswering {
            // The end of input or of the server: the answer goes first.
            waiting.append(.event(event))
        } else {
            giveUp(context)
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isAnswering {
            waiting.append(.error(error))
        } else {
            giveUp(context)
            context.fireErrorCaught(error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        candidate = nil
        waiting.removeAll()
        context.fireChannelInactive()
    }

    // MARK: Outbound

    func read(context: ChannelHandlerContext) {
        if waiting.isEmpty {
            context.read()
        } else {
            hasHeldRead = true
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { passedOn -= 1 }
        context.write(data, promise: promise)
    }

    // MARK: Answers

    private func answer(_ found: Candidate, _ context: ChannelHandlerContext) {
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let answer = routes.answer(found.direct, found.body ?? ByteBuffer()) { outcome in
            this.eventLoop.execute {
                let (handler, context) = this.value
                handler.settled(outcome, context)
            }
        }
        switch answer {
        case .none:
            giveUp(context)
            passOn(.end(nil), context)
        case .now(let response):
            candidate = nil
            write(response, context)
        case .later:
            candidate = nil
            isAnswering = true
        }
    }

    private func settled(_ outcome: DirectRoutes.Outcome, _ context: ChannelHandlerContext) {
        if let response = routes.response(to: outcome) { return finish(response, context) }
        let this = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let routes = routes
        Task {
            let response = await routes.settledResponse(to: outcome)
            this.eventLoop.execute {
                let (handler, context) = this.value
                handler.finish(response, context)
            }
        }
    }

    private func finish(_ response: DirectResponse, _ context: ChannelHandlerContext) {
        isAnswering = false
        guard context.channel.isActive else { return }
        write(response, context)
        while !isAnswering, let next = waiting.popFirst() {
            switch next {
            case .part(let part): read(part, context)
            case .event(let event):
                giveUp(context)
                context.fireUserInboundEventTriggered(event)
            case .error(let error):
                giveUp(context)
                context.fireErrorCaught(error)
            }
        }
        guard !isAnswering else { return }
        // What waited was read long ago, and more of it may not come.
        giveUp(context)
        completeRead(context)
        if hasHeldRead {
            hasHeldRead = false
            context.read()
        }
    }

    private func write(_ response: DirectResponse, _ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(response.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(response.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
