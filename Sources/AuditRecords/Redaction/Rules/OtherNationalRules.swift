// SPDX-License-Identifier: Apache-2.0

/// Identifiers of Australia, India, Singapore, South Korea and South Africa.
enum OtherNationalRules {
    private static let bounded = Recogniser.bounded

    static let australia: [Recogniser] = [
        Recogniser(
            "au_tfn", .national, bounded("[0-9]{3} ?[0-9]{3} ?[0-9]{3}"), .auTFN,
            context: ["tfn", "tax file"], needsContext: true,
            yes: ["TFN 123 456 782"], no: ["TFN 123 456 789", "123 456 782"]),
        Recogniser(
            "au_abn", .national, bounded("[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}"), .auABN,
            context: ["abn", "business number"], yes: ["51 824 753 556", "ABN 51824753556"],
            no: ["51 824 753 557", "51824753556"]),
        Recogniser(
            "au_medicare", .national, bounded("[2-6][0-9]{3} ?[0-9]{5} ?[0-9]"), .auMedicare,
            context: ["medicare"], yes: ["2123 45670 1", "medicare 2123456701"],
            no: ["2123 45671 1", "2123456701"]),
    ]

    static let india: [Recogniser] = [
        Recogniser(
            "in_aadhaar", .national, bounded("[2-9][0-9]{3}[- ]?[0-9]{4}[- ]?[0-9]{4}"), .verhoeff,
            context: ["aadhaar", "aadhar", "uidai"],
            yes: ["2341 2341 2346", "aadhaar 234123412346"],
            no: ["2341 2341 2347", "234123412346"]),
        Recogniser(
            "in_pan", .national, bounded("[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]"),
            yes: ["AFZPK7190K"], no: ["AFZXK7190K", "AFZPK719K"]),
    ]

    static let singapore: [Recogniser] = [
        Recogniser(
            "sg_nric", .national, bounded("[STFGM][0-9]{7}[A-Z]"), .sgNRIC,
            yes: ["S1234567D", "F1234567N"], no: ["S1234567A"])
    ]

    static let korea: [Recogniser] = [
        Recogniser(
            "kr_rrn", .national, bounded("[0-9]{6}-[1-8][0-9]{6}"), .krRRN,
            yes: ["900101-1234568"], no: ["901301-1234568"])
    ]

    static let southAfrica: [Recogniser] = [
        Recogniser(
            "za_id", .national, bounded("[0-9]{6} ?[0-9]{4} ?[01][0-9]{2}"), .zaID,
            context: ["id number", "identity", "rsa id", "id_number"], needsContext: true,
            yes: ["ID number 8001015009087"], no: ["ID number 8001015009088", "8001015009087"])
    ]
}
