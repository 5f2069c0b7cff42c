// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// The first thing that is wrong in a store: where it lies, and how it shows.
struct FsckFinding: Error, Equatable {
    /// The first index that is affected; nil where it concerns the whole log.
    let index: UInt64?
    /// The column, as the store's schema and the formats name it.
    let column: String
    let message: String

    init(_ index: UInt64?, _ column: String, _ message: String) {
        self.index = index
        self.column = column
        self.message = message
    }

    /// What the store itself noticed while it was read.
    init(_ error: StoreError, near index: UInt64?, reading column: String) {
        self.init(error.firstBadIndex ?? index, column, error.message)
    }

    /// Of two findings, the one with the lower index; a finding about the whole log comes last.
    static func first(_ left: FsckFinding?, _ right: FsckFinding?) -> FsckFinding? {
        guard let left, let right else { return left ?? right }
        return (right.index ?? .max) < (left.index ?? .max) ? right : left
    }
}

/// How fast a part of the check went.
struct FsckRate: Encodable {
    let entries: UInt64
    /// By the clock.
    let seconds: Double
    /// Processor time, all cores together.
    let coreSeconds: Double

    /// Entries for each second of one core's work: what others do on the machine does not count.
    var perCore: Double { coreSeconds > 0 ? Double(entries) / coreSeconds : 0 }

    enum CodingKeys: String, CodingKey {
        case entries, seconds, coreSeconds, perCore
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(entries, forKey: .entries)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(coreSeconds, forKey: .coreSeconds)
        try container.encode(perCore.rounded(), forKey: .perCore)
    }

    /// Measures what `body` does for `entries` entries, under a bar of its own.
    static func measure(
        _ title: String, entries: UInt64, _ body: (ProgressBar) async throws -> Void
    ) async rethrows -> FsckRate {
        let bar = ProgressBar(title, total: entries)
        defer { bar.finish() }
        let (start, used) = (ContinuousClock.now, MachineTime.ownSeconds)
        try await body(bar)
        return FsckRate(
            entries: entries, seconds: (ContinuousClock.now - start).inSeconds,
            coreSeconds: MachineTime.ownSeconds - used)
    }
}
