// SPDX-License-Identifier: Apache-2.0

/// Takes out of one text what is found in it.
struct TextRedactor {
    let rules: CompiledRules
    let tokens: RedactionTokens
    let tenant: String

    /// What became of a text.
    enum Outcome: Equatable {
        case unchanged
        case changed([UInt8])
        /// The member that holds it goes.
        case removed
    }

    /// A placeholder can end what a match must not touch, and so uncover another: the text is
    /// scanned again until nothing is found, so that a second pass finds nothing either.
    private static let passes = 4

    /// - Parameters:
    ///   - name: The name of the member whose value it is.
    ///   - placeholder: What stands for everything, where only a name may stand.
    ///   - keepsPersonal: Only secrets are taken out, and what the policy's own rules find.
    func redact(
        _ text: UnsafeRawBufferPointer, name: UnsafeRawBufferPointer, policy: FieldPolicy,
        placeholder: String? = nil, keepsPersonal: Bool = false, _ tally: inout RedactionTally
    ) -> Outcome {
        var outcome = Outcome.unchanged
        do throws(UnscannedText) {
            let scanner = TextScanner(rules: rules, name: name, keepsPersonal: keepsPersonal)
            var finds = try scanner.finds(in: text)
            for _ in 0..<Self.passes where !finds.isEmpty {
                let current: [UInt8]
                if case .changed(let bytes) = outcome {
                    current = bytes
                } else {
                    current = Array(text)
                }
                outcome = replaced(current, finds, policy, placeholder, &tally)
                guard case .changed(let bytes) = outcome else { return outcome }
                finds = try bytes.withUnsafeBufferPointer { bytes throws(UnscannedText) in
                    try scanner.finds(in: UnsafeRawBufferPointer(bytes))
                }
            }
            guard finds.isEmpty else { throw UnscannedText() }
            return outcome
        } catch {
            tally.add(Placeholder.unscanned)
            let text = placeholder ?? Placeholder.text(Placeholder.unscanned, rules.style)
            return .changed(Array(text.utf8))
        }
    }

    private func replaced(
        _ text: [UInt8], _ finds: [Find], _ policy: FieldPolicy, _ placeholder: String?,
        _ tally: inout RedactionTally
    ) -> Outcome {
        var out: [UInt8] = []
        out.reserveCapacity(text.count + 32)
        var at = 0
        for find in finds {
            out += text[at..<find.range.lowerBound]
            let strategy = strategy(of: find.rule, policy)
            tally.add(rules.recognisers[find.rule].id)
            if strategy == .remove, placeholder == nil { return .removed }
            out +=
                (placeholder ?? replacement(Array(text[find.range]), find.rule, strategy)).utf8
            at = find.range.upperBound
        }
        out += text[at...]
        return .changed(out)
    }

    private func strategy(of rule: Int, _ policy: FieldPolicy) -> RedactionStrategy {
        let own = rules.strategies[rule]
        guard case .matches(let strategy) = policy, rules.recognisers[rule].kind != .secret else {
            return own
        }
        // The last four digits and a token of one value together are more than either.
        let isJoinable = strategy == .token || strategy == .digest
        return own == .keepLast4 && isJoinable ? .replace : strategy
    }

    private func replacement(
        _ value: [UInt8], _ rule: Int, _ strategy: RedactionStrategy
    ) -> String {
        let recogniser = rules.recognisers[rule]
        switch strategy {
        case .replace, .remove:
            if rules.style == .kerno, recogniser.id == "unix_path" { return Self.topFolder(value) }
            return Placeholder.text(recogniser.id, rules.style)
        case .mask: return "****"
        case .keepLast4: return Self.lastFour(value)
        case .token: return tokens.token(recogniser, value, tenant: tenant)
        case .digest: return tokens.digest(recogniser.id, value, tenant: tenant)
        case .generalise: return generalised(value, recogniser)
        }
    }

    private func generalised(_ value: [UInt8], _ recogniser: Recogniser) -> String {
        switch recogniser.id {
        case "ipv4", "ipv6":
            RemoteAddress(String(decoding: value, as: UTF8.self))
                .redacted(rules.style, generalise: true)
        case "unix_path": Self.topFolder(value)
        default: Placeholder.text(recogniser.id, rules.style)
        }
    }

    /// Nothing of a value so short that four characters are half of it.
    private static func lastFour(_ value: [UInt8]) -> String {
        let last = value.filter(\.isAlphanumeric).suffix(4)
        return "****" + (value.count >= 8 ? String(decoding: last, as: UTF8.self) : "")
    }

    /// `/etc/<redacted>` for `/etc/ssl/key`.
    private static func topFolder(_ path: [UInt8]) -> String {
        let top = path.dropFirst().prefix { $0 != UInt8(ascii: "/") }
        return "/\(String(decoding: top, as: UTF8.self))/<redacted>"
    }

    /// What stands for a whole value, nil if it is to be removed.
    func whole(
        _ value: [UInt8], _ rule: String, _ strategy: RedactionStrategy
    ) -> String? {
        switch strategy {
        case .remove: nil
        case .mask: "****"
        case .keepLast4:
            Self.lastFour(value)
        case .token, .digest: tokens.digest(rule, value, tenant: tenant)
        case .replace, .generalise: Placeholder.text(rule, rules.style)
        }
    }

    /// Whether a text is nothing but one placeholder.
    func isPlaceholder(_ text: UnsafeRawBufferPointer) -> Bool {
        guard !text.isEmpty, let match = try? rules.placeholders.find(in: text, from: 0) else {
            return false
        }
        return match.whole == 0..<text.count
    }
}
