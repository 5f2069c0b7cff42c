// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// The parameters of a request's query, each known to its route and given once, but for those
/// that may be repeated.
struct Query: Sendable {
    private var values: [String: [String]] = [:]

    init() {}

    /// Parameters that somebody else has read.
    init(values: [String: [String]]) { self.values = values }

    /// - Parameters:
    ///   - text: what follows the `?`; nil or empty without any.
    ///   - known: the names that the route has.
    ///   - repeatable: those among them that may be given more than once.
    init(_ text: String?, known: Set<String>, repeatable: Set<String> = []) throws(Problem) {
        guard let text, !text.isEmpty else { return }
        for pair in text.utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
        {
            let parts = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = String(parts[0]), known.contains(name) else {
                throw Problem(.unknownParameter)
            }
            guard parts.count == 2, values[name] == nil || repeatable.contains(name),
                let value = Self.decode(parts[1])
            else { throw .invalidParameter(name) }
            values[name, default: []].append(value)
        }
    }

    subscript(name: String) -> String? { values[name]?.first }

    /// All values of a parameter that may be repeated, in the order given.
    func all(_ name: String) -> [String] { values[name] ?? [] }

    /// A number in plain decimal.
    func number(_ name: String) throws(Problem) -> UInt64? {
        guard let text = self[name] else { return nil }
        guard let number = DecimalText.number(text) else { throw .invalidParameter(name) }
        return number
    }

    func requiredNumber(_ name: String) throws(Problem) -> UInt64 {
        guard let number = try number(name) else { throw .invalidParameter(name) }
        return number
    }

    /// 64 hex digits, in lower case.
    func digest(_ name: String) throws(Problem) -> Digest? {
        guard let text = self[name] else { return nil }
        guard let digest = Digest(hex: text) else { throw .invalidParameter(name) }
        return digest
    }

    /// `1` or `0`.
    func flag(_ name: String) throws(Problem) -> Bool {
        switch self[name] {
        case nil, "0": false
        case "1": true
        default: throw .invalidParameter(name)
        }
    }

    /// Undoes percent encoding; nil if it is not UTF-8, or badly encoded.
    private static func decode(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit),
                let low = rest.popFirst().flatMap(hexDigit)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
        default: nil
        }
    }
}

/// Numbers as one text only: no sign, no leading zero, at most 20 digits.
enum DecimalText {
    static func number(_ text: some StringProtocol) -> UInt64? {
        guard let number = UInt64(text), String(number).utf8.elementsEqual(text.utf8) else {
            return nil
        }
        return number
    }
}
