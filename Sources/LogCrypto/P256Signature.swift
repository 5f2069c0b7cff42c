// SPDX-License-Identifier: Apache-2.0

/// ECDSA signatures on P-256 as COSE and JOSE write them: r and s, 32 bytes each, big-endian.
///
/// libcrypto speaks DER, which holds the same two numbers.
enum P256Signature {
    private static let integerTag: UInt8 = 0x02
    private static let sequenceTag: UInt8 = 0x30

    /// The 64 bytes of a signature in DER; `nil` if it is not one of this curve.
    static func raw(der: [UInt8]) -> [UInt8]? {
        var rest = der[...]
        guard let body = take(sequenceTag, from: &rest), rest.isEmpty else { return nil }
        rest = body
        guard let r = take(integerTag, from: &rest), let s = take(integerTag, from: &rest),
            rest.isEmpty
        else { return nil }
        var raw: [UInt8] = []
        for number in [r, s] {
            let digits = number.drop { $0 == 0 }
            guard digits.count <= 32 else { return nil }
            raw += [UInt8](repeating: 0, count: 32 - digits.count) + digits
        }
        return raw
    }

    /// The DER of 64 bytes; `nil` for any other number of bytes.
    static func der(raw: [UInt8]) -> [UInt8]? {
        guard raw.count == 64 else { return nil }
        let body = integer(raw.prefix(32)) + integer(raw.suffix(32))
        return [sequenceTag, UInt8(body.count)] + body
    }

    private static func integer(_ number: ArraySlice<UInt8>) -> [UInt8] {
        var digits = Array(number.drop { $0 == 0 })
        // A first bit that is set would say that the number is negative.
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [integerTag, UInt8(digits.count)] + digits
    }

    /// The content of the element at the start, which is removed.
    ///
    /// All that occurs here has fewer than 128 bytes.
    private static func take(
        _ tag: UInt8, from bytes: inout ArraySlice<UInt8>
    ) -> ArraySlice<UInt8>? {
        guard bytes.popFirst() == tag, let count = bytes.popFirst(), count < 0x80,
            Int(count) <= bytes.count
        else { return nil }
        defer { bytes = bytes.dropFirst(Int(count)) }
        return bytes.prefix(Int(count))
    }
}

extension P256PrivateKey {
    /// The signature of a message as COSE has it: r and s, 64 bytes.
    public func rawSignature(for message: [UInt8]) throws(CryptoError) -> [UInt8] {
        let der = try signature(for: message)
        guard let raw = P256Signature.raw(der: der) else { preconditionFailure("not DER") }
        return raw
    }
}

extension P256PublicKey {
    /// Whether `signature`, r and s of 32 bytes each, is this key's for the message.
    public func isValidRawSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        P256Signature.der(raw: signature).map { isValidSignature($0, for: message) } ?? false
    }
}
