// SPDX-License-Identifier: Apache-2.0

import AuditChain
import TransparencyLog

/// The time by which records are judged old, and who vouches for it.
struct RetentionClock: Sendable {
    enum Basis: String, Sendable {
        /// The earliest cosignature of the newest head that met the witness policy, or the machine's
        /// clock where that is behind it.
        case witnessed
        /// The machine's clock, as far as the log's own past bears it out: an operator has said so.
        case local
    }

    let milliseconds: UInt64
    let basis: Basis

    /// - Parameter trustsLocal: the operator takes the log's own clock where nobody vouches for one.
    init(_ time: LogTime, trustsLocal: Bool) throws(Problem) {
        if let vouched = time.vouchedMS {
            (milliseconds, basis) = (vouched, .witnessed)
        } else if trustsLocal {
            (milliseconds, basis) = (time.localMS, .local)
        } else {
            throw Problem(.timeNotWitnessed)
        }
    }

    /// For a look that destroys nothing.
    static func estimate(_ time: LogTime) -> RetentionClock {
        RetentionClock(
            milliseconds: time.vouchedMS ?? time.localMS,
            basis: time.vouchedMS == nil ? .local : .witnessed)
    }

    init(milliseconds: UInt64, basis: Basis) {
        self.milliseconds = milliseconds
        self.basis = basis
    }

    /// The moment an age ago; nil where that is before 1970.
    func moment(ago age: UInt64) -> UInt64? {
        age <= milliseconds ? milliseconds - age : nil
    }

    /// What a record of the log tells of it.
    var members: [JSONValue.Member] {
        [.init("time", .string(basis.rawValue)), .init("time_ms", .integer(milliseconds))]
    }
}

extension JSONWriter {
    /// By what time it was judged.
    mutating func clock(_ clock: RetentionClock) {
        name("time")
        open()
        member("basis", clock.basis.rawValue)
        member("ms", clock.milliseconds)
        close()
    }
}

/// The indexes of records to prune, as a record of the log lists them.
enum PruneList {
    /// Ranges that one record lists: some tens of KiB.
    static let limit = 1_000

    /// Indexes that rise, as ranges.
    static func ranges(_ indexes: [UInt64]) -> [Range<UInt64>] {
        var ranges: [Range<UInt64>] = []
        for index in indexes {
            if let last = ranges.last, last.upperBound == index {
                ranges[ranges.count - 1] = last.lowerBound..<index + 1
            } else {
                ranges.append(index..<index + 1)
            }
        }
        return ranges
    }

    /// The ranges in lists of at most ``limit``.
    static func parts(_ ranges: [Range<UInt64>]) -> [[Range<UInt64>]] {
        stride(from: 0, to: ranges.count, by: limit).map {
            Array(ranges[$0..<min($0 + limit, ranges.count)])
        }
    }
}
