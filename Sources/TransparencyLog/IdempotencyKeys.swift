// SPDX-License-Identifier: Apache-2.0

package import LogCrypto
package import LogStorage

/// Turns a producer's key into the one that is stored: HMAC(K_idem, scope ‖ key).
///
/// The scope is u8(len tenant) ‖ tenant ‖ u8(len name) ‖ credential name, so that no key of one
/// credential ever meets another's, and a token's rotation changes nothing.
package struct IdempotencyKeys: Sendable {
    private let mac: HMACSHA256

    /// - Parameter key: K_idem, 32 random bytes, never rotated.
    package init(key: borrowing SecretBytes) {
        mac = HMACSHA256(key: key)
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
}
