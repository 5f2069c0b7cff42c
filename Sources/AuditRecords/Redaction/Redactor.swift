// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import LogCrypto

/// Takes personal data and secrets out of records before anything is hashed, stored or answered.
///
/// Every string, name and number is scanned; what cannot be scanned within the limits is replaced
/// whole. A second pass finds nothing. Safe from any thread.
public final class Redactor: Sendable {
    /// What a record says about the policy that it went through.
    public let identity: RedactionPolicyIdentity
    private let rules: CompiledRules
    private let ofTenants: [String: CompiledRules]
    private let tokens: RedactionTokens

    /// Compiles a policy and runs the samples of every rule.
    ///
    /// - Parameter tokenKey: Secret; what makes tokens and digests of equal values equal. A new one
    ///   begins a new series. Cost: some milliseconds, and a few MiB for each tenant with a policy.
    public init(_ policy: RedactionPolicy, tokenKey: Digest) throws(RedactionPolicyError) {
        let parts = try policy.parts()
        rules = try CompiledRules(parts)
        try rules.check()
        var ofTenants: [String: CompiledRules] = [:]
        for (tenant, additions) in policy.tenants {
            let compiled = try CompiledRules(try policy.parts(adding: additions, of: tenant))
            try compiled.check()
            ofTenants[tenant] = compiled
        }
        self.ofTenants = ofTenants
        tokens = RedactionTokens(key: tokenKey)
        identity = RedactionPolicyIdentity(
            id: policy.id, version: policy.version,
            digest: SHA256.hash(Self.described(policy, rules, ofTenants).canonical).hex)
    }

    /// Redacts a record that has been parsed.
    ///
    /// The JSON of a changed record must be parsed again, and may be longer than the input. Cost:
    /// one pass of an automaton over the text for a record in which nothing may be found; that
    /// allocates nothing. Linear in the text for every other.
    package func redact(
        _ input: UnsafeRawBufferPointer, _ tape: borrowing JSONTape, tenant: String,
        capture: CaptureMode
    ) -> RedactionResult {
        let rules = ofTenants[tenant] ?? rules
        // Escapes and foreign characters can hide a match from a look at the text as it stands.
        let actsUnasked = rules.fields.actsUnasked || capture.rank > CaptureMode.redacted.rank
        guard actsUnasked || !Self.isPlain(input) || rules.triggers.mayMatch(input)
        else { return .unchanged }
        let walk = walked(input, tape, rules, tenant, capture, keepsFindings: false)
        guard walk.tally.total > 0 else { return .unchanged }
        return .changed(json: walk.out, counts: walk.tally.counts)
    }

    /// How much is kept of the payload of a tenant's record of that type.
    func capture(type: String, tenant: String) -> CaptureMode {
        (ofTenants[tenant] ?? rules).capture.mode(of: type)
    }

    /// What redaction and capture would do to a record, and where; throws if it is no JSON object
    /// that a record may be.
    public func preview(
        _ record: [UInt8], tenant: String, limits: JSONLimits = .record
    ) throws(RecordError) -> RedactionPreview {
        do throws(JSONError) {
            return try record.withUnsafeBufferPointer { bytes throws(JSONError) in
                let input = UnsafeRawBufferPointer(bytes)
                let tape = try JSONTape.parse(input, limits: limits)
                let rules = ofTenants[tenant] ?? rules
                let type = tape.names(of: 0).first { tape.string($0, of: input) == "type" }
                    .map { tape.string($0 + 1, of: input) }
                let walk = walked(
                    input, tape, rules, tenant, rules.capture.mode(of: type ?? ""),
                    keepsFindings: true)
                return RedactionPreview(record: walk.out, findings: walk.tally.findings)
            }
        } catch {
            throw RecordError(error)
        }
    }

    /// One text as it would stand in a record at that path: to look for a value that was redacted
    /// there, and for texts that are no part of a record.
    public func redact(text: String, at path: String = "", tenant: String) -> String {
        let rules = ofTenants[tenant] ?? rules
        let names = path.split(separator: ".").map { Array($0.utf8) }
        var place = rules.fields.root
        for name in names { place = name.withUnsafeBytes { rules.fields.step(place, $0) } }
        let texts = TextRedactor(rules: rules, tokens: tokens, tenant: tenant)
        var tally = RedactionTally(keepsFindings: false)
        let policy = rules.fields.policy(place)
        let outcome = Array(text.utf8).withUnsafeBytes { text in
            (names.last ?? []).withUnsafeBytes {
                texts.redact(text, name: $0, policy: policy, &tally)
            }
        }
        switch outcome {
        case .unchanged: return text
        case .changed(let bytes): return String(decoding: bytes, as: UTF8.self)
        case .removed: return ""
        }
    }

    private func walked(
        _ input: UnsafeRawBufferPointer, _ tape: borrowing JSONTape, _ rules: CompiledRules,
        _ tenant: String, _ capture: CaptureMode, keepsFindings: Bool
    ) -> RecordWalk {
        let texts = TextRedactor(rules: rules, tokens: tokens, tenant: tenant)
        var walk = RecordWalk(
            tape, input, texts, nesting: 0, RedactionTally(keepsFindings: keepsFindings),
            capture: capture)
        walk.run()
        return walk
    }

    /// Whether a text is ASCII without a backslash, eight bytes a step.
    static func isPlain(_ text: UnsafeRawBufferPointer) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var at = 0
        while at + 8 <= text.count {
            let word = text.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let backslash = word ^ (ones &* 0x5C)
            let stops = word | ((backslash &- ones) & ~backslash)
            guard stops & (ones &* 0x80) == 0 else { return false }
            at += 8
        }
        return text[at...].allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "\\") }
    }
}

/// What became of a record.
public enum RedactionResult: Hashable, Sendable {
    /// Nothing was found.
    case unchanged
    /// The record without what was found, as JSON that must be parsed again, and how often each
    /// rule found something.
    case changed(json: [UInt8], counts: [String: Int])
}

/// Which policy a record went through; the record's `redaction_policy`.
public struct RedactionPolicyIdentity: Hashable, Sendable {
    /// The policy's name.
    public let id: String
    /// The policy's version.
    public let version: Int
    /// SHA-256, in hex, of the canonical JSON of everything that decides what is taken out.
    public let digest: String
}

/// What a policy would do to one record.
public struct RedactionPreview: Sendable {
    /// The record as it would be taken, as JSON.
    public let record: [UInt8]
    /// By place and rule.
    public let findings: [RedactionFinding]
}
