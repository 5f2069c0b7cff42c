// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A closed-loop load: each connection sends its next request when the last one is answered.
///
/// All connections live on one event loop, so that the generator takes one core at most.
struct LoadRun {
    let host: String
    let port: Int
    let connections: Int
    let warmUp: Duration
    let duration: Duration
    /// Writes request number n, counted from 0 over all connections.
    let request: @Sendable (inout ByteBuffer, UInt64) -> Void
    /// How many answers' bodies to keep, spread over the run.
    var samples = 0
    /// Ends the run early, once so many requests have been sent.
    var requestLimit = UInt64.max

    func run(on group: MultiThreadedEventLoopGroup) async throws -> LoadResult {
        let loop = group.next()
        let state = try await loop.submit {
            NIOLoopBound(LoadState(run: self), eventLoop: loop)
        }.get()
        let bootstrap = ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        LoadConnection(state: state.value))
                }
            }
        var channels: [any Channel] = []
        for _ in 0..<connections {
            channels.append(try await bootstrap.connect(host: host, port: port).get())
        }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(LoadConnection.Start())
        }
        try await Task.sleep(for: warmUp)
        try await loop.submit { state.value.beginMeasuring() }.get()
        let before = ContinuousClock.now
        while ContinuousClock.now - before < duration {
            try await Task.sleep(for: min(.milliseconds(20), duration))
            if try await loop.submit({ state.value.isExhausted }).get() { break }
        }
        try await loop.submit { state.value.endMeasuring() }.get()
        for channel in channels { try? await channel.closeFuture.get() }
        return try await loop.submit { state.value.result() }.get()
    }
}

/// What a load run has measured.
struct LoadResult: Sendable {
    /// Requests that were answered while it was measured.
    var requests: UInt64
    /// All requests that were answered, those of the warm-up and the end included.
    var answered: UInt64
    var seconds: Double
    /// Milliseconds.
    var p50: Double
    var p99: Double
    /// Answers by status, of all that were answered.
    var statuses: [Int: UInt64]
    /// Connections that broke before they were told to end.
    var broken: Int
    var samples: [[UInt8]]

    var rate: Double { Double(requests) / seconds }

    /// Answers that were not 2xx.
    var failures: UInt64 {
        statuses.filter { !(200..<300).contains($0.key) }.reduce(0) { $0 + $1.value }
    }
}

/// The state of a run; it lives on the run's event loop.
final class LoadState {
    private let run: LoadRun
    private var nextNumber: UInt64 = 0
    private var latencies: [UInt32] = []
    private var statuses: [Int: UInt64] = [:]
    private var kept: [[UInt8]] = []
    private var answered: UInt64 = 0
    private var started: NIODeadline?
    private var ended: NIODeadline?
    var broken = 0

    init(run: LoadRun) {
        self.run = run
        latencies.reserveCapacity(1 << 20)
    }

    var isOver: Bool { ended != nil || nextNumber >= run.requestLimit }
    var isExhausted: Bool { nextNumber >= run.requestLimit && answered >= run.requestLimit }

    func write(to buffer: inout ByteBuffer) {
        run.request(&buffer, nextNumber)
        nextNumber += 1
    }

    func record(_ answer: ResponseParser.Answer, sent: NIODeadline, now: NIODeadline) {
        answered += 1
        statuses[answer.status, default: 0] += 1
        if kept.count < run.samples, answered % 97 == 1 { kept.append(Array(answer.body)) }
        guard started != nil, ended == nil else { return }
        latencies.append(UInt32(clamping: (now - sent).nanoseconds / 1_000))
    }

    func beginMeasuring() { started = .now() }

    func endMeasuring() { ended = .now() }

    func result() -> LoadResult {
        latencies.sort()
        func percentile(_ part: Double) -> Double {
            guard let last = latencies.indices.last else { return 0 }
            return Double(latencies[Int(Double(last) * part)]) / 1_000
        }
        let nanoseconds = started.flatMap { start in ended.map { ($0 - start).nanoseconds } } ?? 1
        return LoadResult(
            requests: UInt64(latencies.count), answered: answered,
            seconds: Double(nanoseconds) / 1e9, p50: percentile(0.5), p99: percentile(0.99),
            statuses: statuses, broken: broken, samples: kept)
    }
}

/// One connection of a run.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Sent through the pipeline when all connections stand.
    struct Start: Sendable {}

    private let state: LoadState
    private var parser = ResponseParser()
    private var buffer = ByteBuffer()
    private var sent = NIODeadline.now()
    private var isFinished = false

    init(state: LoadState) { self.state = state }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is Start { send(context) } else { context.fireUserInboundEventTriggered(event) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.receive(unwrapInboundIn(data))
        while let answer = parser.next() {
            state.record(answer, sent: sent, now: .now())
            send(context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isFinished { state.broken += 1 }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func send(_ context: ChannelHandlerContext) {
        guard !state.isOver else {
            isFinished = true
            return context.close(promise: nil)
        }
        buffer.clear()
        state.write(to: &buffer)
        sent = .now()
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
}
