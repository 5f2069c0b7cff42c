// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import Testing

@Suite struct LookupKeyTests {
    @Test("A key is its field and 48 bits of the digest", arguments: LookupField.allCases)
    func layout(_ field: LookupField) throws {
        let digest = try #require(Digest((0..<32).map { UInt8($0 + 0xA0) }))
        let key = LookupKey(field, digest: digest)
        #expect(key.rawValue == UInt64(field.rawValue) << 48 | 0xA0A1_A2A3_A4A5)
    }

    @Test("One text under two fields has two keys that differ in more than the field")
    func domains() {
        let keys = LookupField.allCases.map { LookupKey($0, text: "x").rawValue & (1 << 48 - 1) }
        #expect(Set(keys).count == keys.count)
    }

    @Test("Keys sort by field first")
    func order() {
        let first = LookupKey(.leafHash, digest: SHA256.hash([1]))
        let second = LookupKey(.actor, digest: SHA256.hash([2]))
        #expect(first < second)
    }
}
