// SPDX-License-Identifier: Apache-2.0

import CRE2

/// One compiled pattern.
///
/// Matching takes time linear in the text. Any number of threads may match at once.
final class PatternMatcher: Sendable {
    /// Memory that a pattern's program and automata may take.
    static let memory: Int64 = 2 << 20

    /// A match: all of it, and what of it goes.
    struct Match {
        let whole: Range<Int>
        let group: Range<Int>
    }

    /// RE2's own words about a pattern that it refuses.
    struct Refusal: Error {
        let message: String
    }

    // Sendable because the pointer never changes and RE2 locks what it caches.
    private nonisolated(unsafe) let pattern: OpaquePointer
    private let groupCount: Int

    init(_ text: String) throws(Refusal) {
        var message = [CChar](repeating: 0, count: 200)
        var text = text
        let made = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                cre2_pattern_new($0.baseAddress, $0.count, Self.memory, &message, message.count)
            }
        }
        guard let made else {
            let end = message.firstIndex(of: 0) ?? 0
            throw Refusal(
                message: String(
                    decoding: message[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        pattern = made
        groupCount = min(Int(cre2_pattern_groups(made)), 7)
    }

    deinit {
        cre2_pattern_delete(pattern)
    }

    /// The leftmost match at or after `start`, nil if there is none; throws if RE2 could not tell.
    func find(
        in text: UnsafeRawBufferPointer, from start: Int
    ) throws(UnscannedText) -> Match? {
        var spans = [cre2_span](repeating: cre2_span(), count: groupCount + 1)
        let status = text.withMemoryRebound(to: CChar.self) {
            cre2_pattern_find(
                pattern, $0.baseAddress, $0.count, start, &spans, CInt(groupCount + 1))
        }
        guard status != CRE2_FAILED else { throw UnscannedText() }
        guard status == CRE2_FOUND else { return nil }
        // Offsets that do not fit are a group's that took no part.
        let whole = spans[0].start..<spans[0].end
        for span in spans.dropFirst() where span.start >= 0 && span.end <= text.count {
            return Match(whole: whole, group: span.start..<span.end)
        }
        return Match(whole: whole, group: whole)
    }
}

/// A text that could not be scanned to its end.
struct UnscannedText: Error {}

/// Many patterns in one pass, to learn which of them are worth a search.
final class PatternSet: Sendable {
    // Sendable because the pointer never changes and RE2 locks what it caches.
    private nonisolated(unsafe) let set: OpaquePointer
    private let patternCount: Int

    /// nil if there is no memory for it.
    ///
    /// Every pattern must have been compiled alone before.
    init?(_ patterns: [String]) {
        guard let set = cre2_set_new(16 << 20) else { return nil }
        self.set = set
        patternCount = patterns.count
        for pattern in patterns {
            var pattern = pattern
            let number = pattern.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    cre2_set_add(set, $0.baseAddress, $0.count)
                }
            }
            guard number >= 0 else { return nil }
        }
        guard cre2_set_compile(set) == CRE2_FOUND else { return nil }
    }

    deinit {
        cre2_set_delete(set)
    }

    /// Whether any pattern may match.
    ///
    /// Allocates nothing.
    func mayMatch(_ text: UnsafeRawBufferPointer) -> Bool {
        text.withMemoryRebound(to: CChar.self) {
            cre2_set_any(set, $0.baseAddress, $0.count) != CRE2_NOT_FOUND
        }
    }

    /// Which patterns may match: all, where the set cannot tell.
    func candidates(_ text: UnsafeRawBufferPointer) -> [Bool] {
        var hits = [UInt8](repeating: 0, count: patternCount)
        let status = text.withMemoryRebound(to: CChar.self) {
            cre2_set_all(set, $0.baseAddress, $0.count, &hits, hits.count)
        }
        guard status != CRE2_FAILED else { return Array(repeating: true, count: patternCount) }
        return hits.map { $0 == 1 }
    }
}
