// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage

/// What a run keeps in memory, and stores behind its blocks.
///
///     blocks   4,096 bytes each
///     fences   for each block: u64 first key, u64 first index, u64 checksum
///     bloom    the filter of the submission keys
///     spans    for each segment of 256 records that the run touches: u64 lowest and highest time,
///              u64 lowest and highest time of receipt
///     trailer  16 bytes magic, u64 first, records, entries, submission keys, blocks, bloom bytes,
///              segments, version of the keys, then SHA-256 of all from the fences to here
///
/// Numbers are little-endian. The trailer is last, so a file that was cut short has none.
struct LookupRunIndex: Sendable {
    static let magic = Array("evident-lookup/2".utf8)
    static let trailerByteCount = 16 + numberCount * 8 + Digest.byteCount
    static let fenceByteCount = 24
    private static let numberCount = 8

    /// The records that the run covers.
    let range: Range<UInt64>
    var entryCount: UInt64 = 0
    var submissionKeyCount: UInt64 = 0
    var bloom: LookupBloom
    var spans: LookupSpans
    /// The first entry of each block.
    var firstEntries: [LookupEntry] = []
    var checksums: [UInt64] = []

    init(range: Range<UInt64>, submissionKeys: UInt64) {
        self.range = range
        bloom = LookupBloom(keys: submissionKeys)
        spans = LookupSpans(from: range.lowerBound)
    }

    /// Bytes of memory: 24 for each block of 4 KiB, 32 for each segment, and the filter.
    var memoryByteCount: Int {
        firstEntries.count * Self.fenceByteCount + bloom.byteCount
            + spans.segments.count * LookupSpans.segmentByteCount
    }

    /// What follows the blocks in the file.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(memoryByteCount + Self.trailerByteCount)
        for (entry, checksum) in zip(firstEntries, checksums) {
            bytes.appendLittleEndian(entry.key)
            bytes.appendLittleEndian(entry.index)
            bytes.appendLittleEndian(checksum)
        }
        for word in bloom.words { bytes.appendLittleEndian(word) }
        for segment in spans.segments {
            for bounds in [segment.time, segment.received] {
                bytes.appendLittleEndian(bounds.low)
                bytes.appendLittleEndian(bounds.high)
            }
        }
        bytes += Self.magic
        for number in [
            range.lowerBound, UInt64(range.count), entryCount, submissionKeyCount,
            UInt64(firstEntries.count), UInt64(bloom.byteCount), UInt64(spans.segments.count),
            LookupField.version,
        ] {
            bytes.appendLittleEndian(number)
        }
        bytes += SHA256.hash(bytes).bytes
        return bytes
    }

    /// The sizes that a trailer states, before anything is believed.
    struct Trailer {
        let numbers: [UInt64]

        init?(_ bytes: [UInt8]) {
            guard bytes.count == trailerByteCount, bytes.starts(with: magic) else { return nil }
            numbers = (0..<numberCount).map { bytes.littleEndian(at: 16 + 8 * $0) }
            // Nothing below can overflow once each number is this small.
            guard numbers.allSatisfy({ $0 < 1 << 48 }), numbers[1] > 0,
                numbers[6] == LookupSpans.count(of: numbers[0]..<numbers[0] + numbers[1])
            else { return nil }
        }

        /// The version of the keys that it was made of.
        var version: UInt64 { numbers[7] }

        var metadataByteCount: UInt64 {
            numbers[4] * UInt64(fenceByteCount) + numbers[5]
                + numbers[6] * UInt64(LookupSpans.segmentByteCount) + UInt64(trailerByteCount)
        }
        var fileByteCount: UInt64 {
            numbers[4] * UInt64(LookupBlock.byteCount) + metadataByteCount
        }
    }

    /// Reads back `encoded`; nil unless every byte is as it was written.
    init?(trailer: Trailer, metadata: [UInt8]) {
        let digestStart = metadata.count - Digest.byteCount
        guard UInt64(metadata.count) == trailer.metadataByteCount,
            metadata[digestStart...].elementsEqual(SHA256.hash(metadata[..<digestStart]).bytes)
        else { return nil }
        let (first, count) = (trailer.numbers[0], trailer.numbers[1])
        let blocks = Int(trailer.numbers[4])
        let bloomStart = blocks * Self.fenceByteCount
        let spansStart = bloomStart + Int(trailer.numbers[5])
        let bloomBytes = metadata[bloomStart..<spansStart]
        guard let bloom = LookupBloom(bytes: bloomBytes) else { return nil }
        range = first..<first + count
        entryCount = trailer.numbers[2]
        submissionKeyCount = trailer.numbers[3]
        self.bloom = bloom
        spans = LookupSpans(
            first: first / LookupSpans.segmentWidth,
            segments: (0..<Int(trailer.numbers[6])).map { number in
                let start = spansStart + number * LookupSpans.segmentByteCount
                let numbers = (0..<4).map { metadata.littleEndian(at: start + 8 * $0) }
                return LookupSpans.Segment(
                    time: .init(low: numbers[0], high: numbers[1]),
                    received: .init(low: numbers[2], high: numbers[3]))
            })
        for block in 0..<blocks {
            let start = block * Self.fenceByteCount
            firstEntries.append(
                LookupEntry(
                    key: metadata.littleEndian(at: start),
                    index: metadata.littleEndian(at: start + 8)))
            checksums.append(metadata.littleEndian(at: start + 16))
        }
    }

    /// The last block that starts at or below `entry`; nil if all start above it.
    func lastBlock(startingAtOrBelow entry: LookupEntry) -> Int? {
        var (low, high) = (0, firstEntries.count)
        while low < high {
            let middle = (low + high) / 2
            if firstEntries[middle] <= entry { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}

extension [UInt8] {
    fileprivate mutating func appendLittleEndian(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    fileprivate func littleEndian(at offset: Int) -> UInt64 {
        withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
    }
}
