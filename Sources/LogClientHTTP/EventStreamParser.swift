// SPDX-License-Identifier: Apache-2.0

/// One block of a stream of server-sent events.
public struct ServerSentEvent: Hashable, Sendable {
    /// The newest id of the stream, from which it can be resumed; nil before the first.
    public let id: String?

    /// What kind of event it is; "message" where the server does not say.
    public let name: String

    /// The event's data, lines joined by a newline; nil where the block only moves the id on.
    public let data: [UInt8]?
}

/// Reads server-sent events from bytes, however these are cut.
///
/// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6.
struct EventStreamParser: Sendable {
    /// Bytes of one block; a stream with a longer one is not of this API.
    static let byteLimit = 16 << 20

    private var line: [UInt8] = []
    private var endedWithReturn = false
    private var data: [UInt8]?
    private var name = ""
    private var id: String?
    private var hasID = false

    /// The blocks that end within `bytes`; nil if one is too long.
    mutating func read(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent]? {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            let followsReturn = endedWithReturn
            endedWithReturn = byte == 0x0d
            switch byte {
            case 0x0a where followsReturn: continue
            case 0x0a, 0x0d:
                if line.isEmpty { endBlock(&events) } else { readLine() }
                line.removeAll(keepingCapacity: true)
            default: line.append(byte)
            }
            guard line.count + (data?.count ?? 0) <= Self.byteLimit else { return nil }
        }
        return events
    }

    private mutating func readLine() {
        let parts = line.split(
            separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        var value = parts.count > 1 ? parts[1] : []
        if value.first == 0x20 { value = value.dropFirst() }
        switch String(decoding: parts[0], as: UTF8.self) {
        case "data": data = data.map { $0 + [0x0a] + value } ?? Array(value)
        case "event": name = String(decoding: value, as: UTF8.self)
        case "id" where !value.contains(0):
            id = String(decoding: value, as: UTF8.self)
            hasID = true
        default: break
        }
    }

    private mutating func endBlock(_ events: inout [ServerSentEvent]) {
        if data != nil || hasID {
            events.append(
                ServerSentEvent(id: id, name: name.isEmpty ? "message" : name, data: data))
        }
        (data, name, hasID) = (nil, "", false)
    }
}
