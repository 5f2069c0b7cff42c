// SPDX-License-Identifier: Apache-2.0

/// What is taken out of records before anything is hashed, stored, logged or answered.
///
/// A value: ``Redactor`` compiles it, and runs every rule's samples while it does. Who may change a
/// policy decides what the log can ever show, and what it can never forget.
public struct RedactionPolicy: Hashable, Sendable {
    /// A name of one's own, `[a-z][a-z0-9_-]{0,39}`; stands in every record with the digest.
    public var id: String
    /// Counts up when the policy changes; at least 1.
    public var version: Int
    /// Groups of rules that come with the program; they add up.
    public var packs: Set<RedactionPack>
    /// Rules of one's own.
    public var rules: [RedactionRule]
    /// What happens to the matches of a rule, by its id, where it is not to be replaced.
    public var strategies: [String: RedactionStrategy]
    /// Rules of the packs that do not run, by id.
    public var disabled: Set<String>
    /// What happens to members as such, by dotted path; `*` stands for one name, and arrays do not
    /// count: `target.id` is the id of every target.
    public var fields: [String: FieldPolicy]
    /// How much is kept of payloads, by type, by family (`tool.*`), or for all (`*`); the most exact
    /// entry counts, and `redacted` where there is none.
    public var capture: [String: CaptureMode]
    /// Names whose values are always taken out, wherever they stand.
    public var deniedNames: Set<String>
    /// How placeholders are written.
    public var placeholders: PlaceholderStyle
    /// What one string or record may cost.
    public var limits: RedactionLimits
    /// What is added for single tenants.
    public var tenants: [String: TenantRedaction]

    /// A policy of one's own; what is left out is as in ``standard``, without its field policy.
    public init(
        id: String, version: Int = 1, packs: Set<RedactionPack> = RedactionPack.standard,
        rules: [RedactionRule] = [], strategies: [String: RedactionStrategy] = [:],
        disabled: Set<String> = [], fields: [String: FieldPolicy] = [:],
        capture: [String: CaptureMode] = [:], deniedNames: Set<String> = Self.standardDeniedNames,
        placeholders: PlaceholderStyle = .plain, limits: RedactionLimits = RedactionLimits(),
        tenants: [String: TenantRedaction] = [:]
    ) {
        self.id = id
        self.version = version
        self.packs = packs
        self.rules = rules
        self.strategies = strategies
        self.disabled = disabled
        self.fields = fields
        self.capture = capture
        self.deniedNames = deniedNames
        self.placeholders = placeholders
        self.limits = limits
        self.tenants = tenants
    }
}

/// Rules that come with the program, by what they find.
public enum RedactionPack: String, CaseIterable, Sendable {
    /// Keys, tokens and passwords by their published shapes.
    case coreSecrets = "core-secrets"
    /// E-mail addresses, card numbers, IBANs, telephone numbers, SSNs and NINOs.
    case corePII = "core-pii"
    /// Process ids, network addresses, paths, host and user names.
    case host
    /// National identifiers.
    case us, uk, eu, ca, au, `in`, sg, kr, za, br

    /// What runs unless a policy says otherwise.
    public static let standard: Set<RedactionPack> = [.coreSecrets, .corePII]
}

/// What becomes of a match.
public enum RedactionStrategy: String, CaseIterable, Sendable {
    /// `<redacted:rule>`.
    case replace
    /// `****`, whatever the length.
    case mask
    /// `****` and the last four letters or digits.
    case keepLast4 = "keep_last4"
    /// The network of an address (/24, /48), the top folder of a path; for all else as `replace`.
    case generalise
    /// `tok_…`: the same for the same normalised value of one tenant, under one key.
    case token
    /// `dig_…`: the same for the same bytes of one tenant, under one key; 256 bits.
    case digest
    /// The member or element that holds the match goes.
    case remove

    /// How little is left of the value: a tenant's strategy may not rank below the policy's.
    var rank: Int {
        switch self {
        case .generalise, .keepLast4: 0
        case .token, .digest: 1
        case .replace, .mask: 2
        case .remove: 3
        }
    }
}

/// What happens to a member as such.
public enum FieldPolicy: Hashable, Sendable {
    /// It is scanned, as everything is that no policy names.
    case scan
    /// It is removed.
    case drop
    /// It is not scanned while its value has that shape.
    case keep(ValueShape)
    /// Its value goes, whatever it holds.
    case whole(RedactionStrategy)
    /// It is scanned, and personal data found in it are treated so; secrets as anywhere.
    case matches(RedactionStrategy)
}

/// A form by which a machine's own identifier is known.
public enum ValueShape: String, CaseIterable, Sendable {
    case hex16, hex32, uuid, time, integer
}

/// How placeholders are written.
public enum PlaceholderStyle: String, CaseIterable, Sendable {
    /// `<redacted:rule>`.
    case plain
    /// `<pid-redacted>`, `<ip-redacted>`, `/etc/<redacted>`, `<path-redacted>`: kerno's.
    case kerno
}

/// What one string or record may cost before it is replaced unseen.
///
/// Work is counted and no clock is read, so that one record has one result everywhere.
public struct RedactionLimits: Hashable, Sendable {
    /// Bytes of a string; a longer one becomes `<redacted:unscanned>`.
    public var stringBytes: Int
    /// Matches of a string that turn out to be none, as a share of its bytes: one in this many, and
    /// 512 besides.
    public var bytesPerRejection: Int

    /// Limits of one's own; both at least 1.
    public init(stringBytes: Int = 64 << 10, bytesPerRejection: Int = 16) {
        self.stringBytes = stringBytes
        self.bytesPerRejection = bytesPerRejection
    }
}

/// What a policy adds for one tenant.
///
/// It may add and never weaken: a strategy that keeps more than the policy's is an error, and so is
/// a field that would no longer be scanned.
public struct TenantRedaction: Hashable, Sendable {
    /// Packs beside the policy's.
    public var packs: Set<RedactionPack>
    /// Rules beside the policy's, with ids of their own.
    public var rules: [RedactionRule]
    /// Strategies that keep no more than the policy's.
    public var strategies: [String: RedactionStrategy]
    /// Field policies, none of which is `keep`.
    public var fields: [String: FieldPolicy]
    /// Capture modes that keep no more than the policy's.
    public var capture: [String: CaptureMode]
    /// Names beside the policy's.
    public var deniedNames: Set<String>

    /// Additions; what is left out adds nothing.
    public init(
        packs: Set<RedactionPack> = [], rules: [RedactionRule] = [],
        strategies: [String: RedactionStrategy] = [:], fields: [String: FieldPolicy] = [:],
        capture: [String: CaptureMode] = [:], deniedNames: Set<String> = []
    ) {
        self.packs = packs
        self.rules = rules
        self.strategies = strategies
        self.fields = fields
        self.capture = capture
        self.deniedNames = deniedNames
    }
}
