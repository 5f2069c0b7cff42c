// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// The 4 KiB unit in which a run is written, checked and read.
///
///     u16 count of lists, then for each list:
///         varint key delta
///         varint 2 × (first index − the run's first) + 1 if more follow, else + 0
///         if more follow: varint how many, then for each: varint distance from the one before
///
/// Numbers are little-endian. The first key is in the run's fence, so its delta is 0. A list that
/// does not fit goes on in the next block, under the same key. The rest is zero. So a unique key
/// takes about 8 bytes, and a further record of a common value one.
enum LookupBlock {
    static let byteCount = 4096

    /// The first 64 bits of the block's SHA-256: they find damage, and prove no authorship.
    static func checksum(_ bytes: [UInt8]) -> UInt64 {
        SHA256.hash(bytes).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self).littleEndian }
    }

    /// All lists of a block, flat.
    struct Lists {
        var keys: [UInt64] = []
        /// Where the indexes of each key begin, and the end of the last.
        var starts: [Int] = [0]
        var indexes: [UInt64] = []

        func indexes(of place: Int) -> ArraySlice<UInt64> {
            indexes[starts[place]..<starts[place + 1]]
        }
    }

    /// Reads everything; nil if the bytes are no block.
    static func lists(_ bytes: [UInt8], firstKey: UInt64, runFirst: UInt64) -> Lists? {
        var lists = Lists()
        lists.indexes.reserveCapacity(2048)
        let isWhole = read(bytes, firstKey: firstKey, runFirst: runFirst) { key, cursor in
            lists.keys.append(key)
            guard cursor.read(into: &lists.indexes, { _ in true }) else { return nil }
            lists.starts.append(lists.indexes.count)
            return true
        }
        return isWhole ? lists : nil
    }

    /// Adds the indexes of one key in `wanted` to `found`; false if the bytes are no block.
    static func add(
        _ key: UInt64, in wanted: Range<UInt64>, of bytes: [UInt8], firstKey: UInt64,
        runFirst: UInt64, to found: inout [UInt64]
    ) -> Bool {
        read(bytes, firstKey: firstKey, runFirst: runFirst) { next, cursor in
            if next > key { return false }
            if next < key { return cursor.skip() ? true : nil }
            return cursor.read(into: &found, wanted.contains) ? true : nil
        }
    }

    /// Hands each list to `body` until it answers false; false if it or the bytes are no block,
    /// which `body` says by nil.
    @inline(__always)
    private static func read(
        _ bytes: [UInt8], firstKey: UInt64, runFirst: UInt64,
        _ body: (UInt64, inout Cursor) -> Bool?
    ) -> Bool {
        bytes.withUnsafeBufferPointer { buffer in
            guard buffer.count == byteCount else { return false }
            var cursor = Cursor(buffer: buffer, runFirst: runFirst)
            var key = firstKey
            for _ in 0..<(Int(buffer[0]) | Int(buffer[1]) << 8) {
                guard let delta = cursor.varint() else { return false }
                let (sum, overflow) = key.addingReportingOverflow(delta)
                if overflow { return false }
                key = sum
                guard let goesOn = body(key, &cursor) else { return false }
                if !goesOn { return true }
            }
            return true
        }
    }

    /// Stands behind a list's key.
    fileprivate struct Cursor {
        let buffer: UnsafeBufferPointer<UInt8>
        let runFirst: UInt64
        var position = 2

        init(buffer: UnsafeBufferPointer<UInt8>, runFirst: UInt64) {
            self.buffer = buffer
            self.runFirst = runFirst
        }

        @inline(__always)
        mutating func varint() -> UInt64? {
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

        /// Adds the list's indexes that are wanted; false if it is none.
        @inline(__always)
        mutating func read(
            into indexes: inout [UInt64], _ isWanted: (UInt64) -> Bool
        ) -> Bool {
            guard let head = varint() else { return false }
            var (index, overflow) = runFirst.addingReportingOverflow(head >> 1)
            if overflow { return false }
            if isWanted(index) { indexes.append(index) }
            guard head & 1 == 1 else { return true }
            guard let more = varint(), more <= UInt64(byteCount) else { return false }
            for _ in 0..<more {
                guard let step = varint() else { return false }
                (index, overflow) = index.addingReportingOverflow(step)
                if overflow { return false }
                if isWanted(index) { indexes.append(index) }
            }
            return true
        }

        /// Goes behind the list; false if it is none.
        mutating func skip() -> Bool {
            guard let head = varint() else { return false }
            guard head & 1 == 1 else { return true }
            guard var more = varint(), more <= UInt64(byteCount) else { return false }
            while more > 0, position < byteCount {
                if buffer[position] < 128 { more -= 1 }
                position += 1
            }
            return more == 0
        }
    }
}

/// Fills one block after another.
struct LookupBlockBuilder {
    /// A key of 56 bits, a first index of 64 and a number below 4,096.
    private static let mostHeadBytes = 8 + 10 + 2

    private let runFirst: UInt64
    private var bytes: [UInt8] = [0, 0]
    private var count = 0
    private var lastKey: UInt64 = 0
    private var steps: [UInt8] = []

    init(runFirst: UInt64) {
        self.runFirst = runFirst
        bytes.reserveCapacity(LookupBlock.byteCount)
    }

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { bytes.count > LookupBlock.byteCount - Self.mostHeadBytes }

    /// Adds a list that is above all before it, or as much of it as fits; returns how much.
    ///
    /// Not to a full block. The indexes rise, and there is one.
    mutating func append(_ key: UInt64, _ indexes: ArraySlice<UInt64>) -> Int {
        Self.append(isEmpty ? 0 : key - lastKey, to: &bytes)
        lastKey = key
        count += 1
        let start = indexes[indexes.startIndex]
        let room = LookupBlock.byteCount - bytes.count - Self.mostHeadBytes + 8
        steps.removeAll(keepingCapacity: true)
        var (last, taken) = (start, 1)
        for index in indexes.dropFirst() {
            let before = steps.count
            Self.append(index - last, to: &steps)
            if steps.count > room {
                steps.removeLast(steps.count - before)
                break
            }
            (last, taken) = (index, taken + 1)
        }
        Self.append((start - runFirst) << 1 | (taken > 1 ? 1 : 0), to: &bytes)
        if taken > 1 {
            Self.append(UInt64(taken - 1), to: &bytes)
            bytes += steps
        }
        return taken
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

    @inline(__always)
    private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 128 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
