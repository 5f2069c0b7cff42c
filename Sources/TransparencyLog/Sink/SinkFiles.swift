// SPDX-License-Identifier: Apache-2.0

import Glibc
package import LogStorage

/// The names of a sink's segments: `audit-<first index>.ndjson`, or `audit-<first index>-<n>.ndjson`
/// where that name was taken.
package struct SinkName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let first: UInt64
    /// 1 for the first segment that begins with this index.
    package let number: UInt64

    init(first: UInt64, number: UInt64 = 1) {
        self.first = first
        self.number = number
    }

    /// Reads a file's name; nil for any other file.
    package init?(_ name: String) {
        guard name.hasPrefix("audit-"), name.hasSuffix(".ndjson") else { return nil }
        let parts = name.dropFirst(6).dropLast(7).split(
            separator: "-", omittingEmptySubsequences: false)
        guard 1...2 ~= parts.count, let first = UInt64(parts[0]),
            let number = parts.count == 1 ? 1 : UInt64(parts[1])
        else { return nil }
        self.init(first: first, number: number)
        guard description == name else { return nil }
    }

    /// The name; names sort as indexes do up to 2^53.
    package var description: String {
        let digits = String(first)
        let zeros = String(repeating: "0", count: max(0, 16 - digits.count))
        return "audit-\(zeros)\(digits)\(number == 1 ? "" : "-\(number)").ndjson"
    }

    package static func < (left: SinkName, right: SinkName) -> Bool {
        (left.first, left.number) < (right.first, right.number)
    }
}

/// Reads what lies in a sink's folder.
package enum SinkFiles {
    /// Bytes of the longest line: a record, its leaf, and what surrounds them.
    private static let lineLimit = 4 << 20

    /// The segments in a folder, by what they begin with.
    package static func segments(in folder: String) throws(FileError) -> [SinkName] {
        try names(in: folder).compactMap(SinkName.init).sorted()
    }

    static func names(in folder: String) throws(FileError) -> [String] {
        guard let stream = opendir(folder) else {
            throw FileError(folder, cannot: "list it", errno: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names
    }

    /// The path of the file with that number, whatever it is called now; nil if it is not here.
    static func path(ofInode inode: UInt64, in folder: String) throws(FileError) -> String? {
        guard inode > 0 else { return nil }
        for name in try names(in: folder) {
            var status = stat()
            let path = "\(folder)/\(name)"
            if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                UInt64(status.st_ino) == inode
            {
                return path
            }
        }
        return nil
    }

    /// Goes through a segment.
    ///
    /// - Parameter each: Sees the record of each record's line.
    package static func scan(
        _ path: String, each: (SinkRecord) throws -> Void = { _ in }
    ) throws -> ScannedSegment {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileError(path, cannot: "open it", errno: errno) }
        defer { close(descriptor) }
        var scan = SinkScan()
        var (buffer, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 20))
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw FileError(path, cannot: "read it", errno: errno) }
            if count == 0 { return ScannedSegment(scan: scan, rest: buffer, fault: nil) }
            buffer += chunk[..<count]
            var start = 0
            while let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
                let record: SinkRecord?
                do throws(SinkScan.Fault) {
                    record = try scan.take(Array(buffer[start..<end]))
                } catch {
                    return ScannedSegment(scan: scan, rest: [], fault: error)
                }
                start = end + 1
                if let record { try each(record) }
            }
            buffer.removeFirst(start)
            guard buffer.count <= lineLimit else {
                return ScannedSegment(scan: scan, rest: [], fault: .notALine)
            }
        }
    }
}

/// What a segment's file holds.
package struct ScannedSegment: ~Copyable {
    package var scan: SinkScan
    /// A part of a line at its end.
    package let rest: [UInt8]
    /// What is wrong with the first line that does not belong there.
    package let fault: SinkScan.Fault?
}
