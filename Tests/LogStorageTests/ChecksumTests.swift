// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Testing

struct ChecksumTests {
    private static func checksum(_ bytes: [UInt8], domain: UInt64 = 1) -> UInt64 {
        var checksum = Checksum(domain: domain)
        bytes.withUnsafeBytes { checksum.add($0) }
        return checksum.value
    }

    @Test("It is stored, so that it stays what it is")
    func fixed() {
        let bytes = Array("one entry of an append-only log".utf8)
        #expect(Self.checksum(bytes) == 17_598_866_350_373_035_325)
        #expect(Self.checksum([]) == 10_985_798_327_574_374_252)
    }

    @Test("Every flipped bit, every cut and every domain shows", arguments: [1, 7, 8, 9, 32, 61])
    func changes(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        var seen: Set = [Self.checksum(bytes), Self.checksum(bytes, domain: 2)]
        #expect(seen.count == 2)
        for bit in 0..<count * 8 {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << (bit % 8)
            #expect(seen.insert(Self.checksum(flipped)).inserted)
        }
        for cut in 0..<count { #expect(seen.insert(Self.checksum(Array(bytes[..<cut]))).inserted) }
        #expect(seen.insert(Self.checksum(bytes + [0])).inserted)
    }
}
