// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// Where a sink goes on, and what the next segment's header says of the one before.
struct SinkPosition: Hashable {
    /// The index of the next record.
    var next: UInt64
    /// The MAC of the record before it.
    var lastHash: Digest
    /// The newest erasure of which there is a notice.
    var noticed: UInt64?
    var beginning: SinkHeader.Beginning
    /// The segment before, if it was sealed.
    var previous: SinkHeader.Sealed?

    /// The very beginning.
    init(genesis: Digest) {
        (next, lastHash, beginning) = (0, genesis, .log)
    }

    /// Behind the last whole line of a segment.
    init(after scan: borrowing SinkScan, name: String, _ beginning: SinkHeader.Beginning) {
        (next, lastHash, noticed) = (scan.next, scan.lastHash, scan.noticed)
        previous = scan.trailer.map { .init(name: name, sha256: $0.sha256) }
        self.beginning = beginning == .torn && scan.trailer != nil ? .sealed : beginning
    }

    func header(origin: String) -> SinkHeader {
        SinkHeader(
            origin: origin, first: next, previousHash: lastHash, beginning: beginning,
            previous: previous, noticed: noticed)
    }
}

/// What a sink remembers beside its segments, so that one that was moved away while nobody looked is
/// not written again.
struct SinkMemory: Hashable {
    let origin: String
    let position: SinkPosition
    /// The number of the open segment's file; 0 if there is none.
    let inode: UInt64

    /// Bytes of the file; it is written in place, so that a full volume does not hinder it.
    static let byteCount = 1_024

    init(origin: String, position: SinkPosition, inode: UInt64) {
        self.origin = origin
        self.position = position
        self.inode = inode
    }

    /// The file's bytes: canonical JSON, spaces, and a line feed.
    var bytes: [UInt8] {
        var text = value.canonical
        precondition(text.count < Self.byteCount, "a name of 255 bytes fits")
        text += [UInt8](repeating: 0x20, count: Self.byteCount - 1 - text.count)
        return text + [UInt8(ascii: "\n")]
    }

    private var value: JSONValue {
        let header = position.header(origin: origin).json
        return ["inode": .string(String(inode)), "position": header, "sink": 1]
    }

    init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount,
            let value = try? JSONValue.parse(bytes), let position = value["position"],
            let inode = value["inode"]?.text.flatMap({ UInt64($0) }),
            let header = SinkHeader(position.canonical)
        else { return nil }
        var found = SinkPosition(genesis: header.previousHash)
        (found.next, found.noticed) = (header.first, header.noticed)
        (found.beginning, found.previous) = (header.beginning, header.previous)
        self.init(origin: header.origin, position: found, inode: inode)
        guard self.bytes == bytes else { return nil }
    }
}
