// SPDX-License-Identifier: Apache-2.0

import LogClientHTTP

/// Follows a stream of records over as many connections as it takes.
struct RecordTail {
    /// Records after which it ends; nil for none.
    let limit: UInt64?
    /// How lines for people look; nil for NDJSON.
    let listing: RecordListing?

    private var lastID: String?
    private var printed: UInt64 = 0
    private var isHeaded = false
    /// Attempts in a row that brought nothing.
    private var failures = 0

    private struct Enough: Error {}

    init(limit: UInt64?, listing: RecordListing?) {
        self.limit = limit
        self.listing = listing
    }

    /// Returns when `limit` records are printed; throws what no further attempt will mend.
    mutating func follow(_ endpoint: LogEndpoint, _ path: String) async throws {
        while true {
            do {
                try await endpoint.follow(path, lastEventID: lastID) { event in
                    try take(event)
                }
            } catch is Enough {
                return
            } catch let error as EndpointError where error.code.mayPass {
                Terminal.say("evident: \(error.message); trying again")
            }
            failures += 1
            try await Task.sleep(for: RetryPolicy.standard.delay(beforeRetry: failures))
        }
    }

    private mutating func take(_ event: ServerSentEvent) throws {
        failures = 0
        if event.name == "record", let data = event.data { try print(ListedRecord(line: data)) }
        // Only now: a record that could not be shown comes again.
        lastID = event.id ?? lastID
        if let limit, printed >= limit { throw Enough() }
    }

    private mutating func print(_ record: ListedRecord) throws {
        printed += 1
        guard let listing else { return try Terminal.write(bytes: record.line + [0x0a]) }
        let heading = isHeaded ? "" : listing.heading + "\n"
        isHeaded = true
        try Terminal.write(bytes: Array((heading + listing.line(record) + "\n").utf8))
    }
}

extension EndpointError.Code {
    /// Whether a later attempt may fare better.
    fileprivate var mayPass: Bool {
        switch self {
        case .unreachable, .timedOut, .unavailable: true
        case .invalidURL, .unauthorized, .notFound, .tooLarge, .unexpectedAnswer: false
        }
    }
}
