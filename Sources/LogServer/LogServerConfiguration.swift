// SPDX-License-Identifier: Apache-2.0

package import AuditChain
import Glibc
package import NIOCore
package import TransparencyLog

/// How a server listens, and how much of anything it takes.
///
/// The defaults are fit for production.
package struct LogServerConfiguration: Sendable {
    /// Host name or address to listen on.
    package var host = "127.0.0.1"
    /// 0 takes any free port; see ``onListening``.
    package var port = 6962
    /// Path of the socket for administration, at most 107 bytes; nil for none.
    ///
    /// Whoever may open it may make tokens, so it is for the server's own user alone (mode 0600).
    package var adminSocket: String?
    /// Connections that wait for the server to accept them.
    package var backlog = 1_024
    package var connections = ConnectionLimits()
    /// Bytes of all request bodies that are in memory at one time.
    package var bufferedBodyBytes = 128 << 20
    /// Child tasks over which the preparation of a large batch is spread.
    package var preparationTasks = 4
    /// Streams of records that are open at one time.
    package var streams = 64
    /// Streams that one credential has open at one time.
    package var streamsPerCredential = 8
    package var streamTiming = StreamTiming()
    /// Where readings are written down while the log takes no records for good; nil for nowhere, and
    /// then nothing is read.
    package var readJournal: ReadJournal?
    /// Where acts that wait for a second operator are kept; nil keeps them as long as the process.
    package var approvals: String?
    /// How the folder stands that the public tree is written to; nil if there is none.
    package var mirror: @Sendable () -> MirrorHealth? = { nil }
    /// Makes a backup; nil where there is nothing to make one of.
    package var backup: BackupMaker?
    /// How the files stand that records are written to, if they are.
    package var sink: @Sendable () -> SinkHealth? = { nil }
    /// Mounts routes that do nothing, as the ceiling that benchmarks compare with.
    package var hasBenchRoutes = false
    /// Called with the address once the server listens.
    package var onListening: @Sendable (SocketAddress?) async -> Void = { _ in }
    /// Called once the socket for administration is there, closed to others.
    package var onAdminListening: @Sendable () async -> Void = {}
    /// The time that records are stamped with.
    package var now: @Sendable () -> Timestamp = LogServerConfiguration.systemTime

    package init() {}

    private static func systemTime() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
        guard let timestamp = Timestamp(microseconds: microseconds) else {
            preconditionFailure("the clock is beyond the year 9999")
        }
        return timestamp
    }
}
