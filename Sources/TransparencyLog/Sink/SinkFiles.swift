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

    /// The name of the segment's compressed form.
    package var compressed: String { "\(self).gz" }

    package static func < (left: SinkName, right: SinkName) -> Bool {
        (left.first, left.number) < (right.first, right.number)
    }
}

/// Reads what lies in a sink's folder.
package enum SinkFiles {
    /// The segments in a folder, by what they begin with; each once, in whatever forms it is there.
    package static func segments(in folder: String) throws(FileError) -> [SinkName] {
        let names = try names(in: folder).compactMap { name in
            SinkName(name.hasSuffix(".gz") ? String(name.dropLast(3)) : name)
        }
        return Set(names).sorted()
    }

    /// Whether a sink was ever written to a folder, even if its segments are gone.
    package static func isUsed(_ folder: String) throws(FileError) -> Bool {
        let memory = try PrivateFile.read("\(folder)/.evident-sink") ?? []
        if !memory.isEmpty { return true }
        return try !segments(in: folder).isEmpty
    }

    /// In which forms a segment lies in a folder.
    ///
    /// Both are there while the compressed one takes the other's place, and after a crash meanwhile.
    package static func forms(
        of name: SinkName, in folder: String
    ) -> (plain: Bool, compressed: Bool) {
        let isThere = { (file: String) in faccessat(AT_FDCWD, "\(folder)/\(file)", F_OK, 0) == 0 }
        return (isThere("\(name)"), isThere(name.compressed))
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

    /// Goes through a segment: its plain form if it is there, else the compressed one.
    package static func scan(
        _ name: SinkName, in folder: String, each: (SinkRecord) throws -> Void = { _ in }
    ) throws -> ScannedSegment {
        let bytes: SinkBytes
        do {
            bytes = try SinkBytes("\(folder)/\(name)")
        } catch let error as FileError where error.code == .missing {
            bytes = try SinkBytes("\(folder)/\(name.compressed)")
        }
        return try scan(bytes, each: each)
    }

    /// Goes through the segment in a file, which is compressed if its name ends in `.gz`.
    package static func scan(
        _ path: String, each: (SinkRecord) throws -> Void = { _ in }
    ) throws -> ScannedSegment {
        try scan(SinkBytes(path), each: each)
    }

    private static func scan(
        _ bytes: SinkBytes, each: (SinkRecord) throws -> Void
    ) throws -> ScannedSegment {
        var lines = SinkLines()
        do {
            while let piece = try bytes.next() {
                guard try lines.take(piece, each: each) else { break }
            }
        } catch GzipError.damaged {
            return lines.ended(with: .damagedGzip)
        }
        return lines.ended()
    }
}

/// Cuts a segment's bytes into lines and goes through them.
struct SinkLines: ~Copyable {
    /// Bytes of the longest line: a record, its leaf, and what surrounds them.
    private static let lineLimit = 4 << 20

    private var scan = SinkScan()
    private var rest: [UInt8] = []
    private var fault: SinkScan.Fault?

    /// Takes the next bytes; false if they show that this is no segment, or no longer one.
    ///
    /// - Parameter each: sees the record of each record's line.
    mutating func take(
        _ bytes: [UInt8], each: (SinkRecord) throws -> Void = { _ in }
    ) throws -> Bool {
        rest += bytes
        var start = 0
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let record: SinkRecord?
            do throws(SinkScan.Fault) {
                record = try scan.take(Array(rest[start..<end]))
            } catch {
                (rest, fault) = ([], error)
                return false
            }
            start = end + 1
            if let record { try each(record) }
        }
        rest.removeFirst(start)
        guard rest.count > Self.lineLimit else { return true }
        (rest, fault) = ([], .notALine)
        return false
    }

    /// What the bytes were, now that none follow.
    consuming func ended(with reason: SinkScan.Fault? = nil) -> ScannedSegment {
        ScannedSegment(scan: scan, rest: reason == nil ? rest : [], fault: fault ?? reason)
    }
}

/// What a segment's file holds.
package struct ScannedSegment: ~Copyable {
    package var scan: SinkScan
    /// A part of a line at its end.
    package let rest: [UInt8]
    /// What is wrong with the first line that does not belong there.
    package let fault: SinkScan.Fault?

    /// The trailer of a segment that is sealed, and nothing else; nil for any other.
    package var seal: SinkTrailer? { fault == nil && rest.isEmpty ? scan.trailer : nil }
}
