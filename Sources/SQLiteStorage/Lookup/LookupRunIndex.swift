// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// What a run keeps in memory, and stores behind its blocks.
///
///     blocks   4,096 bytes each
///     fences   for each block: u64 first key, u64 first index, u64 checksum
///     bloom    the filter of the submission keys
///     trailer  16 bytes magic, u64 first, records, entries, submission keys, blocks, bloom bytes,
///              then SHA-256 of all from the fences to here
///
/// Numbers are little-endian. The trailer is last, so a file that was cut short has none.
struct LookupRunIndex: Sendable {
    static let magic = Array("evident-lookup/1".utf8)
    static let trailerByteCount = 16 + 6 * 8 + Digest.byteCount
    static let fenceByteCount = 24

    /// The records that the run covers.
    let range: Range<UInt64>
    var entryCount: UInt64 = 0
    var submissionKeyCount: UInt64 = 0
    var bloom: LookupBloom
    /// The first entry of each block.
    var firstEntries: [LookupEntry] = []
    var checksums: [UInt64] = []

    init(range: Range<UInt64>, submissionKeys: UInt64) {
        self.range = range
        bloom = LookupBloom(keys: submissionKeys)
    }

    /// Bytes of memory: 24 for each block of 4 KiB, and the filter.
    var memoryByteCount: Int { firstEntries.count * Self.fenceByteCount + bloom.byteCount }

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
        bytes += Self.magic
        for number in [
            range.lowerBound, UInt64(range.count), entryCount, submissionKeyCount,
            UInt64(firstEntries.count), UInt64(bloom.byteCount),
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
            numbers = (0..<6).map { bytes.littleEndian(at: 16 + 8 * $0) }
            // Nothing below can overflow once each number is this small.
            guard numbers.allSatisfy({ $0 < 1 << 48 }), numbers[1] > 0 else { return nil }
        }

        var metadataByteCount: UInt64 {
            numbers[4] * UInt64(fenceByteCount) + numbers[5] + UInt64(trailerByteCount)
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
        let bloomBytes = metadata[bloomStart..<bloomStart + Int(trailer.numbers[5])]
        guard let bloom = LookupBloom(bytes: bloomBytes) else { return nil }
        range = first..<first + count
        entryCount = trailer.numbers[2]
        submissionKeyCount = trailer.numbers[3]
        self.bloom = bloom
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
