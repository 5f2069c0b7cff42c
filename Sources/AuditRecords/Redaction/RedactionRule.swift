// SPDX-License-Identifier: Apache-2.0

/// A rule of an operator's own.
public struct RedactionRule: Hashable, Sendable {
    /// `[a-z][a-z0-9_]{0,39}`, no more than four digits in a row; the name in counts and
    /// placeholders.
    public var id: String
    /// In RE2's syntax, UTF-8, matched anywhere.
    ///
    /// The first group that takes part is what goes; without groups, the whole match. RE2 has no
    /// look-around: write `(?:^|[^A-Za-z0-9])(…)(?:$|[^A-Za-z0-9])` where `\b` is wrong because of
    /// `_`.
    public var pattern: String
    /// What a match must pass besides.
    public var validator: RedactionValidator
    /// What becomes of a match.
    public var strategy: RedactionStrategy
    /// Words of which one must stand before the match or in the member's name; none asks for none.
    public var context: [String]
    /// How many bytes before the match are searched for those words.
    public var contextWindow: Int
    /// Of two overlapping matches of one length, the lower number names the result.
    public var priority: Int
    /// Texts in which the rule must find something; at least one.
    public var positives: [String]
    /// Texts in which it must find nothing; at least one.
    public var negatives: [String]

    /// A rule; its samples run when the policy is compiled.
    public init(
        id: String, pattern: String, validator: RedactionValidator = .none,
        strategy: RedactionStrategy = .replace, context: [String] = [], contextWindow: Int = 40,
        priority: Int = 100, positives: [String], negatives: [String]
    ) {
        self.id = id
        self.pattern = pattern
        self.validator = validator
        self.strategy = strategy
        self.context = context
        self.contextWindow = contextWindow
        self.priority = priority
        self.positives = positives
        self.negatives = negatives
    }
}

/// Checks beyond a pattern.
public enum RedactionValidator: String, CaseIterable, Sendable {
    case none
    /// Luhn's check digit over all digits.
    case luhn
    /// ISO/IEC 7812: network and length, grouping, Luhn.
    case cardNumber = "card_number"
    /// ISO 13616: country, length, mod 97.
    case iban
    case email, phone, credential, password, jwt, pem
    case usSSN = "us_ssn"
    case usITIN = "us_itin"
    case usNPI = "us_npi"
    case usABA = "us_aba"
    case usDEA = "us_dea"
    case ukNINO = "uk_nino"
    case ukNHS = "uk_nhs"
    case ukUTR = "uk_utr"
    case euVAT = "eu_vat"
    case deSteuerID = "de_steuer_id"
    case frNIR = "fr_nir"
    case esNIF = "es_nif"
    case itCodiceFiscale = "it_codice_fiscale"
    case plPESEL = "pl_pesel"
    case nlBSN = "nl_bsn"
    case sePersonnummer = "se_personnummer"
    case fiHETU = "fi_hetu"
    case beNN = "be_nn"
    case auTFN = "au_tfn"
    case auABN = "au_abn"
    case auMedicare = "au_medicare"
    /// Verhoeff's check digit.
    case verhoeff
    case sgNRIC = "sg_nric"
    case krRRN = "kr_rrn"
    case zaID = "za_id"
    case brCPF = "br_cpf"
    case brCNPJ = "br_cnpj"
    case ipv4, ipv6, mac, path
}
