// SPDX-License-Identifier: Apache-2.0

/// Lines that travel in one request: adjoining ones, so that item n is line `first` + n − 1.
///
/// A line that is not sent (blank, or longer than any record) is a unit of its own.
struct SubmitUnit: Equatable {
    /// Bytes of a unit beyond which no line is added: half of what a log takes in one request.
    static let byteLimit = 4 << 20

    /// Number of the first line, counted from 1.
    let first: UInt64
    private(set) var lines: [[UInt8]] = []
    private(set) var isTooLong = false
    private var byteCount = 0

    init(first: UInt64) { self.first = first }

    /// The number after the last line.
    var end: UInt64 { first + UInt64(isTooLong ? 1 : lines.count) }

    /// Whether there is anything to send.
    var isSent: Bool { !isTooLong && !lines.allSatisfy(Self.isBlank) }

    /// Adds a line if it may travel with those before it and the unit stays within `limit` lines.
    mutating func take(_ line: LineReader.Line, limit: Int) -> Bool {
        let isEmpty = lines.isEmpty && !isTooLong
        guard case .text(let text) = line else {
            if isEmpty { isTooLong = true }
            return isEmpty
        }
        guard
            isEmpty
                || isSent && !Self.isBlank(text) && lines.count < limit
                    && byteCount + text.count <= Self.byteLimit
        else { return false }
        lines.append(text)
        byteCount += text.count
        return true
    }

    /// Whether a line holds nothing but white space: such lines are counted and not sent.
    static func isBlank(_ line: [UInt8]) -> Bool {
        line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    }
}
