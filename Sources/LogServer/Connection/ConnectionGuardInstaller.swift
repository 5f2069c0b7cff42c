// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Puts a ``ConnectionGuard`` right behind the HTTP decoder of a new connection, and behind it
/// ``DirectRequests``, which the server framework, having added this handler to the end, offers no
/// place for.
final class ConnectionGuardInstaller: RemovableChannelHandler, ChannelInboundHandler {
    typealias InboundIn = NIOAny

    private let limits: ConnectionLimits
    private let gate: ConnectionGate
    private let direct: DirectRoutes?

    /// - Parameter direct: what is answered before the framework; nil for nothing.
    init(limits: ConnectionLimits, gate: ConnectionGate, direct: DirectRoutes?) {
        self.limits = limits
        self.gate = gate
        self.direct = direct
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let admission = gate.admit(context.channel.remoteAddress)
        context.channel.closeFuture.whenComplete { [gate] _ in gate.ended(admission) }
        var refusal: ConnectionFailure?
        switch admission {
        case .admitted: break
        case .refused(let failure): refusal = failure
        case .dropped:
            context.close(promise: nil)
            return
        }
        do {
            let pipeline = context.pipeline.syncOperations
            let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
            let connectionGuard = ConnectionGuard(limits: limits, refusal: refusal)
            try pipeline.addHandler(connectionGuard, position: .after(decoder))
            if let direct {
                try pipeline.addHandler(
                    DirectRequests(routes: direct), position: .after(connectionGuard))
            }
        } catch {
            // Without its guard a connection is not to be served.
            context.close(promise: nil)
        }
    }
}
