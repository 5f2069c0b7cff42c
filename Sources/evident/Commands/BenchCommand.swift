// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LogClientHTTP

/// `evident bench`: how fast a log is on this machine.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a log on this machine, beside its own HTTP ceiling.",
        discussion: """
            A server runs as a process of its own on a new log in a temporary folder, and this one
            loads it over loopback, each connection with one request at a time. The two share the
            machine, so a rate is what both reach together. Every run is verified before it counts.

            EXAMPLES
              evident bench --quick
              evident bench --records 2000000 --json

            P-numbers are the project's goals. Goals that were set against another log's server are
            its figures on the machine where it was measured, times --peer-scale.
            """)

    @Flag(help: "A few seconds: small runs on a small log. The figures are rough.")
    var quick = false

    @Option(help: "Records to fill the log with. [1000000; 60000 with --quick]")
    var records: UInt64?

    @Option(help: "Seconds of each run. [5; 1 with --quick]")
    var seconds: Double?

    @Option(help: "Where to make the temporary folder; what is measured is that disk.")
    var dir = "."

    @Option(help: "A Go net/http no-op POST here at c=1024, over 92,000/s.")
    var peerScale = 1.0

    @Flag(help: "Print the figures as JSON.")
    var json = false

    func validate() throws {
        guard (records ?? 3_000) >= 3_000, (seconds ?? 1) > 0, peerScale > 0 else {
            throw ValidationError("--records is 3000 or more; seconds and scale are above 0")
        }
    }

    func run() async throws {
        ProcessHardening.raiseOpenFiles()
        let plan = BenchPlan(
            records: records ?? (quick ? 60_000 : 1_000_000),
            duration: .seconds(seconds ?? (quick ? 1 : 5)),
            warmUp: quick ? .milliseconds(200) : .seconds(2), peerScale: peerScale)
        let figures = try await ServerOptions.translating {
            try await LogEndpoint.withClient { client in
                try await measure(plan) { url, token in
                    try LogEndpoint(url: url, client: client, token: token)
                }
            }
        }
        if json { return try Terminal.print(json: figures) }
        Terminal.print(BenchTable.text(figures))
        for figure in figures where !figure.note.isEmpty {
            Terminal.print("\(figure.id): \(figure.note)")
        }
    }

    private func measure(
        _ plan: BenchPlan, _ endpoint: HTTPEndpointMaker
    ) async throws -> [BenchFigure] {
        let target = try await BenchTarget.start(below: dir, endpoint: endpoint)
        defer { target.remove() }
        var run = try await BenchRun(
            target: target, plan: plan, endpoint: endpoint(target.url, nil),
            auditor: endpoint(target.url, target.auditor))
        try await run.run { Terminal.say("bench: \($0)") }
        return run.figures
    }
}
