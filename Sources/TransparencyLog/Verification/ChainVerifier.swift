// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// Verifies a log from what is stored of it, and says exactly what is wrong.
///
/// It recomputes, in index order and in one pass: content → commitment, the chain's MACs, leaf
/// hashes, every tile, and the roots that were signed. It works with what keys it is given, down to
/// none at all, and the report says what could not be checked for the lack of one. Parts are checked
/// side by side; one that is not right throughout is gone through again, entry by entry. Memory is
/// that of a few parts, whatever the size, besides payloads that are missing and not yet explained.
package struct ChainVerifier: Sendable {
    package struct Options: Sendable {
        /// The first entry to check.
        package var from: UInt64 = 0
        /// Where to end; nil for the end of the log.
        package var end: UInt64?
        /// Opens payloads too.
        package var isDeep = true
        /// Threads that check parts.
        package var workers = 1
        /// Of those threads; above 0 beside work that must not be slowed.
        package var niceness: Int32 = 0
        /// Where an earlier run had come to.
        package var resume: VerificationPosition?

        package init() {}
    }

    let source: any VerificationSource
    let keys: VerificationKeys
    let records: any VerificationRecords
    let options: Options
    /// The note over the newest published head.
    let published: [UInt8]?
    /// The note of a checkpoint that whoever verifies has kept.
    let given: [UInt8]?
    /// The newest head that witnesses cosigned; read before the published one, which covers it.
    let witnessed: WitnessedNote?

    package init(
        source: any VerificationSource, keys: VerificationKeys, records: any VerificationRecords,
        published: [UInt8]?, given: [UInt8]? = nil, witnessed: WitnessedNote? = nil,
        options: Options = Options()
    ) {
        self.source = source
        self.keys = keys
        self.records = records
        self.published = published
        self.given = given
        self.witnessed = witnessed
        self.options = options
    }

    /// Entries that one task checks.
    private static let partSize: UInt64 = 4_096

    private var check: PartCheck {
        PartCheck(source: source, keys: keys, records: options.isDeep ? records : nil)
    }

    /// Verifies the range.
    ///
    /// - Parameters:
    ///   - progress: called with the entries done and of all, now and then.
    ///   - save: called with the position, as long as nothing is found.
    /// - Throws: the store's error where it could not be asked at all, or `CancellationError`;
    ///   never because of what is stored.
    package func run(
        progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in },
        save: @Sendable (VerificationPosition) -> Void = { _ in }
    ) async throws -> VerificationReport {
        let began = ContinuousClock.now
        let pool = BlockingPool(threads: options.workers, niceness: options.niceness)
        defer { pool.close() }
        let (start, summary) = try await pool.run { try self.begin() }
        guard var state = start else { return summary.report(nil, began: began) }
        let from = options.resume?.from ?? state.walk.place
        let first = state.walk.place
        var ahead = await parts(from: first, end: state.end, shift: 0, pool)
        while !ahead.isEmpty {
            try Task.checkCancellation()
            let (now, sofar, end, shift) = (ahead, state, state.end, state.walk.shift)
            let next = now[now.count - 1].places.upperBound
            async let following = parts(from: next, end: end, shift: shift, pool)
            state = try await pool.run { try Self.taking(now, sofar, self.check) }
            progress(min(state.walk.place, state.end) - first, state.end - first)
            if let position = state.position(from: from, isDeep: options.isDeep) { save(position) }
            ahead = await following
            if ahead.first.map({ $0.places.lowerBound >= state.end }) ?? false { break }
        }
        let last = state
        let ended = try await pool.run { try self.finish(last, summary) }
        return summary.report(ended, began: began)
    }

    private static func taking(
        _ parts: [CheckedPart], _ state: VerificationState, _ check: PartCheck
    ) throws(StoreError) -> VerificationState {
        var state = state
        try state.take(parts, check)
        return state
    }

    /// The next parts, checked by themselves, in order; none past the end.
    private func parts(
        from first: UInt64, end: UInt64, shift: Int64, _ pool: BlockingPool
    ) async -> [CheckedPart] {
        guard first < end else { return [] }
        let check = check
        let starts = stride(
            from: first, to: min(end, first + UInt64(options.workers) * Self.partSize),
            by: Int(Self.partSize))
        return await withTaskGroup(of: CheckedPart.self) { group in
            for start in starts {
                let places = start..<min(start + Self.partSize, end)
                group.addTask {
                    // A pool that takes no more leaves a part that is gone through again.
                    (try? await pool.run { check.check(places, shift: shift) })
                        ?? CheckedPart(places: places, shift: shift)
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
                .sorted { $0.places.lowerBound < $1.places.lowerBound }
        }
    }
}
