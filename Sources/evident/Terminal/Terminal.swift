// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Standard output for results and standard error for talk, both unbuffered.
enum Terminal {
    /// Whether someone watches standard error, so that a progress bar makes sense.
    static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes one line of result.
    static func print(_ line: String) {
        write(line + "\n", to: STDOUT_FILENO)
    }

    /// Writes one line of talk.
    static func say(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    /// Writes one line of JSON, members sorted by name.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Writes all of `text`; a closed or full terminal loses it, and the command goes on.
    static func write(_ text: String, to descriptor: Int32) {
        write(Array(text.utf8), to: descriptor)
    }

    /// Writes all of the bytes, as the other one does.
    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

extension BinaryInteger {
    /// The number with a comma after each group of three digits.
    var grouped: String {
        var digits = String(magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        groups.insert(digits, at: 0)
        return (self < 0 ? "-" : "") + groups.joined(separator: ",")
    }
}

extension Double {
    /// The number with this many digits after the point.
    func text(_ digits: Int) -> String {
        String(format: "%.\(digits)f", self)
    }

    /// A rate in three digits or so: `812`, `12.4 k`, `2.31 M`.
    var rateText: String {
        switch self {
        case 999_500...: "\((self / 1_000_000).text(2)) M"
        case 9_950...: "\((self / 1_000).text(1)) k"
        case 100...: text(0)
        default: text(1)
        }
    }
}
