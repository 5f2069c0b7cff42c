// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// The 4 KiB unit in which a run is written, checked and read.
///
///     u16 count, then for each entry: varint key delta, varint index
///
/// Numbers are little-endian. The first key is in the run's fence, so its delta is 0. An index
/// counts from the run's first; after an entry of the same key, from that entry's index. The rest
/// is zero. So a unique key takes about 8 bytes, and a further record of a common value about 2.
enum LookupBlock {
    static let byteCount = 4096
    /// Two varints of 64 bits.
    static let mostEntryBytes = 20

    /// The first 64 bits of the block's SHA-256: they find damage, and prove no authorship.
    static func checksum(_ bytes: [UInt8]) -> UInt64 {
        SHA256.hash(bytes).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self).littleEndian }
    }

    /// Hands every entry to `body` until it returns false; nil if the bytes are no block.
    static func decode(
        _ bytes: [UInt8], firstKey: UInt64, runFirst: UInt64, _ body: (LookupEntry) -> Bool
    ) -> Void? {
        bytes.withUnsafeBufferPointer { buffer -> Void? in
            guard buffer.count == byteCount else { return nil }
            let count = Int(buffer[0]) | Int(buffer[1]) << 8
            var position = 2
            var last = LookupEntry(key: firstKey, index: runFirst)
            for number in 0..<count {
                guard let delta = varint(buffer, &position), let step = varint(buffer, &position)
                else { return nil }
                let isSameKey = number > 0 && delta == 0
                let (key, keyOverflow) = last.key.addingReportingOverflow(delta)
                let (index, indexOverflow) = (isSameKey ? last.index : runFirst)
                    .addingReportingOverflow(step)
                if keyOverflow || indexOverflow { return nil }
                last = LookupEntry(key: key, index: index)
                if !body(last) { return () }
            }
            return ()
        }
    }

    @inline(__always)
    private static func varint(
        _ buffer: UnsafeBufferPointer<UInt8>, _ position: inout Int
    ) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < byteCount && shift < 64 {
            let byte = buffer[position]
            position += 1
            value |= UInt64(byte & 127) << shift
            if byte < 128 { return value }
            shift += 7
        }
        return nil
    }
}

/// Fills one block after another.
struct LookupBlockBuilder {
    private let runFirst: UInt64
    private var bytes: [UInt8] = [0, 0]
    private var count = 0
    private(set) var last: LookupEntry?

    init(runFirst: UInt64) {
        self.runFirst = runFirst
        bytes.reserveCapacity(LookupBlock.byteCount)
    }

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { bytes.count > LookupBlock.byteCount - LookupBlock.mostEntryBytes }

    /// Adds an entry that is above all before it.
    mutating func append(_ entry: LookupEntry) {
        let delta = isEmpty ? 0 : entry.key - (last?.key ?? 0)
        let isSameKey = !isEmpty && delta == 0
        appendVarint(delta)
        appendVarint(entry.index - (isSameKey ? last?.index ?? 0 : runFirst))
        last = entry
        count += 1
    }

    /// The finished block; the builder starts the next one.
    mutating func take() -> [UInt8] {
        var block = bytes
        block[0] = UInt8(truncatingIfNeeded: count)
        block[1] = UInt8(truncatingIfNeeded: count >> 8)
        block.append(
            contentsOf: repeatElement(0, count: LookupBlock.byteCount - block.count))
        bytes.removeLast(bytes.count - 2)
        count = 0
        return block
    }

    private mutating func appendVarint(_ number: UInt64) {
        var rest = number
        while rest >= 128 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
