// SPDX-License-Identifier: Apache-2.0

import Glibc
import LoadGenerator
import Synchronization
import Testing

struct LoadRunTests {
    @Test("Every request is answered once, however large it is", arguments: [1, 3, 40])
    func everyRequest(connections: Int) throws {
        let server = try EchoServer()
        defer { server.stop() }
        let seen = Mutex<[UInt64]>([])
        let run = LoadRun(
            port: server.port, connections: connections, warmUp: .zero, duration: .seconds(60),
            samples: 2, requestLimit: 200
        ) { buffer, number in
            seen.withLock { $0.append(number) }
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: Int(number % 7) * 100_000)
            buffer.append("POST / HTTP/1.1\r\nContent-Length: \(body.count)\r\n\r\n")
            buffer.append(body)
        }
        let result = try run.run()
        #expect(seen.withLock { $0 } == Array(0..<200))
        #expect(result.answered == 200 && result.requests == 200)
        #expect(result.statuses == [200: 200] && result.broken == 0 && result.failures == 0)
        #expect(result.samples == [Array("ok".utf8), Array("ok".utf8)])
    }

    @Test("A run ends by its time, and counts what was measured apart from the warm-up")
    func time() throws {
        let server = try EchoServer()
        defer { server.stop() }
        let run = LoadRun(
            port: server.port, connections: 2, warmUp: .milliseconds(500),
            duration: .milliseconds(500)
        ) { buffer, _ in buffer.append("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n") }
        let result = try run.run()
        #expect(result.requests > 0 && result.answered > result.requests)
        #expect((0.499...0.501).contains(result.seconds))
        #expect(result.p50 <= result.p99)
    }

    @Test("A server that hangs up is a broken connection, not an answer")
    func brokenConnections() throws {
        let server = try EchoServer(answersPerConnection: 3)
        defer { server.stop() }
        let run = LoadRun(
            port: server.port, connections: 4, warmUp: .zero, duration: .seconds(60)
        ) { buffer, _ in buffer.append("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n") }
        let result = try run.run()
        #expect(result.answered == 12 && result.broken == 4)
    }

    @Test("No server, no load")
    func nobodyThere() throws {
        let server = try EchoServer()
        server.stop()
        #expect(throws: LoadError.self) {
            try LoadRun(
                port: server.port, connections: 1, warmUp: .zero, duration: .seconds(1)
            ) { _, _ in }.run()
        }
    }
}

/// Reads requests with a Content-Length and answers each with "ok".
private final class EchoServer: Sendable {
    let port: Int
    private let socket: Int32

    init(answersPerConnection: Int = .max) throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var count = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, count) | listen(socket, 64) | getsockname(socket, $0, &count)
            }
        }
        try #require(status == 0)
        self.socket = socket
        port = Int(in_port_t(bigEndian: address.sin_port))
        Self.thread {
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else { return }
                Self.thread { Self.serve(connection, answersPerConnection) }
            }
        }
    }

    func stop() {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }

    private static func serve(_ connection: Int32, _ limit: Int) {
        defer { close(connection) }
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        for _ in 0..<limit {
            while true {
                if let count = requestLength(pending), pending.count >= count {
                    pending.removeFirst(count)
                    break
                }
                let count = recv(connection, &buffer, buffer.count, 0)
                guard count > 0 else { return }
                pending += buffer[..<count]
            }
            let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8)
            _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
        }
    }

    private static func requestLength(_ bytes: [UInt8]) -> Int? {
        let head = String(decoding: bytes.prefix(200), as: UTF8.self)
        guard let end = head.firstRange(of: "\r\n\r\n"), let name = head.firstRange(of: "Length: ")
        else { return nil }
        let digits = head[name.upperBound...].prefix { $0.isNumber }
        return Int(digits).map { head[..<end.upperBound].utf8.count + $0 }
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Body(run: body))
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        pthread_detach(thread)
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
