// SPDX-License-Identifier: Apache-2.0

import LogTesting
import Testing

@testable import AuditChain

@Suite struct NumberTextTests {
    struct File: Decodable {
        struct Case: Decodable {
            let ieee754_hex, text: String
        }
        let cases: [Case]
    }

    @Test("Every shared number vector has its ECMAScript text")
    func vectors() throws {
        for vector in try Vectors.decode(File.self, from: "ecmascript-numbers").cases {
            let bits = try #require(UInt64(vector.ieee754_hex, radix: 16))
            #expect(NumberText.text(Double(bitPattern: bits)) == vector.text)
        }
    }

    @Test(
        "The table of RFC 8785 appendix B",
        arguments: [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
            (0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xC340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
            (0x44B5_2D02_C7E1_4AF6, "1e+23"),
            (0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
            (0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
            (0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
            (0x444B_1AE4_D6E2_EF50, "1e+21"),
            (0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"),
            (0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
            (0x41B3_DE43_5555_5553, "333333333.3333332"),
            (0x41B3_DE43_5555_5554, "333333333.33333325"),
            (0x41B3_DE43_5555_5555, "333333333.3333333"),
            (0x41B3_DE43_5555_5556, "333333333.3333334"),
            (0x41B3_DE43_5555_5557, "333333333.33333343"),
            (0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
            (0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
        ] as [(UInt64, String)])
    func appendixB(bits: UInt64, text: String) {
        #expect(NumberText.text(Double(bitPattern: bits)) == text)
    }

    @Test("NaN and the infinities have no text", arguments: [Double.nan, .infinity, -.infinity])
    func nonFinite(value: Double) {
        #expect(NumberText.text(value) == nil)
    }

    @Test("The text of a random double is that double again")
    func roundTrip() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50_000 {
            let value = Double(bitPattern: generator.next())
            guard let text = NumberText.text(value) else { continue }
            #expect(Double(text) == value, "seed \(seed), \(value.bitPattern)")
        }
    }
}
