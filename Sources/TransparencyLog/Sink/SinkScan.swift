// SPDX-License-Identifier: Apache-2.0

import AuditChain
package import LogCrypto

/// Goes through a segment line by line, and knows where it stands.
///
/// The same for the writer that goes on after a start, and for whoever verifies.
package struct SinkScan: ~Copyable {
    /// Why a line does not continue the segment.
    package enum Fault: Error, Hashable, Sendable {
        /// The first line is no header.
        case noHeader
        /// A line is none of a segment's.
        case notALine
        /// A record's index is not the next one.
        case gap(expected: UInt64, found: UInt64)
        /// The trailer says something else than the lines before it.
        case wrongTrailer
        /// There is something behind the trailer.
        case behindTrailer
        /// It is compressed, and cannot be decompressed from here on.
        case damagedGzip
    }

    package private(set) var header: SinkHeader?
    package private(set) var trailer: SinkTrailer?
    /// The index of the next record.
    package private(set) var next: UInt64 = 0
    /// The MAC of the record before that.
    package private(set) var lastHash = Digest.zero
    package private(set) var count: UInt64 = 0
    /// The newest erasure whose notice is complete.
    package private(set) var noticed: UInt64?
    /// When the first record was taken.
    package private(set) var firstTimeMS: UInt64?
    /// Bytes of complete lines.
    package private(set) var length: UInt64 = 0
    private var stream = SHA256Stream()

    package init() {}

    /// Takes the next complete line, without its line feed.
    ///
    /// Returns the record in it, if it is one's line.
    @discardableResult
    package mutating func take(_ line: [UInt8]) throws(Fault) -> SinkRecord? {
        guard trailer == nil else { throw .behindTrailer }
        var record: SinkRecord?
        if header == nil {
            guard let found = SinkHeader(line) else { throw .noHeader }
            (header, next, lastHash) = (found, found.first, found.previousHash)
            noticed = found.noticed
        } else if let found = SinkRecord(line) {
            guard found.index == next else { throw .gap(expected: next, found: found.index) }
            next += 1
            count += 1
            lastHash = found.leaf.mac
            firstTimeMS = firstTimeMS ?? found.leaf.timestampMS
            record = found
        } else if let notice = SinkNotice.read(line) {
            if !notice.hasMore { noticed = notice.request }
        } else if let end = SinkTrailer(line) {
            guard end == ended() else { throw .wrongTrailer }
            trailer = end
            length += UInt64(line.count) + 1
            return nil
        } else {
            throw .notALine
        }
        stream.update(line)
        stream.update([UInt8(ascii: "\n")])
        length += UInt64(line.count) + 1
        return record
    }

    /// Ends the segment here, and returns the trailer's line, line feed included.
    mutating func seal() -> [UInt8] {
        let end = ended()
        let line = end.json.canonical + [UInt8(ascii: "\n")]
        trailer = end
        length += UInt64(line.count)
        return line
    }

    /// What a trailer says of the lines so far; the digest begins anew.
    private mutating func ended() -> SinkTrailer {
        var ended = SHA256Stream()
        swap(&ended, &stream)
        return SinkTrailer(
            count: count, next: next, lastHash: lastHash, sha256: ended.finalize())
    }
}
