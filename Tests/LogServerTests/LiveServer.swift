// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Foundation
import LogStorage
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

@testable import LogServer

/// Runs a server on a free port for the time of `body`, and shuts it down gracefully.
func withLiveServer<Result: Sendable>(
    store: (any LogStore)? = nil, limits: RecordLimits = .default, gate: SigningGate? = nil,
    configure: (inout LogServerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (ServerFixture, Int) async throws -> Result
) async throws -> Result {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let fixture = try await ServerFixture(store: store, limits: limits, gate: gate) {
        configuration in
        // A test that is about a deadline makes that one short, and no other ends it then.
        configuration.connections.headTimeout = .minutes(10)
        configuration.connections.bodyTimeout = .minutes(10)
        configuration.connections.idleTimeout = .minutes(10)
        configuration.connections.writeTimeout = .minutes(10)
        configuration.onListening = { address in
            port.yield(address?.port ?? 0)
            port.finish()
        }
        configure(&configuration)
    }
    let group = ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: [fixture.server],
            logger: Logger(label: "test") { _ in
                SwiftLogNoOpLogHandler()
            }))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        let result: Result
        do {
            result = try await body(fixture, try await iterator.next().unwrap())
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}

/// What came back on a raw connection.
struct RawAnswer: Sendable {
    var text = ""
    /// The server ended the connection.
    var isEnded = false
    var seconds = 0.0

    /// The status of the first response; nil without one.
    var status: Int? {
        guard text.hasPrefix("HTTP/1.1 ") else { return nil }
        return Int(text.dropFirst(9).prefix(3))
    }
}

/// One step of a dialogue with the server.
enum RawStep: Sendable {
    case send(String)
    case pause(Double)
    /// Sends the text again and again, twenty times a second, until the connection has ended.
    case drip(String)
    /// Ends this side's output.
    case finish
    /// Reads until the text has come, or the connection has ended.
    case expect(String)
}

/// Speaks bytes to the server over a socket of its own, on a thread of its own, and returns all
/// that came back until the server ended the connection or `patience` seconds had passed.
func converse(
    _ port: Int, patience: Double = 60, _ steps: [RawStep]
) async -> RawAnswer {
    await RawConnection.onThread { RawConnection.run(port, patience, steps) }
}

func converse(_ port: Int, patience: Double = 60, _ text: String) async -> RawAnswer {
    await converse(port, patience: patience, [.send(text)])
}

enum RawConnection {
    fileprivate static func run(
        _ port: Int, _ patience: Double, _ steps: [RawStep]
    ) -> RawAnswer {
        var answer = RawAnswer()
        let start = Date()
        let file = open(port)
        guard file >= 0 else { return answer }
        defer { close(file) }
        for step in steps {
            switch step {
            case .send(let text): write(file, text)
            case .pause(let seconds): Thread.sleep(forTimeInterval: seconds)
            case .finish: shutdown(file, Int32(SHUT_WR))
            case .drip(let text):
                while !answer.isEnded, start.timeIntervalSinceNow > -patience {
                    write(file, text)
                    read(file, into: &answer, until: Date() + 0.05) { _ in false }
                }
            case .expect(let text):
                read(file, into: &answer, until: start + patience) { $0.contains(text) }
            }
        }
        read(file, into: &answer, until: start + patience) { _ in false }
        answer.seconds = -start.timeIntervalSinceNow
        return answer
    }

    /// A connection to the server; negative if it cannot be had.
    static func open(_ port: Int) -> Int32 {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return connected == 0 ? file : -1
    }

    /// Asks, and leaves when so many bytes have come, or when nothing comes for a tenth of a second.
    static func first(_ most: Int, of request: String, _ port: Int) async -> String {
        await onThread {
            let file = open(port)
            defer { close(file) }
            write(file, request)
            var answer: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 256)
            while answer.count < most {
                var poller = pollfd(file: file)
                guard poll(&poller, 1, 100) > 0 else { break }
                let count = recv(file, &buffer, min(buffer.count, most - answer.count), 0)
                guard count > 0 else { break }
                answer += buffer[..<count]
            }
            return String(decoding: answer, as: UTF8.self)
        }
    }

    static func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    static func write(_ file: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private static func read(
        _ file: Int32, into answer: inout RawAnswer, until deadline: Date,
        enough: (String) -> Bool
    ) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !answer.isEnded, !enough(answer.text) {
            let left = Int32(max(0, deadline.timeIntervalSinceNow * 1_000))
            var poller = pollfd(file: file)
            guard poll(&poller, 1, left) > 0 else { return }
            let count = recv(file, &buffer, buffer.count, 0)
            guard count > 0 else {
                answer.isEnded = true
                return
            }
            answer.text += String(decoding: buffer[..<count], as: UTF8.self)
        }
    }
}

extension pollfd {
    fileprivate init(file: Int32) {
        self.init(fd: file, events: Int16(POLLIN), revents: 0)
    }
}
