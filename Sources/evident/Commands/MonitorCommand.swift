// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AsyncHTTPClient
import AuditChain
import Foundation
import LogClient
import LogClientHTTP
import LogCrypto
import SignedNote

/// `evident monitor`: watches a log from outside.
struct MonitorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "monitor",
        abstract: "Watch a log, and raise the alarm when it does what no honest log does.",
        discussion: """
            Every head that is shown anywhere must begin or extend one verified tree; every new
            entry is hashed and looked at. What was verified is kept in the state folder, so that a
            log that goes back on it is found out, also after a restart.

            With --once the exit status tells the outcome: 0 all is well; 1 something contradicts
            what was signed; 2 something could not be checked, or is stale; 4 no place could be
            reached; 6 the log is forked, and the state folder has the evidence.

            EXAMPLES
              evident monitor https://log.example.com --vkey KEY --state ./watch
              evident monitor https://log.example.com https://mirror.example.org --vkey KEY \\
                --witness https://witness.example.net --policy policy.txt --state ./watch
              evident monitor http://127.0.0.1:6962 --vkey KEY --state ./watch --once --json
            """)

    @Argument(help: "The log's address, then those of its mirrors.")
    var urls: [String]

    @OptionGroup var keys: KeyOptions

    @Option(help: "The log's RFC 6962 key, base64 of its SPKI: tells how old a head is.")
    var spki: String?

    @Option(help: "A witness's monitoring address; the log's head is looked up there.")
    var witness: [String] = []

    @Option(help: "The folder where the monitor keeps what it knows; it is made if need be.")
    var state: String

    @Flag(help: "Look once, and say the outcome by the exit status.")
    var once = false

    @Option(help: "The time between two looks.")
    var interval = "1m"

    @Option(help: "How long ago the newest head may have been signed; `none` to not look at it.")
    var maxAge = "2h"

    @Option(help: "To what the log rounds its times; without it, what the log states, at most 1h.")
    var granularity: String?

    @Option(help: "Where each event is posted as JSON. [EVIDENT_WEBHOOK]")
    var webhook: String?

    @Option(help: "A file for metrics in the text form of Prometheus, replaced after each look.")
    var metricsFile: String?

    @Flag(help: "Print events as JSON, one a line.")
    var json = false

    func validate() throws {
        guard (Quantities.milliseconds(interval) ?? 0) >= 1000 else {
            throw ValidationError("--interval is at least 1s, as in 30s, 5m or 1h")
        }
        guard maxAge == "none" || Quantities.milliseconds(maxAge) != nil else {
            throw ValidationError("--max-age is `none`, or a time as in 30s, 5m or 1h")
        }
        if let granularity {
            guard 1...3_600_000 ~= Quantities.milliseconds(granularity) ?? 0 else {
                throw ValidationError("--granularity is 1ms to 1h")
            }
        }
        guard Set(urls + witness).count == urls.count + witness.count else {
            throw ValidationError("an address is given twice")
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let pinned = try pinned(environment)
        let folder = try MonitorFolder(state)
        let hook = webhook ?? environment["EVIDENT_WEBHOOK"].flatMap { $0.isEmpty ? nil : $0 }
        try await ServerOptions.translating {
            try await LogEndpoint.withClient { client in
                let points = try points(of: pinned, client)
                let limits = LogMonitor.Limits(
                    maxAgeMS: Quantities.milliseconds(maxAge),
                    granularityMS: await granularityMS(
                        try LogEndpoint(url: urls[0], client: client, retry: .never)))
                let run = MonitorRun(
                    monitor: LogMonitor(pinned, limits: limits), origin: pinned.origin.text,
                    points: points, folder: folder,
                    webhook: try hook.map { try Webhook($0, client: client) },
                    metricsFile: metricsFile, json: json)
                if once { return try await run.once().end() }
                try await run.forever(every: .milliseconds(Quantities.milliseconds(interval) ?? 0))
            }
        }
    }

    /// The log under its keys, and its tree head key if that is given.
    private func pinned(_ environment: [String: String]) throws -> PinnedLog {
        let pinned = try keys.pinned(environment)
        guard let spki else { return pinned }
        guard let bytes = Base64.decode(spki), let key = P256PublicKey(spki: bytes) else {
            throw CommandFailure.usage("--spki is not base64 of a P-256 key's SPKI")
        }
        do {
            return try PinnedLog(
                keys: pinned.keys + [.treeHead(name: pinned.origin.text, key)],
                policy: pinned.policy)
        } catch {
            throw CommandFailure.usage("these keys do not name one log (\(error))")
        }
    }

    private func points(of pinned: PinnedLog, _ client: HTTPClient) throws -> [VantagePoint] {
        let id = SHA256.hash(Array(pinned.origin.text.utf8)).hex
        let places =
            urls.map { ($0, $0) }
            + witness.map { ($0, ($0.hasSuffix("/") ? String($0.dropLast()) : $0) + "/" + id) }
        return try places.map { name, url in
            // A monitor comes again anyway, so a place that is down does not hold up the others.
            let endpoint = try LogEndpoint(
                url: url, client: client, retry: RetryPolicy(attempts: 3))
            return VantagePoint(name: name, source: HTTPLogSource(endpoint: endpoint))
        }
    }

    /// What leaves' times are rounded to.
    ///
    /// The log's own word is good for this: it can only widen what is let pass, and by an hour.
    private func granularityMS(_ endpoint: LogEndpoint) async -> UInt64 {
        if let granularity { return Quantities.milliseconds(granularity) ?? 1000 }
        return min(max(await endpoint.granularityMS() ?? 1000, 1), 3_600_000)
    }
}
