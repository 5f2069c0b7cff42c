// SPDX-License-Identifier: Apache-2.0

/// Identifiers of the United Kingdom; the National Insurance number runs everywhere.
enum BritishRules {
    private static let bounded = Recogniser.bounded

    static let all: [Recogniser] = [
        Recogniser(
            "uk_nhs", .national, bounded("[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{4}"), .ukNHS,
            context: ["nhs"], yes: ["943 476 5919", "NHS 9434765919"],
            no: ["943 476 5918", "9434765919"]),
        Recogniser(
            "uk_utr", .national, bounded("[0-9]{5} ?[0-9]{5}"), .ukUTR,
            context: ["utr", "taxpayer", "self assessment"], needsContext: true,
            yes: ["UTR 1955839661"], no: ["UTR 2955839661", "1955839661"]),
        Recogniser(
            "uk_sort_code", .national, bounded("[0-9]{2}-[0-9]{2}-[0-9]{2}"),
            context: ["sort code", "sort_code", "sortcode"], needsContext: true,
            yes: ["sort code 20-00-00"], no: ["20-00-00", "on 26-06-01"]),
    ]
}
