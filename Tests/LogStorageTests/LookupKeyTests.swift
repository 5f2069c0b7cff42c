// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Testing

@testable import LogStorage

@Suite struct LookupKeyTests {
    @Test("A key is its field and 48 bits of the digest", arguments: LookupField.allCases)
    func layout(_ field: LookupField) throws {
        let digest = try #require(Digest((0..<32).map { UInt8($0 + 0xA0) }))
        let key = LookupKey(field, digest: digest)
        #expect(key.rawValue == UInt64(field.rawValue) << 48 | 0xA0A1_A2A3_A4A5)
    }

    @Test("One text under two fields has two keys that differ in more than the field")
    func domains() {
        let hasher = LookupHasher(1, 2)
        let keys = LookupField.allCases.map { hasher.key($0, "x").rawValue & (1 << 48 - 1) }
        #expect(Set(keys).count == keys.count)
    }

    @Test("Keys sort by field first")
    func order() {
        let first = LookupKey(.leafHash, digest: SHA256.hash([1]))
        let second = LookupKey(.actor, digest: SHA256.hash([2]))
        #expect(first < second)
    }

    @Test("Stored numbers of fields never change")
    func numbers() {
        #expect(
            LookupField.allCases.map(\.rawValue)
                == [1, 2, 3] + Array(16...41) + [64, 65])
    }

    // Of CPython 3.11, whose hash of bytes is SipHash-1-3; PYTHONHASHSEED=0 gives the key 0.
    @Test(
        "Hashes are SipHash-1-3",
        arguments: [
            (1, 0x44BC103B1F8540ED),
            (2, 0xB238744EA7A5A1D0),
            (7, 0xB41012AEEE05C7D4),
            (8, 0xD22D9341176D0728),
            (9, 0x4EC42971D570753B),
            (15, 0x566F711D32F59152),
            (16, 0x7E6BFB8BF1D36AC4),
            (17, 0xE11516DE8399DC83),
            (33, 0x729795352B859E03),
            (64, 0x814EABD66A4299EB),
            (100, 0x27A357AB4C25BE13),
        ] as [(Int, UInt64)])
    func sipHash(count: Int, want: UInt64) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) }
        let hash = bytes.dropLast().withUnsafeBytes {
            LookupHasher(0, 0).hash($0, then: bytes[count - 1])
        }
        #expect(hash == want, "\(count) bytes")
    }

    @Test("Another secret gives other keys")
    func secret() {
        #expect(LookupHasher(1, 2).key(.actor, "a") != LookupHasher(1, 3).key(.actor, "a"))
        #expect(LookupHasher(1, 2).key(.actor, "a") != LookupHasher(2, 2).key(.actor, "a"))
    }
}

@Suite struct LookupSpanTests {
    @Test("Outer misses no time and inner admits no other, to the microsecond")
    func bounds() {
        let times = [-2_001, -2_000, -1_999, -1, 0, 1, 999, 1_000, 1_001, 1_999, 2_000, 5_500]
        for since in [nil] + times.map(Optional.some) {
            for until in [nil] + times.map(Optional.some) {
                let span = LookupSpan(
                    .time, since: since.map(Int64.init), until: until.map(Int64.init))
                for time in times + [6_000_000] {
                    let isIn = since.map { $0 <= time } ?? true && until.map { time < $0 } ?? true
                    let kept = LookupKey.clamped(Int64((Double(time) / 1_000).rounded(.down)))
                    #expect(!isIn || span?.outer.contains(kept) ?? false)
                    #expect(isIn || !(span?.inner?.contains(kept) ?? false))
                }
            }
        }
    }
}
