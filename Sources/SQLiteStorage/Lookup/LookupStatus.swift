// SPDX-License-Identifier: Apache-2.0

/// How a look-up index stands.
package struct LookupStatus: Sendable, Equatable {
    /// The records that it covers: all below this.
    package let size: UInt64
    package let runCount: Int
    /// Bytes of the runs' files.
    package let runByteCount: UInt64
    /// Records whose keys are in memory alone, which a restart reads again.
    package let unwrittenRecordCount: UInt64
    /// Bytes of memory: tails, and each run's fences and filter.
    package let memoryByteCount: Int
    /// Records read again because a run was missing, damaged or did not belong.
    package let rebuiltRecordCount: UInt64
    /// Problems since opening; none harms a commit or an answer.
    package let problemCount: Int
    /// The newest problem, for the operator's log.
    package let lastProblem: String?
}

extension LookupState {
    var status: LookupStatus {
        var (runs, bytes, memory, unwritten) = (0, UInt64(0), live.byteCount, UInt64(live.count))
        for segment in segments {
            switch segment {
            case .run(let run):
                runs += 1
                bytes += run.byteCount
                memory += run.index.memoryByteCount
            case .tail(let tail):
                unwritten += UInt64(tail.tail.count)
                memory += tail.tail.byteCount
            }
        }
        return LookupStatus(
            size: size, runCount: runs, runByteCount: bytes, unwrittenRecordCount: unwritten,
            memoryByteCount: memory, rebuiltRecordCount: rebuiltRecords,
            problemCount: problemCount, lastProblem: lastProblem)
    }
}
