// SPDX-License-Identifier: Apache-2.0

/// Tells, for one cache miss, that a run or a tail does not hold a submission key.
///
/// A blocked Bloom filter: all bits of a key lie in one cache line. 16 bits a key; about one
/// absent key in 1,000 is reported as perhaps present.
struct LookupBloom: Sendable {
    private static let bitsPerKey = 16
    private static let probes = 6
    private static let wordsPerBlock = 8

    /// Little-endian words, eight to a block.
    private(set) var words: [UInt64]

    var byteCount: Int { words.count * 8 }

    /// An empty filter sized for `keys` keys.
    init(keys: UInt64) {
        let blocks = Int(keys) * Self.bitsPerKey / 512 + 1
        words = [UInt64](repeating: 0, count: blocks * Self.wordsPerBlock)
    }

    /// A filter as it was stored; nil unless it is one or more whole blocks.
    init?(bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty, bytes.count % (Self.wordsPerBlock * 8) == 0 else { return nil }
        words = bytes.withUnsafeBytes { buffer in
            (0..<buffer.count / 8).map {
                UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
            }
        }
    }

    mutating func insert(_ key: UInt64) {
        let (first, bits) = place(of: key)
        for probe in 0..<Self.probes {
            let bit = bits >> UInt64(10 + 9 * probe) & 511
            words[first + Int(bit >> 6)] |= 1 << (bit & 63)
        }
    }

    func mayContain(_ key: UInt64) -> Bool {
        let (first, bits) = place(of: key)
        for probe in 0..<Self.probes {
            let bit = bits >> UInt64(10 + 9 * probe) & 511
            if words[first + Int(bit >> 6)] & 1 << (bit & 63) == 0 { return false }
        }
        return true
    }

    /// The first word of a key's block, and the bits that choose within it.
    ///
    /// A submission key is an HMAC, so its own high bits spread blocks evenly; the multiplication
    /// (2^64 divided by the golden ratio) makes the lower ones independent of them.
    private func place(of key: UInt64) -> (first: Int, bits: UInt64) {
        let hash = key << 16
        let blocks = UInt64(words.count / Self.wordsPerBlock)
        let block = hash.multipliedFullWidth(by: blocks).high
        return (Int(block) * Self.wordsPerBlock, key &* 0x9E37_79B9_7F4A_7C15)
    }
}
