// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage

@testable import TransparencyLog

/// Sinks of made up records.
enum SinkSamples {
    static let genesis = SHA256.hash([1])

    static func leaf(_ index: UInt64) -> Leaf {
        Leaf(
            timestampMS: 1_780_000_000_000 + index, commitment: SHA256.hash([2, UInt8(index)]),
            mac: SHA256.hash([3, UInt8(index)]))
    }

    static func lines(_ range: Range<UInt64>) -> [[UInt8]] {
        range.map { index in
            SinkRecord.line(index, leaf(index), .whole(Array("{\"n\":\(index)}".utf8), erased: []))
        }
    }

    static func folder(_ path: String, bytes: UInt64 = 1 << 20) throws -> SinkFolder {
        try SinkFolder(
            SinkSettings(
                folder: path, segmentBytes: bytes, segmentAgeMS: 1 << 40, flushing: .never,
                keepsOwnRecords: true, intervalMS: 100),
            origin: "log.example.com/sink", genesis: genesis)
    }

    /// Writes records until all of them stand there, as a server does after each start.
    static func fill(_ folder: SinkFolder, to end: UInt64) throws {
        while folder.next.index < end {
            do {
                try folder.settle()
                let next = folder.next.index
                try folder.append(lines(next..<min(next + 3, end)))
                try folder.rotate(nowMS: 0)
            } catch is SinkFolder.SinkChange {}
        }
    }
}
