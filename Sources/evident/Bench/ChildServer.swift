// SPDX-License-Identifier: Apache-2.0

import Foundation

/// This program once more, as a process of its own, so that its processor time and memory can be
/// told from the load generator's.
final class ChildServer: Sendable {
    let process: Process
    let errorPath: String

    /// Starts `evident` with these arguments; what it says goes to `errorPath`.
    init(_ arguments: [String], errorPath: String) throws {
        self.errorPath = errorPath
        process = Process()
        process.executableURL = URL(fileURLWithPath: Self.programPath)
        process.arguments = arguments
        guard FileManager.default.createFile(atPath: errorPath, contents: nil),
            let errors = FileHandle(forWritingAtPath: errorPath)
        else { throw FileError.system("create", errorPath) }
        process.standardOutput = errors
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    /// The path of the program that is running.
    static var programPath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            ?? CommandLine.arguments[0]
    }

    /// Runs `evident` to its end and returns its standard output; throws if its status is not 0.
    static func output(_ arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: programPath)
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw CommandFailure(
                .inputOutput,
                "`evident \(arguments.prefix(2).joined(separator: " "))` ended with status "
                    + "\(process.terminationStatus)")
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Processor seconds that the process has used, in user and system mode.
    var processorSeconds: Double {
        guard
            let text = try? String(
                contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8),
            let close = text.lastIndex(of: ")")
        else { return 0 }
        // After the name in brackets: state is field 3, utime and stime are 14 and 15.
        let fields = text[close...].split(separator: " ").dropFirst()
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Memory in MiB: now, and at its highest.
    var residentMiB: (now: Double, peak: Double) {
        let text =
            (try? String(
                contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        func value(_ name: String) -> Double {
            let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
            let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
            return (number.flatMap { Double($0) } ?? 0) / 1_024
        }
        return (value("VmRSS:"), value("VmHWM:"))
    }

    /// Asks the process to end, and waits until it has.
    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    /// What the process has said.
    var errorText: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }
}
