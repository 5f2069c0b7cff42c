// SPDX-License-Identifier: Apache-2.0

/// Identifiers of the European Union's members; the IBAN runs everywhere.
enum EuropeanRules {
    static let all = taxNumbers + personNumbers

    private static let bounded = Recogniser.bounded

    private static let taxNumbers: [Recogniser] = [
        Recogniser(
            "eu_vat", .national,
            bounded(
                "ATU[0-9]{8}|BE[01][0-9]{9}|BG[0-9]{9,10}|CY[0-9]{8}[A-Z]|CZ[0-9]{8,10}|DE[0-9]{9}"
                    + "|DK[0-9]{8}|EE[0-9]{9}|EL[0-9]{9}|ES[A-Z0-9][0-9]{7}[A-Z0-9]|FI[0-9]{8}"
                    + "|FR[A-Z0-9]{2}[0-9]{9}|HR[0-9]{11}|HU[0-9]{8}|IE[0-9][A-Z0-9][0-9]{5}[A-Z]{1,2}"
                    + "|IT[0-9]{11}|LT[0-9]{9}(?:[0-9]{3})?|LU[0-9]{8}|LV[0-9]{11}|MT[0-9]{8}"
                    + "|NL[0-9]{9}B[0-9]{2}|PL[0-9]{10}|PT[0-9]{9}|RO[0-9]{2,10}|SE[0-9]{12}"
                    + "|SI[0-9]{8}|SK[0-9]{10}"),
            triggers: ["(?:^|[^A-Za-z0-9])[A-Z]{2}[A-Z0-9]{1,3}[0-9]{5}", "(?i)vat"], .euVAT,
            context: ["vat", "ust", "tva", "btw", "iva"], needsContext: true,
            yes: ["VAT DE136695976", "TVA FR40303265045"], no: ["DE136695976", "VAT XX123456789"]),
        Recogniser(
            "de_steuer_id", .national, bounded("[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}"),
            .deSteuerID, context: ["steuer", "idnr", "tin", "tax"], needsContext: true,
            yes: ["Steuer-ID 86 095 742 719", "steuer id: 47036892816"],
            no: ["steuer 86095742718", "86095742719"]),
        Recogniser(
            "es_nif", .national, bounded("(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-HJ-NP-TV-Z]"), .esNIF,
            yes: ["12345678Z", "X1234567L"], no: ["12345678A", "X1234567A"]),
        Recogniser(
            "it_codice_fiscale", .national,
            bounded(
                "[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]"),
            .itCodiceFiscale, yes: ["RSSMRA85T10A562S"], no: ["RSSMRA85T10A562T"]),
    ]

    private static let personNumbers: [Recogniser] = [
        Recogniser(
            "fr_nir", .national,
            bounded(
                "[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3}"
                    + " ?[0-9]{3} ?[0-9]{2}"),
            .frNIR, context: ["nir", "secu", "insee"],
            yes: ["2 55 08 14 168 025 38", "nir 255081416802538"],
            no: ["2 55 08 14 168 025 39", "255081416802538"]),
        Recogniser(
            "pl_pesel", .national, bounded("[0-9]{11}"), .plPESEL, context: ["pesel"],
            needsContext: true, yes: ["PESEL 44051401359"],
            no: ["PESEL 44051401358", "44051401359"]),
        Recogniser(
            "nl_bsn", .national, bounded(#"[0-9]{4}\.?[0-9]{2}\.?[0-9]{3}"#), .nlBSN,
            context: ["bsn", "burgerservice", "sofi"], needsContext: true,
            yes: ["BSN 111222333"], no: ["BSN 111222334", "111222333"]),
        Recogniser(
            "se_personnummer", .national, bounded("(?:19|20)?[0-9]{6}[-+][0-9]{4}"),
            .sePersonnummer, yes: ["811218-9876", "19811218-9876"],
            no: ["811218-9875", "20261301-0800"]),
        Recogniser(
            "fi_hetu", .national,
            bounded("[0-3][0-9][01][0-9]{3}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]"),
            .fiHETU, yes: ["131052-308T"], no: ["131052-308U", "991052-308T"]),
        Recogniser(
            "be_nn", .national, bounded(#"[0-9]{2}\.?[0-9]{2}\.?[0-9]{2}-?[0-9]{3}\.?[0-9]{2}"#),
            .beNN, context: ["rijksregister", "registre national", "insz", "niss"],
            yes: ["85.07.30-033.28", "insz 85073003328"], no: ["85.07.30-033.29", "85073003328"]),
    ]
}
