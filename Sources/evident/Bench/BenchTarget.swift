// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogClient
import LogClientHTTP
import NIOCore
import NIOPosix
import SignedNote

/// The server that is measured: a new log in a folder that goes away afterwards.
struct BenchTarget {
    let folder: String
    let port: Int
    let server: ChildServer
    let pinned: PinnedLog
    let producer: String
    let auditor: String

    static let host = "127.0.0.1"

    var url: String { "http://\(Self.host):\(port)" }

    /// Makes a log below `parent`, starts its server, and waits until it takes records.
    static func start(below parent: String, endpoint client: HTTPEndpointMaker) async throws
        -> BenchTarget
    {
        let folder = try makeFolder(below: parent)
        do {
            let data = "\(folder)/data"
            let vkey = try ChildServer.output(
                ["init", "--data", data, "--origin", "bench.example/log"]
            ).trimmingCharacters(in: .whitespacesAndNewlines)
            func token(_ role: String) throws -> String {
                try ChildServer.output(["token", "create", "--data", data, "--role", role])
                    .trimmingCharacters(in: .whitespacesAndNewlines)
            }
            let (producer, auditor) = (try token("producer"), try token("auditor"))
            let port = try await freePort()
            let server = try ChildServer(
                [
                    "serve", "--data", data, "--listen", "\(host):\(port)", "--bench-routes",
                    "--log-level", "warning",
                ], errorPath: "\(folder)/server.txt")
            let target = BenchTarget(
                folder: folder, port: port, server: server,
                pinned: try ReceiptCheck.pin([vkey]), producer: producer, auditor: auditor)
            try await target.waitUntilReady(client(target.url, nil))
            return target
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// Stops the server and deletes the folder.
    func remove() {
        server.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func waitUntilReady(_ endpoint: LogEndpoint) async throws {
        for _ in 0..<200 {
            if let answer = try? await endpoint.request("GET", "/readyz"), answer.status == 200 {
                return
            }
            guard server.process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let said = server.errorText
        server.stop()
        throw CommandFailure(.inputOutput, "the server did not start: \(said)")
    }

    private static func makeFolder(below parent: String) throws -> String {
        var template = Array("\(parent)/evident-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileError.system("make a folder in", parent)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: host, port: 0).get()
        defer { channel.close(promise: nil) }
        return channel.localAddress?.port ?? 6962
    }

    /// Bytes on disk below a path of the data folder.
    func bytesOnDisk(_ part: String = "") -> Double {
        let root = "\(folder)/data/\(part)"
        guard let paths = FileManager.default.enumerator(atPath: root) else { return 0 }
        var total: UInt64 = 0
        while paths.nextObject() != nil {
            guard paths.fileAttributes?[.type] as? FileAttributeType == .typeRegular else {
                continue
            }
            total += (paths.fileAttributes?[.size] as? NSNumber)?.uint64Value ?? 0
        }
        return Double(total)
    }
}

/// Makes an endpoint for an address and, where given, a token.
typealias HTTPEndpointMaker = (String, String?) throws -> LogEndpoint
