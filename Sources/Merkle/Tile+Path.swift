// SPDX-License-Identifier: Apache-2.0

import LogCrypto

extension Tile: CustomStringConvertible {
    /// The path below the log's URL, without a leading slash: `tile/1/x001/x234/067.p/17`.
    ///
    /// An index is written in groups of three digits, all but the last preceded by an x: the
    /// example's is 1234067. A partial tile ends in its width.
    public var path: String {
        String(decoding: pathBytes, as: UTF8.self)
    }

    /// The tile at a path, or `nil` if no tile's ``path`` is exactly that.
    public init?(path: some StringProtocol) {
        // Read with little care, then written again and compared: what has two spellings
        // (leading zeros, missing groups, a full width) is refused by the comparison.
        let path = Array(path.utf8)
        var rest = PathScanner(path[...])
        guard rest.skip("tile/") else { return nil }
        var level = Level.entries
        if !rest.skip("entries") {
            guard let number = rest.number(), number < 64 else { return nil }
            level = .hashes(UInt8(number))
        }
        guard rest.skip("/"), let index = rest.index() else { return nil }
        var width = Self.maxWidth
        if rest.skip(".p/") {
            guard let number = rest.number(), 1..<256 ~= number else { return nil }
            width = number
        }
        self.init(level, index: index, width: width)
        guard pathBytes == path else { return nil }
    }

    /// The path.
    public var description: String { path }

    private var pathBytes: [UInt8] {
        var bytes = Array("tile/".utf8)
        switch level {
        case .entries: bytes += "entries".utf8
        case .hashes(let level): bytes.appendDecimal(UInt64(level))
        }
        // UInt64.max has 20 digits, and so 7 groups.
        var unit: UInt64 = 1_000_000_000_000_000_000
        while unit > 1, index < unit { unit /= 1000 }
        while unit > 0 {
            bytes += (unit > 1 ? "/x" : "/").utf8
            let group = index / unit % 1000
            for digit in [group / 100, group / 10 % 10, group % 10] {
                bytes.append(UInt8(ascii: "0") + UInt8(digit))
            }
            unit /= 1000
        }
        if !isFull {
            bytes += ".p/".utf8
            bytes.appendDecimal(UInt64(width))
        }
        return bytes
    }
}

/// Takes a path apart from the left.
private struct PathScanner {
    private var rest: ArraySlice<UInt8>

    init(_ path: ArraySlice<UInt8>) {
        rest = path
    }

    /// Whether the text comes next, which is then passed over.
    mutating func skip(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    /// The number that comes next; no number of a path has more than three digits.
    mutating func number() -> Int? {
        let digits = rest.prefix(3).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        rest = rest.dropFirst(digits.count)
        return digits.isEmpty ? nil : digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// The groups of a tile index that come next; `nil` if they exceed 64 bits.
    mutating func index() -> UInt64? {
        var index: UInt64 = 0
        repeat {
            _ = skip("x")
            guard let group = number() else { return nil }
            let (shifted, tooLarge) = index.multipliedReportingOverflow(by: 1000)
            let (sum, overflow) = shifted.addingReportingOverflow(UInt64(group))
            guard !tooLarge, !overflow else { return nil }
            index = sum
        } while skip("/")
        return index
    }
}
