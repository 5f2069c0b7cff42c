// SPDX-License-Identifier: Apache-2.0

/// One rule as the scanner sees it, a pack's or an operator's.
struct Recogniser: Sendable {
    /// What a rule finds, in the order in which overlapping finds of one length are named.
    enum Kind: UInt8, Sendable {
        case secret, national, card, iban, email, phone, address, path, process, custom
    }

    let id: String
    let kind: Kind
    /// The first group that takes part is what goes; without groups, the whole match.
    let pattern: String
    /// Cheaper patterns, one of which matches wherever the rule can find something.
    let triggers: [String]
    let validator: RedactionValidator
    /// Words for the validator, or for the rule if it needs them.
    let context: [String]
    let needsContext: Bool
    let contextWindow: Int
    let priority: Int
    let positives: [String]
    let negatives: [String]

    init(
        _ id: String, _ kind: Kind, _ pattern: String, triggers: [String]? = nil,
        _ validator: RedactionValidator = .none, context: [String] = [], needsContext: Bool = false,
        yes: [String], no: [String]
    ) {
        self.id = id
        self.kind = kind
        self.pattern = pattern
        self.triggers = triggers ?? [pattern]
        self.validator = validator
        self.context = context
        self.needsContext = needsContext
        contextWindow = 40
        priority = Int(kind.rawValue)
        positives = yes
        negatives = no
    }

    init(_ rule: RedactionRule) {
        id = rule.id
        kind = .custom
        pattern = rule.pattern
        triggers = [rule.pattern]
        validator = rule.validator
        context = rule.context.map { $0.lowercased() }
        needsContext = !rule.context.isEmpty
        contextWindow = rule.contextWindow
        priority = rule.priority
        positives = rule.positives
        negatives = rule.negatives
    }

    /// A pattern between characters that are neither letters nor digits, or the text's ends.
    ///
    /// `\b` takes `_` for a letter, and would miss `id_123-45-6789`.
    static func bounded(_ pattern: String) -> String {
        "(?:^|[^A-Za-z0-9])(\(pattern))(?:$|[^A-Za-z0-9])"
    }

    /// Digits and letters in an order that no one chose, for samples that are nobody's.
    static func filler(_ count: Int) -> String {
        String(repeating: "aB3dE6gH9jK2mN5pQ8sT1vW4xY7z", count: count / 28 + 1).prefix(count)
            .description
    }
}

extension RedactionPack {
    /// The rules of the pack.
    var recognisers: [Recogniser] {
        switch self {
        case .coreSecrets: SecretRules.all
        case .corePII: PersonalRules.all
        case .host: HostRules.all
        case .us: AmericanRules.unitedStates
        case .ca: AmericanRules.canada
        case .br: AmericanRules.brazil
        case .uk: BritishRules.all
        case .eu: EuropeanRules.all
        case .au: OtherNationalRules.australia
        case .in: OtherNationalRules.india
        case .sg: OtherNationalRules.singapore
        case .kr: OtherNationalRules.korea
        case .za: OtherNationalRules.southAfrica
        }
    }
}
