// SPDX-License-Identifier: Apache-2.0

/// Something found: where in the text, and by which rule.
struct Find: Equatable {
    var range: Range<Int>
    var rule: Int
}

/// Finds what goes in one text.
struct TextScanner {
    let rules: CompiledRules
    /// The name of the member whose value the text is.
    let name: UnsafeRawBufferPointer
    /// Only secrets are looked for, and what the policy's own rules find.
    var keepsPersonal = false
    /// Off inside of what was decoded: nothing is decoded twice.
    var decodes = true

    /// Everything found, in order, overlaps merged; placeholders are not among it.
    ///
    /// Overlapping finds become one, named by the longest of them, then by the rules' priority.
    func finds(in text: UnsafeRawBufferPointer) throws(UnscannedText) -> [Find] {
        guard !text.isEmpty else { return [] }
        guard text.count <= rules.limits.stringBytes else { throw UnscannedText() }
        var found: [Find] = []
        let folded = text.contains { $0 >= 0x80 } ? DerivedText.folded(text) : nil
        try add(&found, text, nil) { _ in true }
        if let folded { try add(&found, folded) { _ in true } }
        if let joined = DerivedText.joined(text) {
            // Only what a line break cut in two, and nothing that was found whole.
            let whole = found
            try add(&found, joined) { find in
                joined.isShortened(find.range) && isCut(find, joined)
                    && !whole.contains { $0.range.overlaps(joined.original(find.range)) }
            }
        }
        guard !found.isEmpty else { return [] }
        return try withoutPlaceholders(merged(found), text)
    }

    /// Whether a line break may stand where it cuts this match in two.
    ///
    /// Words follow upon words at a line's end: an address is put together only at its signs.
    private func isCut(_ find: Find, _ joined: DerivedText) -> Bool {
        let recogniser = rules.recognisers[find.rule]
        guard recogniser.kind == .email else { return recogniser.joinsLines }
        return joined.isCut(find.range, at: [UInt8(ascii: "."), UInt8(ascii: "@")])
    }

    // MARK: Readings of the text

    private func add(
        _ found: inout [Find], _ derived: DerivedText, _ isWanted: (Find) -> Bool
    ) throws(UnscannedText) {
        try derived.bytes.withUnsafeBufferPointer { bytes throws(UnscannedText) in
            try add(&found, UnsafeRawBufferPointer(bytes), derived, isWanted)
        }
    }

    /// Adds what is found in one reading, and in what is encoded in it.
    private func add(
        _ found: inout [Find], _ text: UnsafeRawBufferPointer, _ derived: DerivedText?,
        _ isWanted: (Find) -> Bool
    ) throws(UnscannedText) {
        guard !text.isEmpty, rules.triggers.mayMatch(text) else { return }
        var wanted = Set<CompiledRules.Meaning>()
        for (trigger, isHit) in rules.triggers.candidates(text).enumerated() where isHit {
            wanted.insert(rules.meanings[trigger])
        }
        var here: [Find] = []
        for rule in rules.recognisers.indices where wanted.contains(.rule(rule)) {
            if keepsPersonal, rules.recognisers[rule].isPersonal { continue }
            try addMatches(of: rule, in: text, to: &here)
        }
        if decodes, wanted.contains(.encoded) { try addEncoded(in: text, to: &here) }
        if decodes, wanted.contains(.percent) {
            var inner = self
            inner.decodes = false
            try inner.add(&here, DerivedText.percentDecoded(text)) { _ in true }
        }
        for find in here where isWanted(find) {
            let range = derived?.original(find.range) ?? find.range
            found.append(Find(range: range, rule: find.rule))
        }
    }

    private func addEncoded(
        in text: UnsafeRawBufferPointer, to found: inout [Find]
    ) throws(UnscannedText) {
        var inner = self
        inner.decodes = false
        for segment in EncodedText.segments(of: text) {
            let inside = try segment.decoded.withUnsafeBufferPointer {
                bytes throws(UnscannedText) in
                try inner.finds(in: UnsafeRawBufferPointer(bytes))
            }
            let priority = { (find: Find) in rules.recognisers[find.rule].priority }
            if let worst = inside.min(by: { priority($0) < priority($1) }) {
                found.append(Find(range: segment.range, rule: worst.rule))
            }
        }
    }

    private func addMatches(
        of rule: Int, in text: UnsafeRawBufferPointer, to found: inout [Find]
    ) throws(UnscannedText) {
        let recogniser = rules.recognisers[rule]
        let hasWords = !recogniser.context.isEmpty
        let placeholders = hasWords ? try placeholders(in: text) : []
        let placeholdersOfName = hasWords ? try self.placeholders(in: name) : []
        var (at, rejections, rejectedBytes) = (0, 0, 0)
        while at < text.count, let match = try rules.matchers[rule].find(in: text, from: at) {
            let candidate = Candidate(
                text: text, whole: match.whole, group: match.group, name: name,
                context: recogniser.context, contextWindow: recogniser.contextWindow,
                placeholders: placeholders, placeholdersOfName: placeholdersOfName)
            let isNamed = !recogniser.needsContext || candidate.hasContext
            if !match.group.isEmpty, isNamed,
                let range = recogniser.validator.accepted(candidate), !range.isEmpty
            {
                found.append(Find(range: range, rule: rule))
                at = max(range.upperBound, at + 1)
                continue
            }
            rejections += 1
            rejectedBytes += match.whole.count
            guard rejections <= 512 + text.count / rules.limits.bytesPerRejection,
                rejectedBytes <= 8 * (text.count + 1024)
            else { throw UnscannedText() }
            at = max(match.group.lowerBound + 1, at + 1)
        }
    }

    // MARK: Overlaps

    private func merged(_ finds: [Find]) -> [Find] {
        var merged: [Find] = []
        var longest = 0
        for find in finds.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            guard let last = merged.last, find.range.lowerBound < last.range.upperBound else {
                merged.append(find)
                longest = find.range.count
                continue
            }
            let place = merged.count - 1
            let (new, old) = (rules.recognisers[find.rule], rules.recognisers[last.rule])
            let isLonger = find.range.count > longest
            if isLonger || (find.range.count == longest && new.priority < old.priority) {
                merged[place].rule = find.rule
                longest = find.range.count
            }
            let end = max(last.range.upperBound, find.range.upperBound)
            merged[place].range = last.range.lowerBound..<end
        }
        return merged
    }

    private func placeholders(
        in text: UnsafeRawBufferPointer
    ) throws(UnscannedText) -> [Range<Int>] {
        var (found, at) = ([Range<Int>](), 0)
        while at < text.count, let match = try rules.placeholders.find(in: text, from: at) {
            found.append(match.whole)
            at = match.whole.upperBound
        }
        return found
    }

    /// Leaves out what is a placeholder, but for less than six bytes.
    private func withoutPlaceholders(
        _ finds: [Find], _ text: UnsafeRawBufferPointer
    ) throws(UnscannedText) -> [Find] {
        let placeholders = try placeholders(in: text)
        guard !placeholders.isEmpty else { return finds }
        return finds.filter { find in
            var (start, left) = (find.range.lowerBound, 0)
            var isTouched = false
            for taken in placeholders where taken.overlaps(find.range) {
                isTouched = true
                left = max(left, taken.lowerBound - start)
                start = taken.upperBound
            }
            return !isTouched || max(left, find.range.upperBound - start) >= 6
        }
    }
}

extension Recogniser {
    /// Whether it finds personal data, as the program's own rules know them.
    var isPersonal: Bool { kind != .secret && kind != .custom }

    /// Whether a match is sought across line breaks: only for what can hardly come about by chance.
    var joinsLines: Bool {
        switch kind {
        case .card, .iban, .email, .national: true
        case .secret: validator != .credential && validator != .password && id != "uri_cred"
        case .phone, .address, .path, .process, .custom: false
        }
    }
}
