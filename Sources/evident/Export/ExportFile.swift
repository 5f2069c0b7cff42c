// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogStorage

/// The file of an export while it comes: `PATH.partial`, for its owner alone, until it and its
/// manifest are complete.
final class ExportFile {
    /// What there is of it from a call before.
    struct Beginning {
        let bytes: UInt64
        /// In hex.
        let sha256: String
    }

    let partialPath: String
    let manifestPath: String
    /// Nil where all is to come.
    let beginning: Beginning?
    private(set) var count: UInt64
    private let path: String
    private var handle: FileHandle?

    private static let pieceBytes = 1 << 18

    /// - Parameter isKnown: a state tells of what there is already.
    init(_ path: String, isKnown: Bool) throws {
        self.path = path
        partialPath = "\(path).partial"
        manifestPath = "\(path).manifest"
        let files = FileManager.default
        guard !files.fileExists(atPath: path) else {
            // A call that was ended between its last two steps left the state.
            try? files.removeItem(atPath: ExportState.path(of: path))
            throw CommandFailure.usage("\(path) is there already; nothing was asked for")
        }
        if !isKnown, let other = [partialPath, manifestPath].first(where: files.fileExists) {
            throw CommandFailure.usage(
                "\(other) is there already, and nothing tells of which export",
                advice: "Remove it, or name another file.")
        }
        beginning = try Self.beginning(partialPath)
        count = beginning?.bytes ?? 0
    }

    private static func beginning(_ path: String) throws -> Beginning? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure(.inputOutput, "\(path) cannot be read")
        }
        defer { try? handle.close() }
        var stream = SHA256Stream()
        var count: UInt64 = 0
        while let piece = try handle.read(upToCount: pieceBytes), !piece.isEmpty {
            stream.update(Array(piece))
            count += UInt64(piece.count)
        }
        return count > 0 ? Beginning(bytes: count, sha256: stream.finalize().hex) : nil
    }

    /// Opens it for what comes next.
    func open() throws {
        let descriptor = Foundation.open(
            partialPath, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(.inputOutput, "\(partialPath) cannot be written")
        }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ piece: [UInt8]) throws(CommandFailure) {
        do {
            try handle?.write(contentsOf: Data(piece))
        } catch {
            throw CommandFailure(.inputOutput, "\(partialPath) cannot be written")
        }
        count += UInt64(piece.count)
    }

    /// Makes it and its manifest durable.
    func complete(_ manifest: [UInt8]) throws {
        do {
            try handle?.synchronize()
            try handle?.close()
        } catch {
            throw CommandFailure(.inputOutput, "\(partialPath) cannot be written")
        }
        try PrivateFile.replace(manifestPath, with: manifest)
    }

    /// Gives the file its name.
    func finish() throws {
        do {
            try FileManager.default.moveItem(atPath: partialPath, toPath: path)
            try FileManager.default.removeItem(atPath: ExportState.path(of: path))
        } catch {
            throw CommandFailure(.inputOutput, "\(partialPath) cannot become \(path)")
        }
    }
}
