// SPDX-License-Identifier: Apache-2.0

import CExplorer
import HTTPTypes
import Hummingbird
import LogCrypto
import LogStorage

/// The explorer: a page for people, at `/`, and the files that it is made of.
///
/// It has no rights of its own: what it shows, it reads as anybody, or by a token that its reader
/// pastes. Nothing but this server's own files may run on it.
struct ExplorerRoutes: Sendable {
    private let files: [String: ExplorerFile]

    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    init() {
        var files: [String: ExplorerFile] = [:]
        for place in 0..<explorer_file_count() {
            let file = explorer_file_at(place)
            let name = String(cString: file.name)
            let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
            files[name] = ExplorerFile(name: name, bytes: bytes)
        }
        self.files = files
    }

    var routes: [Route] {
        [
            Route(
                .get, "/", access: .anyone,
                Operation(
                    "getExplorer", "The explorer, for people",
                    "Shows head, growth, entries and evidence, and verifies them in the browser.",
                    successes: [Self.file("text/html; charset=utf-8"), Self.unchanged])
            ) { [files] call in try Self.answer(files["index.html"], call.request) },
            Route(
                .get, "/explorer/{file}", access: .anyone,
                Operation(
                    "getExplorerFile", "A script or style sheet of the explorer",
                    parameters: [
                        .path(
                            "file", ["type": "string", "pattern": "^[a-z0-9-]+\\.(css|js)$"],
                            "The file's name.")
                    ],
                    successes: [
                        Operation.Success(
                            status: 200, description: "The file.",
                            content: [
                                ("text/css; charset=utf-8", nil),
                                ("text/javascript; charset=utf-8", nil),
                            ]), Self.unchanged,
                    ],
                    problems: [.notFound])
            ) { [files] call in
                let name = String(try call.parameter("file"))
                return try Self.answer(name == "index.html" ? nil : files[name], call.request)
            },
        ]
    }

    private static func file(_ type: String) -> Operation.Success {
        Operation.Success(status: 200, description: "The page.", content: [(type, nil)])
    }

    private static let unchanged = Operation.Success(
        status: 304, description: "If-None-Match names what is here.", content: [])

    /// The file, or that it has not changed: a browser asks each time, and rarely has to load.
    private static func answer(
        _ file: ExplorerFile?, _ request: Request
    ) throws(Problem) -> Response {
        guard let file else { throw Problem(.notFound) }
        let isCompressed = request.headers[.acceptEncoding].map(Gzip.isAccepted) ?? false
        let form = isCompressed ? file.compressed : file.plain
        var headers: HTTPFields = [
            .contentType: file.type, .cacheControl: "no-cache", .eTag: form.tag,
            .vary: "Accept-Encoding",
        ]
        headers[.contentSecurityPolicy] = policy
        headers[.xContentTypeOptions] = "nosniff"
        headers[.referrerPolicy] = "no-referrer"
        if names(request.headers[.ifNoneMatch], form.tag) {
            return Response(status: .notModified, headers: headers)
        }
        if form.isCompressed { headers[.contentEncoding] = "gzip" }
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: form.body))
    }

    /// Whether an If-None-Match field names a tag (RFC 9110, section 13.1.2).
    private static func names(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { item in
            let text = item.drop { $0 == " " || $0 == "\t" }
                .prefix { $0 != " " && $0 != "\t" }
            return text == "*" || text == tag || text == "W/" + tag
        }
    }
}

/// A file in the two forms that it is sent in.
private struct ExplorerFile {
    struct Form {
        let body: ByteBuffer
        let tag: String
        let isCompressed: Bool
    }

    let type: String
    let plain: Form
    let compressed: Form

    init(name: String, bytes: [UInt8]) {
        let kind =
            switch name.split(separator: ".").last {
            case "css": "text/css"
            case "js": "text/javascript"
            default: "text/html"
            }
        type = kind + "; charset=utf-8"
        let digest = Hex.encode(SHA256.hash(bytes).bytes).prefix(32)
        plain = Form(body: ByteBuffer(bytes: bytes), tag: "\"\(digest)\"", isCompressed: false)
        compressed =
            Gzip.compress(bytes).map {
                Form(body: ByteBuffer(bytes: $0), tag: "\"\(digest)-gzip\"", isCompressed: true)
            } ?? plain
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = custom("referrer-policy")
}
