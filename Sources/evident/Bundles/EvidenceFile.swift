// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation

/// A file of evidence while it comes: `PATH.partial`, for its owner alone, until it is complete.
final class EvidenceFile {
    let partialPath: String
    private let path: String
    private let handle: FileHandle
    private(set) var count: UInt64 = 0
    /// The first bytes of the line that is on its way.
    private var head: [UInt8] = []
    /// Leaves that the lines so far cover.
    private var covered: UInt64 = 0
    private var size: UInt64 = 0
    /// The line that vouches for a set has come.
    private var isVouched = false

    /// Enough of a line to tell its kind and place, and for the line of an error all of it.
    private static let headBytes = 4_096

    init(_ path: String) throws(CommandFailure) {
        self.path = path
        partialPath = path + ".partial"
        guard !FileManager.default.fileExists(atPath: path) else {
            throw .usage("\(path) is there already; nothing was asked for")
        }
        let isMade = FileManager.default.createFile(
            atPath: partialPath, contents: nil, attributes: [.posixPermissions: 0o600])
        guard isMade, let handle = FileHandle(forWritingAtPath: partialPath) else {
            throw CommandFailure(.inputOutput, "\(partialPath) cannot be written")
        }
        self.handle = handle
    }

    func write(_ piece: [UInt8]) throws(CommandFailure) {
        do {
            try handle.write(contentsOf: Data(piece))
        } catch {
            throw CommandFailure(.inputOutput, "\(partialPath) cannot be written")
        }
        count += UInt64(piece.count)
        for part in piece.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            if part.offset > 0 {
                try readLine()
                head.removeAll(keepingCapacity: true)
            }
            head += part.element.prefix(Self.headBytes - head.count)
        }
    }

    /// How many leaves of the tree a set covers so far, and all; nil before that is known.
    var progress: (done: UInt64, total: UInt64)? { size > 0 ? (covered, size) : nil }

    /// Follows the lines of a set as the server writes them; the verifier reads them for good.
    private func readLine() throws(CommandFailure) {
        if let index = number(after: #"{"index":"#) { covered = index + 1 }
        if let end = number(after: #"{"skip_to":"#) { covered = end }
        if size == 0, let note = text.firstRange(of: #""checkpoint":""#) {
            // Origin and size are the first two lines of the note.
            let lines = text[note.upperBound...].split(separator: #"\n"#, maxSplits: 2)
            size = lines.count > 1 ? UInt64(lines[1]) ?? 0 : 0
        }
        if head.starts(with: Array(#"{"vouched":"#.utf8)) { isVouched = true }
        guard head.starts(with: Array(#"{"error":"#.utf8)) else { return }
        let problem = (try? JSONValue.parse(head))?["error"]
        throw CommandFailure(
            .inputOutput,
            "the server ended the set: "
                + ShownText.clean(
                    problem?["detail"]?.text ?? problem?["code"]?.text ?? "for no reason given"))
    }

    private var text: String { String(decoding: head, as: UTF8.self) }

    private func number(after prefix: String) -> UInt64? {
        guard head.starts(with: Array(prefix.utf8)) else { return nil }
        let digits = head.dropFirst(prefix.utf8.count).prefix { 0x30...0x39 ~= $0 }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }

    /// Checks that a set has come to its end: its last line is the one that vouches for it.
    func checkEnd(isSet: Bool) throws(CommandFailure) {
        guard isSet, !isVouched || !head.isEmpty else { return }
        throw CommandFailure(.inputOutput, "the server cut the set short; ask again")
    }

    var isEmpty: Bool { count == 0 }

    /// Takes away a file that nothing came for.
    func discard() {
        try? handle.close()
        try? FileManager.default.removeItem(atPath: partialPath)
    }

    /// Gives the file its name.
    func finish() throws(CommandFailure) {
        do {
            try handle.synchronize()
            try handle.close()
            try FileManager.default.moveItem(atPath: partialPath, toPath: path)
        } catch {
            throw CommandFailure(.inputOutput, "\(partialPath) cannot become \(path)")
        }
    }
}
