// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import LogStorage
import Merkle
import ServiceLifecycle
import TransparencyLog

/// Writes the records of a selection as server-sent events, those that are there and those that
/// come, until the client leaves, its token ends, the server shuts down, or the time for one stream
/// is over.
///
/// Each event's id is its record's index. The beginning and each heartbeat bear the index up to
/// which all has been looked at as id, so that a client which resumes begins there. No record is
/// read from the store before the ones ahead of it have been taken by the connection, which ends
/// those that do not read: a stream holds one batch of records at most.
struct RecordFeed: Sendable {
    let log: Log
    let search: RecordSearch
    let selection: RecordSelection
    /// Whether the token that opened the stream still opens it.
    let isAllowed: @Sendable () -> Bool
    let timing: StreamTiming

    private static let batch = 50

    /// - Parameter first: the first index to look at.
    func write(from first: UInt64, to writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(Self.comment(" records of the log\nretry: 2000", first))
        var position = first
        var lastWrite = ContinuousClock.now
        let end = lastWrite + timing.longest
        while mayGoOn(until: end) {
            let size = log.published.head.size
            if position < size {
                let (records, next) = try await search.page(
                    selection, order: .ascending, from: position, treeSize: size,
                    limit: Self.batch)
                position = next ?? size
                if !records.isEmpty {
                    try await writer.write(Self.events(records))
                    lastWrite = .now
                }
            } else {
                try await Task.sleep(for: timing.poll)
            }
            guard ContinuousClock.now - lastWrite >= timing.heartbeat else { continue }
            try await writer.write(Self.comment("", position))
            lastWrite = .now
        }
        try await writer.finish(nil)
    }

    private func mayGoOn(until end: ContinuousClock.Instant) -> Bool {
        ContinuousClock.now < end && isAllowed() && !Task.isShuttingDownGracefully
            && !Task.isCancelled
    }

    private static func events(_ records: [Found]) -> ByteBuffer {
        var buffer = ByteBuffer()
        for record in records {
            var json = JSONWriter(capacity: record.content.record.count + 64)
            json.item(PageAnswer.Item(record: record))
            buffer.writeString("id: \(record.index)\nevent: record\ndata: ")
            buffer.writeBytes(json.bytes)
            buffer.writeString("\n\n")
        }
        return buffer
    }

    /// No event, but where a client that resumes goes on.
    private static func comment(_ text: String, _ position: UInt64) -> ByteBuffer {
        ByteBuffer(string: ":\(text)\n" + (position > 0 ? "id: \(position - 1)\n\n" : "\n"))
    }
}

/// How often a stream looks and speaks.
package struct StreamTiming: Sendable {
    /// How often an idle stream asks whether there is a newer head; costs one lock.
    package var poll = Duration.milliseconds(100)
    /// The longest silence, after which a comment shows that the stream lives.
    package var heartbeat = Duration.seconds(15)
    /// How long one stream lasts: clients resume it, and the log has a record of each.
    package var longest = Duration.seconds(3_600)

    package init() {}
}
