// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// Checks of what is no number: addresses, credentials, key files, paths.
enum TextShape {
    static func email(_ candidate: Candidate) -> Range<Int>? {
        let bytes = candidate.bytes
        guard bytes.count <= 254, let at = bytes.firstIndex(of: UInt8(ascii: "@")) else {
            return nil
        }
        // A repository's address, as in git@host:path.
        let isGit = bytes.starts(with: "git@".utf8)
        if isGit, candidate.after == UInt8(ascii: ":") || candidate.after == UInt8(ascii: "/") {
            return nil
        }
        // The password of scheme://user:password@host is a secret, and the host stays.
        if isUserInfo(candidate) { return nil }
        let top = bytes[at...].split(separator: UInt8(ascii: ".")).last ?? bytes[at...]
        let word = String(decoding: top, as: UTF8.self).lowercased()
        return notDomains.contains(word) ? nil : candidate.group
    }

    private static func isUserInfo(_ candidate: Candidate) -> Bool {
        let before = candidate.text[..<candidate.group.lowerBound].suffix(256)
        let start = before.lastIndex { $0.isSpace || $0 == UInt8(ascii: "/") }
        guard let start, start > 1, before[start...].contains(UInt8(ascii: ":")) else {
            return false
        }
        return candidate.text[(start - 2)...start].elementsEqual("://".utf8)
    }

    /// Endings of file and unit names that are no top-level domains: `logo@2x.png`.
    private static let notDomains: Set<String> = [
        "png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "html", "tsx", "jsx",
        "service", "socket", "timer", "mount", "target", "slice",
    ]

    static func phone(_ candidate: Candidate) -> Range<Int>? {
        let (bytes, digits) = (candidate.bytes, candidate.digits)
        guard 8...15 ~= digits.count, !candidate.isInIdentifier, !candidate.isInDecimal else {
            return nil
        }
        if bytes[0] == UInt8(ascii: "+") {
            let hasSeparators = candidate.groupSizes.count > 1
            return hasSeparators || digits.count >= 9 ? candidate.group : nil
        }
        let area = Array(digits.suffix(10).prefix(3))
        guard area[1...] != [1, 1] else { return nil }
        // Three numbers in a row are common: with spaces alone a word must say that it is a phone's.
        let isPlain = candidate.separators == [0x20]
        return isPlain && !candidate.hasContext ? nil : candidate.group
    }

    /// What follows `Bearer`, `Basic` or `token`, unless it is a word of the sentence.
    static func credential(_ candidate: Candidate) -> Range<Int>? {
        let bytes = candidate.bytes
        let word = candidate.text[candidate.whole.lowerBound..<candidate.group.lowerBound]
            .filter(\.isLetter).map { $0 | 0x20 }
        let hasDigit = bytes.contains(where: \.isDigit)
        let hasBothCases =
            bytes.dropFirst().contains(where: \.isUppercase) && bytes.contains(where: \.isLowercase)
        switch word.first {
        case UInt8(ascii: "b") where word.count == 5:
            let decoded = Base64.decode(ascii: bytes)
            let isPair = decoded?.contains(UInt8(ascii: ":")) ?? false
            return isPair || (hasDigit && hasBothCases) ? candidate.group : nil
        case UInt8(ascii: "b"):
            return hasDigit || hasBothCases || bytes.count >= 24 ? candidate.group : nil
        default:
            let isLong = bytes.count >= 16 && bytes.contains(where: \.isLetter)
            return isLong && hasDigit ? candidate.group : nil
        }
    }

    /// The value of `password=`, up to the closing quote if one opens it, unless it is a word that
    /// says something about a password.
    static func password(_ candidate: Candidate) -> Range<Int>? {
        let word = String(decoding: candidate.bytes, as: UTF8.self).lowercased()
        return remarks.contains(word) ? nil : extendedToQuote(candidate)
    }

    private static let remarks: Set<String> = [
        "required", "optional", "missing", "invalid", "incorrect", "expired", "rejected",
        "disabled", "enabled", "undefined", "changed", "unchanged", "string", "boolean", "correct",
        "accepted",
    ]

    /// A path or value in quotes may hold spaces: all of it goes.
    static func extendedToQuote(_ candidate: Candidate) -> Range<Int> {
        let group = candidate.group
        guard let quote = candidate.before,
            quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        else { return group }
        let rest = candidate.text[group.upperBound...].prefix(512)
        let line = rest.prefix { $0 != 0x0A }
        guard let end = line.firstIndex(of: quote) else { return group }
        return group.lowerBound..<end
    }

    /// A header that is JSON and names an algorithm.
    static func jwt(_ candidate: Candidate) -> Range<Int>? {
        let header = candidate.bytes.prefix { $0 != UInt8(ascii: ".") }
        guard let json = Base64.decodeURL(ascii: header), let value = try? JSONValue.parse(json),
            value["alg"] != nil
        else { return nil }
        return candidate.group
    }

    /// All of a private key: up to its END line, or to the end of the text.
    static func pem(_ candidate: Candidate) -> Range<Int>? {
        let text = candidate.text
        let end = Array("-----END".utf8)
        var at = candidate.group.upperBound
        while at + end.count <= text.count {
            guard text[at] == end[0], text[at...].starts(with: end) else {
                at += 1
                continue
            }
            let label = text[(at + end.count)...].prefix(120)
            let stop = label.prefix { $0 != UInt8(ascii: "-") }.endIndex
            let dashes = text[stop...].prefix(5).prefix { $0 == UInt8(ascii: "-") }
            return candidate.group.lowerBound..<dashes.endIndex
        }
        return candidate.group.lowerBound..<text.count
    }

    // MARK: Addresses

    static func ipv4(_ candidate: Candidate) -> Range<Int>? {
        let (text, group) = (candidate.text, candidate.group)
        let isVersion = candidate.isInDecimal || candidate.hasContext
        let isNetwork =
            candidate.bytes.suffix(2).elementsEqual(".0".utf8)
            && text[group.upperBound...].starts(with: "/24".utf8)
        return isVersion || isNetwork ? nil : group
    }

    static func ipv6(_ candidate: Candidate) -> Range<Int>? {
        let (text, group) = (candidate.text, candidate.group)
        let address = candidate.bytes.prefix { $0 != UInt8(ascii: "%") }
        guard address.contains(where: \.isDigit), RemoteAddress.packedIPv6(address) != nil else {
            return nil
        }
        let isNetwork =
            address.suffix(2).elementsEqual("::".utf8)
            && text[group.upperBound...].starts(with: "/48".utf8)
        return isNetwork ? nil : group
    }

    static func mac(_ candidate: Candidate) -> Range<Int>? {
        let digits = Set(candidate.bytes.filter(\.isHexDigit).map { $0 | 0x20 })
        return digits.count > 1 ? candidate.group : nil
    }
}
