// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogCrypto
import LogStorage

/// Why a segment cannot be written on.
enum SinkFault: Error {
    /// There is a file of that name.
    case exists
    /// The system refused; the same can be tried again.
    case file(FileError)
    /// The file has another name now, or none.
    case moved(isDeleted: Bool)
    /// Somebody else has written to the file, or cut it.
    case altered
    /// It ends in a part of a line that is not what would be written now.
    case torn
}

/// A segment's file while it grows: bytes are only ever added to it.
///
/// One thread uses it.
final class SinkSegment {
    let path: String
    private let descriptor: Int32
    private(set) var scan: SinkScan
    /// Lines that are accepted and not, or not wholly, written.
    private var pending: [[UInt8]] = []
    /// Bytes of the first of them that lie in the file.
    private var offset = 0
    /// A part of a line that a killed writer left; it is completed by the same line.
    private var torn: [UInt8] = []
    /// Bytes that lie in the file.
    private var length: UInt64 = 0

    /// Makes a file; there must be none of that name.
    init(creating path: String) throws(SinkFault) {
        self.path = path
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW
        descriptor = open(path, flags, 0o600)
        scan = SinkScan()
        guard descriptor >= 0 else {
            throw errno == EEXIST
                ? .exists : .file(.init(path, cannot: "create it", errno: errno))
        }
    }

    /// Goes on with a file that has been gone through.
    init(continuing path: String, _ scan: consuming SinkScan, torn: [UInt8]) throws(SinkFault) {
        self.path = path
        length = scan.length + UInt64(torn.count)
        self.scan = scan
        self.torn = torn
        descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .file(.init(path, cannot: "open it", errno: errno)) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether a killed writer left a part of a trailer.
    var isEnding: Bool { torn.count > 2 && torn[2] == UInt8(ascii: "a") && scan.header != nil }

    /// Whether the file holds whole lines, and nothing waits to be written.
    var isWhole: Bool { pending.isEmpty && torn.isEmpty }

    /// The number by which the file system knows the file, whatever its name.
    var inode: UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Whether the file is still the one of its name, and as long as it was left.
    func check() throws(SinkFault) {
        var (own, named) = (stat(), stat())
        guard fstat(descriptor, &own) == 0 else {
            throw .file(.init(path, cannot: "inspect it", errno: errno))
        }
        if own.st_nlink == 0 { throw .moved(isDeleted: true) }
        guard lstat(path, &named) == 0, named.st_ino == own.st_ino, named.st_dev == own.st_dev
        else { throw .moved(isDeleted: false) }
        guard own.st_size == off_t(length) else { throw .altered }
    }

    /// Writes what is accepted; a failure leaves the rest for the next call.
    func flush() throws(SinkFault) {
        while !pending.isEmpty {
            let bytes = Array(pending.joined().dropFirst(offset))
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .file(.init(path, cannot: "write it", errno: errno)) }
            try advance(count)
        }
    }

    private func advance(_ count: Int) throws(SinkFault) {
        offset += count
        length += UInt64(count)
        while let line = pending.first, offset >= line.count {
            offset -= line.count
            pending.removeFirst()
            guard scan.trailer == nil else { continue }
            do throws(SinkScan.Fault) {
                try scan.take(Array(line.dropLast()))
            } catch {
                preconditionFailure("a sink wrote a line out of place: \(error)")
            }
        }
    }

    /// Accepts lines, each with its line feed, and writes them: whole lines in one call.
    ///
    /// What was accepted before must have been written.
    func append(_ lines: [[UInt8]]) throws(SinkFault) {
        precondition(pending.isEmpty, "lines go on where the last ones ended")
        guard let first = lines.first else { return }
        if !torn.isEmpty {
            guard first.count >= torn.count, first.starts(with: torn) else { throw .torn }
            (offset, torn) = (torn.count, [])
        }
        pending = lines
        try flush()
    }

    /// Ends the segment: its last line, and all of it on stable storage.
    func seal(isFlushed: Bool) throws(SinkFault) {
        if scan.trailer == nil {
            let line = scan.seal()
            guard line.starts(with: torn) else { throw .torn }
            pending = [line]
            (offset, torn) = (torn.count, [])
        }
        try flush()
        if isFlushed { try self.sync() }
    }

    /// Puts the file's bytes on stable storage.
    func sync() throws(SinkFault) {
        guard fdatasync(descriptor) == 0 else {
            throw .file(.init(path, cannot: "flush it", errno: errno))
        }
    }
}
