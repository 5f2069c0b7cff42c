// SPDX-License-Identifier: Apache-2.0

/// The rules of a policy for one tenant, ready to run.
final class CompiledRules: Sendable {
    let recognisers: [Recogniser]
    let strategies: [RedactionStrategy]
    let matchers: [PatternMatcher]
    /// The triggers of all rules, and those of what is no rule.
    let triggers: PatternSet
    /// What each trigger stands for.
    let meanings: [Meaning]
    let deniedNames: DeniedNames
    let fields: FieldTree
    let capture: CaptureModes
    let limits: RedactionLimits
    let style: PlaceholderStyle
    let placeholders: PatternMatcher

    enum Meaning: Hashable, Sendable {
        case rule(Int)
        case encoded, percent, deniedName
    }

    /// Everything that decides what the rules do, for the policy's digest.
    let parts: RuleParts

    init(_ parts: RuleParts) throws(RedactionPolicyError) {
        self.parts = parts
        recognisers = parts.recognisers
        strategies = parts.recognisers.map { parts.strategies[$0.id] ?? .replace }
        deniedNames = DeniedNames(parts.deniedNames)
        fields = FieldTree(parts.fields)
        capture = CaptureModes(parts.capture)
        limits = parts.limits
        style = parts.style
        var matchers: [PatternMatcher] = []
        var patterns: [String] = []
        var meanings: [Meaning] = []
        for (number, recogniser) in parts.recognisers.enumerated() {
            matchers.append(try Self.matcher(recogniser))
            patterns += recogniser.triggers
            meanings += recogniser.triggers.map { _ in .rule(number) }
        }
        patterns += [EncodedText.trigger, "%[2-7][0-9A-Fa-f]"]
        meanings += [.encoded, .percent]
        if let trigger = deniedNames.trigger {
            patterns.append(trigger)
            meanings.append(.deniedName)
        }
        guard let triggers = PatternSet(patterns),
            let placeholders = try? PatternMatcher(Placeholder.pattern)
        else { throw .outOfMemory }
        self.matchers = matchers
        self.meanings = meanings
        self.triggers = triggers
        self.placeholders = placeholders
    }

    private static func matcher(
        _ recogniser: Recogniser
    ) throws(RedactionPolicyError) -> PatternMatcher {
        let matcher: PatternMatcher
        do throws(PatternMatcher.Refusal) {
            matcher = try PatternMatcher(recogniser.pattern)
        } catch {
            throw .invalidPattern(rule: recogniser.id, error.message)
        }
        var newline: UInt8 = 0x0A
        let isEmpty = withUnsafeBytes(of: &newline) { text in
            (try? matcher.find(in: text, from: 0))?.whole.isEmpty ?? false
        }
        guard !isEmpty else { throw .emptyMatch(rule: recogniser.id) }
        return matcher
    }

    /// Runs every rule's samples.
    func check() throws(RedactionPolicyError) {
        for rule in recognisers.indices { try check(rule) }
    }

    func check(_ rule: Int) throws(RedactionPolicyError) {
        let recogniser = recognisers[rule]
        guard !recogniser.positives.isEmpty, !recogniser.negatives.isEmpty else {
            throw .noSamples(rule: recogniser.id)
        }
        for (place, sample) in recogniser.positives.enumerated() where !finds(rule, sample) {
            throw .missed(rule: recogniser.id, sample: place + 1)
        }
        for (place, sample) in recogniser.negatives.enumerated() where finds(rule, sample) {
            throw .falseAlarm(rule: recogniser.id, sample: place + 1)
        }
    }

    private func finds(_ rule: Int, _ sample: String) -> Bool {
        let name = UnsafeRawBufferPointer(start: nil, count: 0)
        return Array(sample.utf8).withUnsafeBytes { text in
            let scanner = TextScanner(rules: self, name: name)
            return (try? scanner.finds(in: text))?.contains { $0.rule == rule } ?? true
        }
    }
}

/// The parts of ``CompiledRules`` as values.
struct RuleParts: Sendable {
    var recognisers: [Recogniser]
    var strategies: [String: RedactionStrategy]
    var deniedNames: Set<String>
    var fields: [String: FieldPolicy]
    var capture: [String: CaptureMode]
    var limits: RedactionLimits
    var style: PlaceholderStyle
}
