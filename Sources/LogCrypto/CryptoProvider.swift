// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Which libcrypto provider does the work.
public enum CryptoProvider {
    /// What the provider named `fips` serves in this process.
    ///
    /// The system's OpenSSL configuration decides, before the first hash. TLS is not libcrypto's
    /// here, and is outside this statement.
    public struct FIPSStatus: Hashable, Sendable {
        /// Whether SHA-256 is its.
        public let servesSHA256: Bool

        /// Whether HMAC is its.
        public let servesHMAC: Bool

        /// Whether ECDSA is its.
        public let servesECDSA: Bool

        /// Whether Ed25519 is its; some validated providers leave it out.
        public let servesEd25519: Bool

        /// Whether hashes, MACs and ECDSA are all its: what a log that must run under FIPS asks.
        public var isActive: Bool { servesSHA256 && servesHMAC && servesECDSA }
    }

    /// Asks libcrypto, at the cost of two algorithm look-ups.
    public static func fipsStatus() -> FIPSStatus {
        FIPSStatus(
            servesSHA256: copenssl_is_fips(copenssl_algorithm_sha256) == 1,
            servesHMAC: copenssl_is_fips(copenssl_algorithm_hmac) == 1,
            servesECDSA: copenssl_is_fips(copenssl_algorithm_ecdsa) == 1,
            servesEd25519: copenssl_is_fips(copenssl_algorithm_ed25519) == 1)
    }
}
