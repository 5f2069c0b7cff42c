// SPDX-License-Identifier: Apache-2.0

package import LogCrypto
package import LogStorage

/// Turns a producer's key into the one that is stored: HMAC(K_idem, scope ‖ key).
///
/// The scope is u8(len tenant) ‖ tenant ‖ u8(len name) ‖ credential name, so that no key of one
/// credential ever meets another's, and a token's rotation changes nothing.
package struct IdempotencyKeys: Sendable {
    private let mac: HMACSHA256
    /// Makes the keys that records are looked up by, under a secret that follows from K_idem.
    package let lookups: LookupHasher

    /// - Parameter key: K_idem, 32 random bytes, never rotated.
    package init(key: borrowing SecretBytes) {
        mac = HMACSHA256(key: key)
        lookups = Self.secret(for: "evident.lookups.v1", under: mac).withUnsafeBytes {
            LookupHasher(
                $0.loadUnaligned(as: UInt64.self),
                $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }

    /// The stored form of `key` as `credential` uses it.
    ///
    /// Tenant and name are at most 255 bytes.
    package func storedKey(_ key: some StringProtocol, of credential: StoredCredential) -> Digest {
        var message: [UInt8] = []
        for part in [credential.tenant, credential.name] {
            let bytes = Array(part.utf8)
            precondition(bytes.count <= 255, "names are checked where they are given")
            message.append(UInt8(bytes.count))
            message += bytes
        }
        message += Array(key.utf8)
        return mac.code(for: message)
    }

    /// Codes for another purpose, under a key of their own: HMAC(K_idem, purpose).
    ///
    /// No stored key can be such a key: its message begins with the length of a tenant's name, at
    /// most 64, where a purpose begins with a letter.
    package func derived(for purpose: String) -> HMACSHA256 {
        HMACSHA256(key: SecretBytes(copying: Self.secret(for: purpose, under: mac).bytes))
    }

    private static func secret(for purpose: String, under mac: HMACSHA256) -> Digest {
        let message = Array(purpose.utf8)
        precondition(message.first ?? 0 > 64, "a purpose begins with a letter")
        return mac.code(for: message)
    }
}
