// SPDX-License-Identifier: Apache-2.0

import AuditChain

extension RecordPreparer {
    /// How a batch holds its items.
    public enum BatchFormat: Sendable {
        /// One JSON array.
        case array
        /// One object a line (NDJSON).
        ///
        /// Lines end with LF. A CR before it, and lines of nothing but white space, are white space
        /// around an object and mean nothing; the last line may lack its LF.
        case lines
    }

    /// Where the items of a batch lie, in order; each is then prepared alone, so that a bad one
    /// hides no other.
    ///
    /// Only the batch's own structure is looked at here: brackets, commas and strings of an array,
    /// line ends of NDJSON. Throws if there is none to go by, if the batch is empty, or too large.
    public func split(
        _ batch: UnsafeRawBufferPointer, as format: BatchFormat
    ) throws(RecordError) -> [Range<Int>] {
        guard batch.count <= limits.batchByteCount else {
            throw RecordError(
                .oversize, reason: .tooLarge, at: limits.batchByteCount,
                "The batch is larger than this log accepts; send it in parts.")
        }
        var splitter = BatchSplitter(batch, itemLimit: limits.itemCount)
        switch format {
        case .array: try splitter.splitArray()
        case .lines: try splitter.splitLines()
        }
        guard !splitter.items.isEmpty else {
            throw RecordError(.emptyBatch, "The batch has no records; send one or more.")
        }
        return splitter.items
    }
}

/// Finds the items of a batch without parsing them.
private struct BatchSplitter {
    let batch: UnsafeRawBufferPointer
    let itemLimit: Int
    var items: [Range<Int>] = []
    private var at = 0

    init(_ batch: UnsafeRawBufferPointer, itemLimit: Int) {
        self.batch = batch
        self.itemLimit = itemLimit
    }

    mutating func splitLines() throws(RecordError) {
        while at < batch.count {
            let start = at
            at = lineEnd(from: at)
            if batch[start..<at].contains(where: { !Self.isSpace($0) }) {
                try add(start..<at)
            }
            at += 1
        }
    }

    mutating func splitArray() throws(RecordError) {
        if batch.starts(with: [0xEF, 0xBB, 0xBF]) { throw refusal(.byteOrderMark) }
        skipSpace()
        guard at < batch.count else { throw refusal(.unexpectedEnd) }
        guard batch[at] == UInt8(ascii: "[") else { throw refusal(.unexpectedByte) }
        at += 1
        skipSpace()
        if at < batch.count, batch[at] == UInt8(ascii: "]") {
            at += 1
        } else {
            while try scanElement() {}
        }
        skipSpace()
        guard at == batch.count else { throw refusal(.trailingBytes) }
    }

    /// Reads one element and what ends it: true at a comma, false at the array's end.
    private mutating func scanElement() throws(RecordError) -> Bool {
        skipSpace()
        let start = at
        var depth = 0
        while at < batch.count {
            switch batch[at] {
            case UInt8(ascii: "\""):
                skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: ",") where depth == 0, UInt8(ascii: "]") where depth == 0:
                guard at > start else { throw refusal(.unexpectedByte) }
                try add(start..<at)
                at += 1
                return batch[at - 1] == UInt8(ascii: ",")
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard depth > 0 else { throw refusal(.unexpectedByte) }
                depth -= 1
            default: break
            }
            at += 1
        }
        throw refusal(.unexpectedEnd)
    }

    /// Moves behind a string's closing quote, or to the end of the batch.
    private mutating func skipString() {
        at += 1
        while at < batch.count, batch[at] != UInt8(ascii: "\"") {
            at += batch[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        at = min(at + 1, batch.count)
    }

    private mutating func skipSpace() {
        while at < batch.count, Self.isSpace(batch[at]) { at += 1 }
    }

    /// The place of the next LF, or the end; eight bytes a step.
    private func lineEnd(from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var at = start
        while at + 8 <= batch.count {
            let word = UInt64(
                littleEndian: batch.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let zeroAtLF = word ^ (ones &* 0x0A)
            let found = (zeroAtLF &- ones) & ~zeroAtLF & (ones &* 0x80)
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < batch.count, batch[at] != 0x0A { at += 1 }
        return at
    }

    private mutating func add(_ item: Range<Int>) throws(RecordError) {
        guard items.count < itemLimit else {
            throw RecordError(
                .tooManyItems, at: item.lowerBound,
                "A batch has at most \(itemLimit) records; send it in parts.")
        }
        items.append(item)
    }

    private func refusal(_ code: JSONError.Code) -> RecordError {
        RecordError(JSONError(code, at: at))
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
