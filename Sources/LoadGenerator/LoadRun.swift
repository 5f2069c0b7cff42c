// SPDX-License-Identifier: Apache-2.0

/// A closed-loop load: each connection sends its next request when the last one is answered.
///
/// All connections live on one thread, so that the generator takes one core at most.
package struct LoadRun: Sendable {
    /// An IPv4 address of this machine.
    package var host = "127.0.0.1"
    package var port: Int
    package var connections: Int
    package var warmUp: Duration
    package var duration: Duration
    /// How many answers' bodies to keep, spread over the run.
    package var samples: Int
    /// Ends the run early, once so many requests have been answered.
    package var requestLimit: UInt64
    /// Writes request number n, counted from 0 over all connections.
    package var request: @Sendable (inout RequestBuffer, UInt64) -> Void

    package init(
        port: Int, connections: Int, warmUp: Duration, duration: Duration, samples: Int = 0,
        requestLimit: UInt64 = .max,
        request: @escaping @Sendable (inout RequestBuffer, UInt64) -> Void
    ) {
        self.port = port
        self.connections = connections
        self.warmUp = warmUp
        self.duration = duration
        self.samples = samples
        self.requestLimit = requestLimit
        self.request = request
    }

    /// Runs it on this thread, to its end.
    package func run() throws(LoadError) -> LoadResult {
        let loop = try LoadLoop(self)
        try loop.run()
        return loop.result
    }
}

/// What a load run has measured.
package struct LoadResult: Sendable {
    /// Requests that were answered while it was measured.
    package let requests: UInt64
    /// All requests that were answered, those of the warm-up and the end included.
    package let answered: UInt64
    package let seconds: Double
    /// Milliseconds.
    package let p50: Double
    package let p99: Double
    /// Answers by status, of all that were answered.
    package let statuses: [Int: UInt64]
    /// Connections that broke before they were told to end.
    package let broken: Int
    package let samples: [[UInt8]]

    package var rate: Double { Double(requests) / seconds }

    /// Answers that were not 2xx.
    package var failures: UInt64 {
        statuses.filter { !(200..<300).contains($0.key) }.reduce(0) { $0 + $1.value }
    }
}

/// Why no load could be made.
package struct LoadError: Error, CustomStringConvertible {
    /// The system call that failed.
    let call: String
    let number: Int32

    package var description: String { "load: \(call) failed with errno \(number)" }
}
