// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
import LogStorage

/// Refused lines as they were, each with what was wrong with it: to be put right and sent again.
///
/// It holds content that no redaction has seen, so that only its owner may read it.
final class RejectFile {
    private let descriptor: Int32
    private let path: String

    /// Opens a new file, or an empty one; one that holds something is left alone.
    init(_ path: String) throws {
        self.path = path
        let opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { throw FileError.system("open", path) }
        descriptor = opened
        guard lseek(opened, 0, SEEK_END) == 0 else {
            throw CommandFailure.usage(
                "\(path) is not empty", advice: "Name a new file for what is refused.")
        }
        fchmod(opened, 0o600)
    }

    deinit { close(descriptor) }

    /// Appends one line; the event is its text if it is UTF-8.
    func write(
        _ number: UInt64, code: String, detail: String, line: [UInt8]?
    ) throws(FileError) {
        var members: [JSONValue.Member] = [
            .init("line", .integer(number)), .init("code", .string(code)),
            .init("detail", .string(detail)),
        ]
        if let text = line.flatMap({ String(validating: $0, as: UTF8.self) }) {
            members.append(.init("event", .string(text)))
        }
        var rest = (JSONValue.object(members).canonical + [UInt8(ascii: "\n")])[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path) }
            rest = rest.dropFirst(count)
        }
    }
}
