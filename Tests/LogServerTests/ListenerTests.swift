// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import NIOCore
import ServiceLifecycle
import Testing

@testable import LogServer

/// One of two listeners that cannot listen ends the server, and the other one with it.
@Suite("Listeners that fail")
struct ListenerTests {
    private let folder: TemporaryFolder
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { folder = try TemporaryFolder() }

    private func failure(
        _ configure: (inout LogServerConfiguration) -> Void
    ) async throws -> ListenerError? {
        let fixture = try await ServerFixture(configure: configure)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [fixture.server], logger: logger))
        do {
            try await group.run()
            return nil
        } catch {
            return error as? ListenerError
        }
    }

    @Test("A public address that is taken ends the admin socket", .timeLimit(.minutes(10)))
    func publicAddressTaken() async throws {
        let (holder, port) = try Self.takenPort()
        defer { close(holder) }
        let socket = folder.path + "/admin.sock"
        let error = try await failure { configuration in
            configuration.port = port
            configuration.adminSocket = socket
        }
        #expect(error?.address == "127.0.0.1:\(port)")
        #expect(error?.description.contains("in use") == true, "\(String(describing: error))")
        #expect(!FileManager.default.fileExists(atPath: socket))
    }

    /// A socket that listens, and its port.
    private static func takenPort() throws -> (Int32, Int) {
        let holder = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(holder, $0, length) == 0 && listen(holder, 1) == 0
                    && getsockname(holder, $0, &length) == 0
            }
        }
        try #require(isListening)
        return (holder, Int(UInt16(bigEndian: address.sin_port)))
    }

    @Test("An admin socket that cannot be made ends the public listener", .timeLimit(.minutes(10)))
    func adminSocketRefused() async throws {
        let ports = AsyncStream.makeStream(of: Int.self)
        let socket = folder.path + "/none/admin.sock"
        let error = try await failure { configuration in
            configuration.adminSocket = socket
            configuration.onListening = { ports.continuation.yield($0?.port ?? 0) }
        }
        #expect(error?.address == socket)
        ports.continuation.finish()
        for await port in ports.stream {
            let connection = RawConnection.open(port)
            #expect(connection < 0, "something still listens")
            if connection >= 0 { close(connection) }
        }
    }
}
