// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// Builds parts of the index from the records.
struct LookupRebuild: Sendable {
    let folder: LookupFolder
    let settings: LookupSettings
    let readEntries: @Sendable (Range<UInt64>) throws -> [[LookupKey]]

    /// The keys of each record in `range`.
    func keys(_ range: Range<UInt64>) throws(StoreError) -> [[LookupKey]] {
        let keys: [[LookupKey]]
        do {
            keys = try readEntries(range)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(
                .inputOutput, "the look-ups could not read the records", detail: "\(error)")
        }
        guard keys.count == range.count else {
            throw StoreError(
                .corrupt, "records that the log must hold are missing",
                detail: "\(keys.count) of \(range)", firstBadIndex: range.lowerBound)
        }
        return keys
    }

    /// The keys of at most one tail's records.
    func tail(_ range: Range<UInt64>) throws(StoreError) -> LookupTail {
        var tail = LookupTail(first: range.lowerBound, capacity: settings.recordsPerTail)
        for keys in try keys(range) { tail.append(keys) }
        return tail
    }

    /// Segments for a range, written as runs; in memory where the disk refuses.
    ///
    /// `problem` is told of the first refusal. More than 64 refused tails throw: so much memory
    /// for one range would put the server itself at risk.
    func segments(
        _ range: Range<UInt64>, problem: (StoreError) -> Void
    ) throws(StoreError) -> [LookupSegment] {
        var segments: [LookupSegment] = []
        var refused = 0
        for part in parts(of: range) {
            let tail = try tail(part)
            do throws(LookupFailure) {
                segments.append(.run(try LookupRun.write(tail, in: folder)))
            } catch {
                guard case .store(let error) = error else {
                    preconditionFailure("writing a tail reads no run")
                }
                refused += 1
                if refused == 1 { problem(error) }
                if refused > 64 { throw error }
                segments.append(.tail(LookupFrozenTail(tail)))
            }
        }
        return segments
    }

    /// The range in pieces of at most one tail.
    func parts(of range: Range<UInt64>) -> [Range<UInt64>] {
        stride(
            from: range.lowerBound, to: range.upperBound, by: settings.recordsPerTail
        ).map { $0..<min($0 + UInt64(settings.recordsPerTail), range.upperBound) }
    }
}
