// SPDX-License-Identifier: Apache-2.0

import LoadGenerator

/// Records of about 400 bytes, all different, made faster than any log takes them.
///
/// A template with places for 16 hexadecimal digits: the first is the record's number, the others
/// are made from it, so that lines neither repeat nor compress. 64 actors take turns.
struct BenchRecords: Sendable {
    /// The bytes of one record; its length does not depend on its number.
    let template: [UInt8]
    private let places: [Int]
    private let actorPlace: Int

    init() {
        let hole = "################"
        let text = """
            {"action":"search","actor":{"id":"agent-@@","type":"agent"},"agent":{"id":"swe-agent"},\
            "arguments":{"limit":20,"query":"\(hole) in the repository"},"details":{"note":\
            "\(hole)"},"duration_us":5294069,"outcome":"success","target":[{"id":"task-\(hole)",\
            "type":"task"}],"tool":{"name":"search_dir"},"trace":{"run_id":"\(hole)",\
            "session_id":"\(hole)"},"type":"tool.call"}
            """
        let bytes = Array(text.utf8)
        template = bytes
        places = bytes.indices.filter { place in
            bytes[place...].starts(with: hole.utf8)
                && (place == 0 || bytes[place - 1] != UInt8(ascii: "#"))
        }
        actorPlace = bytes.firstIndex(of: UInt8(ascii: "@")) ?? 0
    }

    /// Appends record `number` to `buffer`.
    func write(_ number: UInt64, to buffer: inout RequestBuffer) {
        let start = buffer.count
        buffer.append(template)
        let actor = UInt16(truncatingIfNeeded: Self.hexDigits(number % 64))
        buffer.set(actor, at: start + actorPlace)
        var value = number
        for place in places {
            buffer.set(Self.hexDigits(value >> 32), at: start + place)
            buffer.set(Self.hexDigits(value & 0xFFFF_FFFF), at: start + place + 8)
            // A step of SplitMix64: one number for each place, all of them from the first.
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9 &+ 0x9E37_79B9_7F4A_7C15
        }
    }

    /// The eight digits of a 32-bit number as eight bytes, the first digit highest.
    static func hexDigits(_ value: UInt64) -> UInt64 {
        // Spread the nibbles over eight bytes, then add '0', or 'a' − 10 where above nine.
        var spread = value & 0xFFFF_FFFF
        spread = (spread | spread << 16) & 0x0000_FFFF_0000_FFFF
        spread = (spread | spread << 8) & 0x00FF_00FF_00FF_00FF
        spread = (spread | spread << 4) & 0x0F0F_0F0F_0F0F_0F0F
        let aboveNine = ((spread &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
        return spread &+ 0x3030_3030_3030_3030 &+ aboveNine &* 39
    }
}

/// The requests of the benchmark as bytes on the wire.
struct BenchRequests: Sendable {
    let host: String
    let token: String
    let records = BenchRecords()

    /// One record, with a key of its own.
    func post(to path: String = "/v1/audit", _ number: UInt64, _ buffer: inout RequestBuffer) {
        buffer.append(
            """
            POST \(path) HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(token)\r\n\
            Content-Type: application/json\r\nIdempotency-Key: s\(number)\r\n\
            Content-Length: \(records.template.count)\r\n\r\n
            """)
        records.write(number, to: &buffer)
    }

    /// `count` records as NDJSON, with one key.
    func post(batch count: Int, _ number: UInt64, _ buffer: inout RequestBuffer) {
        let length = count * (records.template.count + 1)
        buffer.reserve(length + 512)
        buffer.append(
            """
            POST /v1/audit HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(token)\r\n\
            Content-Type: application/x-ndjson\r\nIdempotency-Key: b\(number)\r\n\
            Content-Length: \(length)\r\n\r\n
            """)
        for record in 0..<UInt64(count) {
            records.write(number &* UInt64(count) &+ record, to: &buffer)
            buffer.append(UInt8(ascii: "\n"))
        }
    }

    /// A GET of a public path.
    func get(_ path: String, _ buffer: inout RequestBuffer) {
        buffer.append("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
    }
}
