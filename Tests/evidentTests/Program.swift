// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The real binary, as it lies beside the test runner.
enum Program {
    static let path: String = {
        let runner = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        let folder = URL(fileURLWithPath: runner ?? CommandLine.arguments[0])
            .deletingLastPathComponent()
        return folder.appendingPathComponent("evident").path
    }()

    /// How one call ended.
    struct Ending {
        let status: Int32
        let output: String
        let errors: String

        /// The lines of standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// Runs the program to its end.
    ///
    /// Its environment holds nothing of the caller's but PATH.
    static func run(
        _ arguments: [String], in folder: Folder, environment: [String: String] = [:],
        input: String = ""
    ) throws -> Ending {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = base.merging(environment) { $1 }
        let (inputs, outputs, errors) = try (
            folder.file("in-\(UUID())", input), folder.file("out-\(UUID())", ""),
            folder.file("err-\(UUID())", "")
        )
        process.standardInput = FileHandle(forReadingAtPath: inputs)
        process.standardOutput = FileHandle(forWritingAtPath: outputs)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitWithDeadline()
        return Ending(
            status: process.terminationStatus,
            output: try String(contentsOfFile: outputs, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    static var base: [String: String] {
        ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
    }
}

extension Process {
    /// Waits for the end; a process that has not come to it after five minutes is killed.
    func waitWithDeadline() {
        for _ in 0..<30_000 where isRunning { usleep(10_000) }
        if isRunning { Foundation.kill(processIdentifier, SIGKILL) }
        waitUntilExit()
    }
}

/// A temporary folder that goes away with its owner.
final class Folder: Sendable {
    let path: String

    init() throws {
        var template = Array("\(NSTemporaryDirectory())evident-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a name within.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and returns its path.
    @discardableResult
    func file(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self(name)))
        return self(name)
    }

    /// The text of a file.
    func text(_ name: String) throws -> String {
        try String(contentsOfFile: self(name), encoding: .utf8)
    }

    /// The permission bits of a file.
    func mode(_ name: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: self(name))
        return (attributes?[.posixPermissions] as? NSNumber)?.intValue
    }
}

/// A server of the real binary, on a port of its own.
final class RunningServer {
    let process = Process()
    let url: String
    private let errors: String
    private let output: String

    /// Starts `evident serve` with these arguments, and waits until it says where it listens.
    init(_ arguments: [String], in folder: Folder) throws {
        errors = try folder.file("serve-\(UUID()).err", "")
        output = try folder.file("serve-\(UUID()).out", "")
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = ["serve", "--listen", "127.0.0.1:0"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.environment = Program.base
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        var found: String?
        for _ in 0..<4_800 where found == nil {
            let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
            found = text.firstMatch(of: /serving \S+ at (http:\/\/\S+?),/).map { String($0.1) }
            if found == nil { usleep(25_000) }
            guard process.isRunning else { break }
        }
        let text = (try? String(contentsOfFile: errors, encoding: .utf8)) ?? ""
        url = try #require(found, "the server did not start: \(text)")
    }

    deinit { kill(SIGKILL) }

    var outputText: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

    func kill(_ signal: Int32) {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, signal)
        process.waitWithDeadline()
    }

    /// Ends the server as an operator does, and returns its exit status.
    func stop() -> Int32 {
        kill(SIGTERM)
        return process.terminationStatus
    }
}

/// A log in a temporary folder, with a producer's token.
struct TestLog {
    let folder: Folder
    let vkey: String

    static let origin = "log.example.com/test"

    init() throws {
        folder = try Folder()
        let made = try Program.run(
            ["init", "--data", "data", "--origin", Self.origin], in: folder)
        try #require(made.status == 0, "\(made.errors)")
        vkey = try #require(made.lines.last)
        let token = try Program.run(
            ["token", "create", "--data", "data", "--role", "producer"], in: folder)
        try #require(token.status == 0, "\(token.errors)")
        try folder.file("token", token.output)
    }

    init(folder: Folder, vkey: String) {
        self.folder = folder
        self.vkey = vkey
    }

    /// A log of so many records and the first entry, whose server has ended.
    static func stopped(records: Int) throws -> TestLog {
        let log = try TestLog()
        let server = try log.serve()
        try log.submit(records, to: server)
        try #require(server.stop() == 0)
        return log
    }

    /// A log whose server runs, with forty records and an auditor's token in `auditor`.
    static func served() throws -> (TestLog, RunningServer) {
        let log = try TestLog()
        let made = try log.run(
            "token", "create", "--data", "data", "--role", "auditor", "--name", "auditor")
        try log.folder.file("auditor", made.lines.last ?? "")
        let server = try log.serve()
        try log.submit(40, to: server)
        return (log, server)
    }

    /// The same log in a folder of its own, with its token; no server may run on it.
    func copy() throws -> TestLog {
        let folder = try Folder()
        for part in ["data", "token"] {
            try FileManager.default.copyItem(atPath: self.folder(part), toPath: folder(part))
        }
        return TestLog(folder: folder, vkey: vkey)
    }

    func run(_ arguments: String..., input: String = "") throws -> Program.Ending {
        try Program.run(arguments, in: folder, input: input)
    }

    func serve(_ arguments: String...) throws -> RunningServer {
        try RunningServer(["--data", "data"] + arguments, in: folder)
    }

    /// Submits `count` different records and keeps their receipts in `receipts`.
    func submit(_ count: Int, to server: RunningServer, batch: Int = 100) throws {
        try folder.file("events.ndjson", Self.records(0..<count))
        let done = try run(
            "submit", "events.ndjson", "--url", server.url, "--token-file", "token", "--receipts",
            "receipts", "--batch", "\(batch)", "--vkey", vkey)
        try #require(done.status == 0, "\(done.output) \(done.errors)")
    }

    /// Records as lines.
    static func records(_ range: Range<Int>) -> String {
        range.map { number in
            #"{"type":"tool.call","tool":{"name":"t"},"actor":{"id":"agent-1","type":"agent"},"#
                + "\"details\":{\"n\":\(number)}}\n"
        }.joined()
    }
}
