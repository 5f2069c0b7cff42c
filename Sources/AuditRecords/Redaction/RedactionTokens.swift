// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// Tokens and digests that stand for a value: equal for equal values of one tenant.
///
/// `token` = `tok_<rule>_<key>_` and base32 of the first 16 bytes of
/// HMAC-SHA-256(K_tenant, `"tok/v1" ‖ 0 ‖ lp(rule) ‖ lp(normalised value)`), `digest` the same with
/// `dig` and all 32 bytes of the value as it stood; lp is a length of four bytes, then the bytes.
/// K_tenant = HMAC-SHA-256(key, `"evident.redaction.v1" ‖ 0 ‖ tenant`). Equal tokens tell that two
/// values are equal and how often they occur, and no more to whoever lacks the key.
struct RedactionTokens: Sendable {
    private let key: Digest
    private let keyName: String

    init(key: Digest) {
        self.key = key
        let name = Self.code(key, Array("evident.redaction.name.v1".utf8))
        keyName = Self.base32(name.bytes.prefix(5))
    }

    func token(_ rule: Recogniser, _ value: [UInt8], tenant: String) -> String {
        let normal = Self.normalised(value, rule.kind)
        return text("tok", rule.id, normal, tenant, byteCount: 16)
    }

    func digest(_ rule: String, _ value: [UInt8], tenant: String) -> String {
        text("dig", rule, value, tenant, byteCount: 32)
    }

    private func text(
        _ prefix: String, _ rule: String, _ value: [UInt8], _ tenant: String, byteCount: Int
    ) -> String {
        let name = rule.filter { $0 != "_" }.prefix(32)
        var message = Array("\(prefix)/v1".utf8) + [0]
        for part in [Array(rule.utf8), value] {
            let count = UInt32(truncatingIfNeeded: part.count)
            withUnsafeBytes(of: count.bigEndian) { message += $0 }
            message += part
        }
        let tenantKey = Self.code(key, Array("evident.redaction.v1".utf8) + [0] + tenant.utf8)
        let code = Self.code(tenantKey, message)
        return "\(prefix)_\(name)_\(keyName)_\(Self.base32(code.bytes.prefix(byteCount)))"
    }

    private static func code(_ key: Digest, _ message: [UInt8]) -> Digest {
        HMACSHA256(key: SecretBytes(copying: key.bytes)).code(for: message)
    }

    /// One form for the ways in which one value is written.
    private static func normalised(_ value: [UInt8], _ kind: Recogniser.Kind) -> [UInt8] {
        switch kind {
        case .email:
            let at = value.firstIndex(of: UInt8(ascii: "@")) ?? 0
            return value[..<at] + value[at...].map { $0.isUppercase ? $0 | 0x20 : $0 }
        case .card, .phone: return value.filter(\.isDigit)
        case .iban, .national:
            return value.filter(\.isAlphanumeric).map { $0.isLowercase ? $0 & 0xDF : $0 }
        case .address:
            switch RemoteAddress(String(decoding: value, as: UTF8.self)) {
            case .ipv4(let bytes), .ipv6(let bytes): return bytes
            case .unix, .unknown: return value
            }
        default: return value
        }
    }

    /// RFC 4648 base32 in lower case, without padding.
    private static func base32(_ bytes: some Sequence<UInt8>) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        var (text, held, bits) = ([UInt8](), 0, 0)
        for byte in bytes {
            held = held << 8 | Int(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                text.append(alphabet[held >> bits & 31])
            }
            held &= 31
        }
        if bits > 0 { text.append(alphabet[held << (5 - bits) & 31]) }
        return String(decoding: text, as: UTF8.self)
    }
}
