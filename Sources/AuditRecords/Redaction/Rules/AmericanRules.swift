// SPDX-License-Identifier: Apache-2.0

/// Identifiers of the United States, Canada and Brazil beyond those that every deployment meets.
enum AmericanRules {
    private static let bounded = Recogniser.bounded

    static let unitedStates: [Recogniser] = [
        Recogniser(
            "us_itin", .national, bounded("9[0-9]{2}[- ]?[0-9]{2}[- ]?[0-9]{4}"), .usITIN,
            context: ["itin", "taxpayer", "tax id"],
            yes: ["900-70-0000", "itin 912801234"], no: ["900-12-0000", "912801234"]),
        Recogniser(
            "us_npi", .national, bounded("[12][0-9]{9}"), .usNPI, context: ["npi", "provider"],
            needsContext: true, yes: ["NPI 1234567893"], no: ["NPI 1234567890", "1234567893"]),
        Recogniser(
            "us_aba", .national, bounded("[0-3][0-9]{8}"), .usABA,
            context: ["aba", "routing", "rtn"], needsContext: true,
            yes: ["routing number 021000021"], no: ["routing 021000022", "021000021"]),
        Recogniser(
            "us_dea", .national, bounded("[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}"), .usDEA,
            yes: ["AB1234563"], no: ["AB1234567"]),
        Recogniser(
            "us_mbi", .national,
            bounded(
                "[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y]"
                    + "[AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y]{2}[0-9]{2}"),
            yes: ["1EG4-TE5-MK73", "1EG4TE5MK73"], no: ["1EG4-TE5-MK7", "0EG4-TE5-MK73"]),
        Recogniser(
            "us_passport", .national, bounded("[A-Z]?[0-9]{8,9}"), context: ["passport"],
            needsContext: true, yes: ["passport no. 963545637"], no: ["963545637"]),
    ]

    static let canada: [Recogniser] = [
        Recogniser(
            "ca_sin", .national, bounded("[1-79][0-9]{2}[- ]?[0-9]{3}[- ]?[0-9]{3}"), .luhn,
            context: ["sin", "social insurance"], needsContext: true,
            yes: ["SIN 130 692 544", "social insurance 130692544"],
            no: ["SIN 130 692 545", "130 692 544"])
    ]

    static let brazil: [Recogniser] = [
        Recogniser(
            "br_cpf", .national, bounded(#"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}"#), .brCPF,
            context: ["cpf"], yes: ["529.982.247-25", "cpf 52998224725"],
            no: ["529.982.247-26", "52998224725", "111.111.111-11"]),
        Recogniser(
            "br_cnpj", .national,
            bounded(#"[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}/?[0-9]{4}-?[0-9]{2}"#), .brCNPJ,
            context: ["cnpj"], yes: ["11.222.333/0001-81", "CNPJ 11222333000181"],
            no: ["11.222.333/0001-82", "11222333000181"]),
    ]
}
