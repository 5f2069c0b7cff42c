// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Gives out what a file holds, one event after another.
protocol EventReader: ~Copyable {
    /// The next event's text; nil after the last.
    mutating func next() throws(FileError) -> LineReader.Line?
    /// Bytes read so far.
    var position: UInt64 { get }
    /// Bytes of a plain file; 0 where that cannot be known.
    var size: UInt64 { get }
}

/// Reads a file or pipe line by line, in memory that does not depend on its length.
struct LineReader: EventReader, ~Copyable {
    /// One line without its line feed.
    enum Line: Equatable {
        case text([UInt8])
        /// More than the limit; its bytes have been passed over.
        case tooLong
    }

    /// Bytes of the longest line that is kept: more than any log takes as one record.
    static let limit = 1 << 20

    private let descriptor: Int32
    private let path: String
    private let isOwned: Bool
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// Bytes read so far.
    private(set) var position: UInt64 = 0
    /// Bytes of a plain file; 0 where that cannot be known.
    let size: UInt64

    /// Opens `path`, or standard input for `-`.
    init(_ path: String) throws(FileError) {
        if path == "-" {
            (descriptor, isOwned, self.path) = (STDIN_FILENO, false, "standard input")
        } else {
            let opened = open(path, O_RDONLY | O_CLOEXEC)
            guard opened >= 0 else { throw .system("open", path) }
            (descriptor, isOwned, self.path) = (opened, true, path)
        }
        // Only a file can be asked where it ends; a pipe refuses.
        let end = lseek(descriptor, 0, SEEK_END)
        size = end > 0 ? UInt64(end) : 0
        if end >= 0 { lseek(descriptor, 0, SEEK_SET) }
    }

    deinit {
        if isOwned { close(descriptor) }
    }

    /// The next line; nil after the last.
    ///
    /// A last line without a line feed counts, an empty rest does not.
    mutating func next() throws(FileError) -> Line? {
        var isTooLong = false
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return isTooLong ? .tooLong : line(start..<end)
            }
            searched = buffer.count
            if buffer.count - start > Self.limit {
                isTooLong = true
                buffer.removeAll(keepingCapacity: true)
                (start, searched) = (0, 0)
            }
            guard try fill(&searched) else {
                defer { start = buffer.count }
                if isTooLong { return .tooLong }
                return start < buffer.count ? line(start..<buffer.count) : nil
            }
        }
    }

    private func line(_ range: Range<Int>) -> Line {
        guard range.count <= Self.limit else { return .tooLong }
        let hasReturn = range.count > 0 && buffer[range.upperBound - 1] == UInt8(ascii: "\r")
        return .text(Array(buffer[range].dropLast(hasReturn ? 1 : 0)))
    }

    /// Adds what the file has next; false at its end.
    private mutating func fill(_ searched: inout Int) throws(FileError) -> Bool {
        guard !isAtEnd else { return false }
        buffer.removeFirst(start)
        searched -= start
        start = 0
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        var count = -1
        repeat { count = read(descriptor, &chunk, chunk.count) } while count < 0 && errno == EINTR
        guard count >= 0 else { throw .system("read", path) }
        isAtEnd = count == 0
        buffer += chunk[..<count]
        position += UInt64(count)
        return !isAtEnd
    }
}
