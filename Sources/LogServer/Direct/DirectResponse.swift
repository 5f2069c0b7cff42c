// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPTypes
import NIOCore
import NIOHTTP1
import Synchronization

/// A response on its way to the encoder.
struct DirectResponse: Sendable {
    let head: HTTPResponseHead
    let body: ByteBuffer

    init(_ json: JSONWriter, _ status: HTTPResponse.Status, isPublic: Bool, date: String) {
        var fields = [("content-type", MediaTypes.json), ("cache-control", "no-store")]
        if isPublic { fields.append(("access-control-allow-origin", "*")) }
        self.init(status.code, fields, json.bytes, date)
    }

    init(_ problem: Problem, date: String) {
        self.init(problem.status, problem.fields.map { ($0.name, $0.value) }, problem.body, date)
    }

    private init(
        _ status: Int, _ fields: [(String, String)], _ body: [UInt8], _ date: String
    ) {
        var fields = fields
        fields.append(("date", date))
        fields.append(("content-length", String(body.count)))
        head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: status),
            headers: HTTPHeaders(fields))
        self.body = ByteBuffer(bytes: body)
    }
}

/// The text of the Date field, made once a second.
final class DateField: Sendable {
    private struct Made {
        var second = -1
        var text = ""
    }

    private let made = Mutex(Made())

    /// The time now, as RFC 9110 §5.6.7 has it.
    var text: String {
        let second = Glibc.time(nil)
        return made.withLock { made in
            if made.second != second { made = Made(second: second, text: Self.text(second)) }
            return made.text
        }
    }

    /// A time in seconds since 1970.
    static func text(_ second: Int) -> String {
        var (second, parts) = (time_t(second), tm())
        gmtime_r(&second, &parts)
        var text = [CChar](repeating: 0, count: 32)
        // The program never leaves the C locale, whose names the field has.
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
