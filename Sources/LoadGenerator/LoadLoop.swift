// SPDX-License-Identifier: Apache-2.0

import CEpoll
import Glibc

/// The loop of a run: one epoll set, one buffer for all that is received.
final class LoadLoop {
    private let plan: LoadRun
    private let epoll: Int32
    private var connections: [LoadConnection] = []
    private var open = 0
    private var request = RequestBuffer()
    private let received = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 256 << 10, alignment: 16)

    private var nextNumber: UInt64 = 0
    private var answered: UInt64 = 0
    private var latencies: [UInt32] = []
    private var statuses: [Int: UInt64] = [:]
    private var samples: [[UInt8]] = []
    private var broken = 0
    /// Nanoseconds; what is answered between them is measured.
    private var measured: (start: UInt64, end: UInt64) = (.max, .max)
    private var isEnding = false

    init(_ run: LoadRun) throws(LoadError) {
        plan = run
        epoll = epoll_create1(0)
        guard epoll >= 0 else { throw LoadError(call: "epoll_create1", number: errno) }
        latencies.reserveCapacity(1 << 20)
        connections.reserveCapacity(run.connections)
        for number in 0..<run.connections {
            let connection = try LoadConnection(host: run.host, port: run.port)
            connections.append(connection)
            try watch(number, writing: false, EPOLL_CTL_ADD)
        }
        open = connections.count
    }

    deinit {
        for connection in connections { close(connection.socket) }
        close(epoll)
        received.deallocate()
    }

    func run() throws(LoadError) {
        let begin = Self.now()
        let start = begin + Self.nanoseconds(plan.warmUp)
        measured = (start, start + Self.nanoseconds(plan.duration))
        for number in connections.indices { try send(number) }
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        while open > 0 {
            let count = epoll_wait(epoll, &events, Int32(events.count), 100)
            guard count >= 0 || errno == EINTR else {
                throw LoadError(call: "epoll_wait", number: errno)
            }
            for event in events.prefix(max(0, Int(count))) { try handle(event) }
            if !isEnding, Self.now() >= measured.end { isEnding = true }
        }
        measured.end = min(measured.end, Self.now())
    }

    var result: LoadResult {
        let sorted = latencies.sorted()
        func percentile(_ part: Double) -> Double {
            guard let last = sorted.indices.last else { return 0 }
            return Double(sorted[Int(Double(last) * part)]) / 1_000
        }
        return LoadResult(
            requests: UInt64(latencies.count), answered: answered,
            seconds: Double(max(1, measured.end &- measured.start)) / 1e9,
            p50: percentile(0.5), p99: percentile(0.99), statuses: statuses, broken: broken,
            samples: samples)
    }

    // MARK: One connection

    private func handle(_ event: epoll_event) throws(LoadError) {
        let number = Int(event.data.u64)
        if event.events & EPOLLOUT.rawValue != 0, connections[number].hasUnsent {
            guard connections[number].sendRest() else { return finish(number, broke: true) }
            if !connections[number].hasUnsent {
                try watch(number, writing: false, EPOLL_CTL_MOD)
            }
        }
        guard event.events & (EPOLLIN.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0
        else { return }
        let count = recv(connections[number].socket, received.baseAddress, received.count, 0)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            return finish(number, broke: true)
        }
        var bytes = UnsafeRawBufferPointer(rebasing: received[..<count])
        while let answer = connections[number].reader.next(&bytes) {
            guard record(answer, number) else { return finish(number, broke: true) }
            guard !isEnding, nextNumber < plan.requestLimit else {
                return finish(number, broke: false)
            }
            try send(number)
        }
    }

    private func send(_ number: Int) throws(LoadError) {
        guard nextNumber < plan.requestLimit else { return finish(number, broke: false) }
        request.clear()
        plan.request(&request, nextNumber)
        nextNumber += 1
        connections[number].reader.keepsBody = samples.count < plan.samples && nextNumber % 97 == 1
        connections[number].sentAt = Self.now()
        guard connections[number].send(request) else { return finish(number, broke: true) }
        if connections[number].hasUnsent { try watch(number, writing: true, EPOLL_CTL_MOD) }
    }

    /// Counts an answer; false if it is none.
    private func record(_ answer: AnswerReader.Answer, _ number: Int) -> Bool {
        guard answer.status != 0 else { return false }
        answered += 1
        statuses[answer.status, default: 0] += 1
        if connections[number].reader.keepsBody, samples.count < plan.samples {
            samples.append(answer.body)
        }
        let now = Self.now()
        if now >= measured.start, now < measured.end {
            latencies.append(UInt32(clamping: (now - connections[number].sentAt) / 1_000))
        }
        return true
    }

    /// Closes a connection that has nothing more to do; its socket stays open until the end, so
    /// that its number is not given away.
    private func finish(_ number: Int, broke: Bool) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, connections[number].socket, nil)
        shutdown(connections[number].socket, Int32(SHUT_RDWR))
        open -= 1
        if broke { broken += 1 }
    }

    private func watch(
        _ number: Int, writing: Bool, _ operation: Int32
    ) throws(LoadError) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | (writing ? EPOLLOUT.rawValue : 0)
        event.data.u64 = UInt64(number)
        guard epoll_ctl(epoll, operation, connections[number].socket, &event) == 0 else {
            throw LoadError(call: "epoll_ctl", number: errno)
        }
    }

    // MARK: Time

    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    private static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
