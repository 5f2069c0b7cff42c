// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Testing

@Suite("Secrets")
struct SecretTests {
    @Test("Secret bytes are held as they were given, and random ones differ")
    func bytes() {
        let secret = SecretBytes(copying: [1, 2, 3].lazy.map { UInt8($0) })
        #expect(secret.count == 3)
        #expect(secret.withUnsafeBytes { Array($0) } == [1, 2, 3])
        let one = SecretBytes.random(count: 32).withUnsafeBytes { Array($0) }
        let other = SecretBytes.random(count: 32).withUnsafeBytes { Array($0) }
        #expect(one.count == 32 && one != other)
        #expect(SecretBytes.random(count: 0).count == 0)
    }

    @Test("Nothing that holds a key shows it, however it is printed")
    func notPrinted() throws {
        let bytes = Array(UInt8(101)...132)
        let holders: [Any] = [
            HMACSHA256(key: SecretBytes(copying: bytes)),
            try Ed25519PrivateKey(seed: SecretBytes(copying: bytes)),
            try P256PrivateKey(scalar: SecretBytes(copying: bytes)),
        ]
        for holder in holders {
            var dumped = ""
            dump(holder, to: &dumped)
            for shown in ["\(holder)", String(reflecting: holder), dumped] {
                #expect(!shown.contains(Hex.encode(bytes.prefix(4))))
                #expect(!shown.contains(Base64.encode(bytes).prefix(6)))
                #expect(!shown.contains("101, 102, 103"))
                #expect(!shown.contains("- 101\n"))
            }
        }
    }
}

@Suite("Crypto provider")
struct CryptoProviderTests {
    @Test("A process whose every algorithm is FIPS is active, and one that lacks any is not")
    func fips() {
        let status = CryptoProvider.fipsStatus()
        #expect(
            status.isActive == (status.servesSHA256 && status.servesHMAC && status.servesECDSA))
        // The default provider and the FIPS provider are never mixed under one configuration.
        #expect(status.servesSHA256 == status.servesHMAC)
    }
}
