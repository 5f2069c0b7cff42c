// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Writes a record again without what the rules take out, member by member.
struct RecordWalk {
    let tape: JSONTape
    let input: UnsafeRawBufferPointer
    let texts: TextRedactor
    /// Strings that hold JSON are walked as what they hold, this many times over.
    let nesting: Int
    var tally: RedactionTally
    /// How much is kept of the payload; what lies within a string lies within it, too.
    let capture: CaptureMode
    private(set) var out: [UInt8] = []

    /// JSON in strings in JSON in strings is read so deep.
    static let deepestNesting = 3

    private var rules: CompiledRules { texts.rules }

    init(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer, _ texts: TextRedactor,
        nesting: Int, _ tally: RedactionTally, capture: CaptureMode
    ) {
        self.tape = copy tape
        self.input = input
        self.texts = texts
        self.nesting = nesting
        self.tally = tally
        self.capture = capture
        out.reserveCapacity(input.count + 128)
    }

    /// One value's surroundings.
    struct Place {
        var name: [UInt8] = []
        var field: FieldTree.Place
        /// Names between the record and the value; 0 is the record itself.
        var depth = 0
        /// Only secrets and what the policy's own rules find are taken out.
        var keepsPersonal = false
    }

    /// Writes the record.
    mutating func run() {
        let isKept = nesting > 0 && capture == .full
        _ = value(
            0,
            Place(field: nesting == 0 ? rules.fields.root : .nowhere, keepsPersonal: isKept))
    }

    /// Writes a value; false, and nothing written, if its member goes.
    private mutating func value(_ node: Int, _ place: Place) -> Bool {
        switch tape.nodes[node].kind {
        case .object: object(node, place)
        case .array: array(node, place)
        case .string: return string(node, place)
        case .number: return number(node, place)
        case .null: out += "null".utf8
        case .true: out += "true".utf8
        case .false: out += "false".utf8
        case .name: preconditionFailure("a name is not a value")
        }
        return true
    }

    // MARK: Containers

    private mutating func array(_ node: Int, _ place: Place) {
        out.append(UInt8(ascii: "["))
        var isFirst = true
        for element in tape.elements(of: node) {
            let mark = out.count
            if !isFirst { out.append(UInt8(ascii: ",")) }
            if value(element, place) { isFirst = false } else { out.removeSubrange(mark...) }
        }
        out.append(UInt8(ascii: "]"))
    }

    private mutating func object(_ node: Int, _ place: Place) {
        out.append(UInt8(ascii: "{"))
        var taken: Set<[UInt8]>?
        var isFirst = true
        for (position, name) in tape.names(of: node).enumerated() {
            let mark = out.count
            if !isFirst { out.append(UInt8(ascii: ",")) }
            if member(name, position, in: node, place, &taken) {
                isFirst = false
            } else {
                out.removeSubrange(mark...)
            }
        }
        out.append(UInt8(ascii: "}"))
    }

    private mutating func member(
        _ node: Int, _ position: Int, in object: Int, _ place: Place, _ taken: inout Set<[UInt8]>?
    ) -> Bool {
        let name = text(of: node)
        let isOwn = nesting == 0 && place.depth == 0
        tally.path.append("#\(position)")
        defer { tally.path.removeLast() }
        var written = name
        if !(isOwn && name.withUnsafeBytes { SchemaMember(named: $0) != nil }) {
            switch redactedName(name, isOwn: isOwn, keepsPersonal: place.keepsPersonal) {
            case .removed: return false
            case .changed(let redacted): written = unused(redacted, in: object, &taken)
            case .unchanged: tally.path[tally.path.count - 1] = Self.shown(name, position)
            }
        } else {
            tally.path[tally.path.count - 1] = String(decoding: name, as: UTF8.self)
        }
        appendQuoted(written)
        out.append(UInt8(ascii: ":"))
        let field = name.withUnsafeBytes { rules.fields.step(place.field, $0) }
        var inside = Place(
            name: name, field: field, depth: place.depth + 1, keepsPersonal: place.keepsPersonal)
        if isOwn, capture != .redacted, name.withUnsafeBytes(CaptureMode.isPayload) {
            inside.keepsPersonal = capture == .full
            guard isCaptured(node + 1) else { return false }
        }
        return memberValue(node + 1, inside, isOwn: isOwn)
    }

    /// Counts what a capture mode takes of a payload's member; false if that is all of it.
    private mutating func isCaptured(_ node: Int) -> Bool {
        switch capture {
        case .full, .redacted: return true
        case .hashOnly:
            // Cut when the record is written: its digest is salted with what is drawn for it.
            if tape.nodes[node].kind != .null { tally.add(Placeholder.capture) }
            return true
        case .metadataOnly:
            tally.add(Placeholder.capture)
            return false
        }
    }

    private mutating func redactedName(
        _ name: [UInt8], isOwn: Bool, keepsPersonal: Bool
    ) -> TextRedactor.Outcome {
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        return name.withUnsafeBytes {
            // The record's own names match a grammar that a placeholder does not.
            texts.redact(
                $0, name: none, policy: .scan, placeholder: isOwn ? "redacted" : nil,
                keepsPersonal: keepsPersonal, &tally)
        }
    }

    /// A replaced name that no other member of the object has.
    private func unused(
        _ name: [UInt8], in object: Int, _ taken: inout Set<[UInt8]>?
    ) -> [UInt8] {
        var names = taken ?? Set(tape.names(of: object).map { text(of: $0) })
        defer { taken = names }
        var (candidate, number) = (name, 1)
        while !names.insert(candidate).inserted {
            number += 1
            candidate = name + "_\(number)".utf8
        }
        return candidate
    }

    /// A name as findings show it.
    private static func shown(_ name: [UInt8], _ position: Int) -> String {
        let isPlain = name.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "_") || $0 == 0x2D }
        guard isPlain, 1...64 ~= name.count else { return "#\(position)" }
        return String(decoding: name, as: UTF8.self)
    }

    // MARK: Members as such

    private mutating func memberValue(_ node: Int, _ place: Place, isOwn: Bool) -> Bool {
        let kind = tape.nodes[node].kind
        guard kind != .null else { return value(node, place) }
        switch rules.fields.policy(place.field) {
        case .drop:
            tally.add(Placeholder.field)
            return false
        case .whole(let strategy):
            return whole(node, Placeholder.field, strategy)
        case .keep(let shape) where self.has(shape, node):
            verbatim(node)
            return true
        case .scan, .keep, .matches:
            let isDenied =
                kind != .true && kind != .false && !isOwn
                && place.name.withUnsafeBytes {
                    rules.deniedNames.contains($0, isNumber: kind == .number)
                }
            return isDenied ? whole(node, Placeholder.deniedName, .replace) : value(node, place)
        }
    }

    /// Replaces a value whatever it holds; an empty one, and a placeholder, hold nothing.
    private mutating func whole(
        _ node: Int, _ rule: String, _ strategy: RedactionStrategy
    ) -> Bool {
        let bytes: [UInt8]
        if tape.nodes[node].kind == .string {
            bytes = text(of: node)
        } else {
            let start = out.count
            verbatim(node)
            bytes = Array(out[start...])
            out.removeSubrange(start...)
        }
        let isSpent = bytes.withUnsafeBytes { $0.isEmpty || texts.isPlaceholder($0) }
        guard !isSpent else {
            verbatim(node)
            return true
        }
        tally.add(rule)
        guard let text = texts.whole(bytes, rule, strategy) else { return false }
        appendQuoted(Array(text.utf8))
        return true
    }

    private func has(_ shape: ValueShape, _ node: Int) -> Bool {
        tape.withText(node, of: input) { text in
            switch shape {
            case .hex16: text.count == 16 && text.allSatisfy(\.isHexDigit)
            case .hex32: text.count == 32 && text.allSatisfy(\.isHexDigit)
            case .uuid: text.isUUID
            case .time: Timestamp(rfc3339: text) != nil
            case .integer: text.count <= 16 && text.allSatisfy { $0.isDigit || $0 == 0x2D }
            }
        }
    }

    // MARK: Strings and numbers

    private mutating func string(_ node: Int, _ place: Place) -> Bool {
        let own = nesting == 0 && place.depth == 1
        let name = String(decoding: place.name, as: UTF8.self)
        // The record's frame is checked against its grammar, or against the credential, elsewhere.
        let isFrame = own && ["v", "id", "time", "tenant"].contains(name)
        if isFrame || isMachineMade(node) || isClear(node) {
            verbatim(node)
            return true
        }
        let plain = text(of: node)
        switch nestedJSON(plain, keepsPersonal: place.keepsPersonal) {
        case .changed(let redacted)?:
            appendQuoted(redacted)
            return true
        case .unchanged?:
            verbatim(node)
            return true
        case .removed?, nil: break
        }
        let policy = rules.fields.policy(place.field)
        let outcome = plain.withUnsafeBytes { text in
            place.name.withUnsafeBytes {
                texts.redact(
                    text, name: $0, policy: policy,
                    placeholder: own && name == "type" ? "redacted" : nil,
                    keepsPersonal: place.keepsPersonal, &tally)
            }
        }
        switch outcome {
        case .removed: return false
        case .changed(let redacted): appendQuoted(redacted)
        case .unchanged: verbatim(node)
        }
        return true
    }

    /// Whether a string needs no closer look: nothing can be found in it as it stands, and it
    /// stands for nothing else.
    private func isClear(_ node: Int) -> Bool {
        tape.withText(node, of: input) { text in
            Redactor.isPlain(text) && (text.isEmpty || !rules.triggers.mayMatch(text))
                && text.count <= rules.limits.stringBytes
        }
    }

    /// Whether the whole value is an identifier, hash or time, by its form.
    private func isMachineMade(_ node: Int) -> Bool {
        tape.withText(node, of: input) { text in
            switch text.count {
            case 36: text.isUUID
            case 32, 40, 64, 96, 128: text.allSatisfy(\.isHexDigit)
            case 71:
                text.starts(with: "sha256:".utf8) && text.dropFirst(7).allSatisfy(\.isHexDigit)
            case 20...35: text[4] == UInt8(ascii: "-") && Timestamp(rfc3339: text) != nil
            default: false
            }
        }
    }

    private mutating func number(_ node: Int, _ place: Place) -> Bool {
        guard tape.textCount(node) >= 9 else {
            verbatim(node)
            return true
        }
        let digits = text(of: node)
        let outcome = digits.withUnsafeBytes { text in
            place.name.withUnsafeBytes {
                texts.redact(
                    text, name: $0, policy: rules.fields.policy(place.field),
                    keepsPersonal: place.keepsPersonal, &tally)
            }
        }
        switch outcome {
        case .removed: return false
        case .changed(let redacted): appendQuoted(redacted)
        case .unchanged: verbatim(node)
        }
        return true
    }

    /// What becomes of a string that holds JSON, redacted member by member; nil if it holds none.
    private mutating func nestedJSON(
        _ text: [UInt8], keepsPersonal: Bool
    ) -> TextRedactor.Outcome? {
        let core = text.drop(while: \.isSpace)
        guard nesting < Self.deepestNesting, let first = core.first,
            let last = core.last(where: { !$0.isSpace }),
            (first == UInt8(ascii: "{") && last == UInt8(ascii: "}"))
                || (first == UInt8(ascii: "[") && last == UInt8(ascii: "]"))
        else { return nil }
        let isArray = first == UInt8(ascii: "[")
        let object = isArray ? Array(#"{"a":"#.utf8) + core + Array("}".utf8) : Array(core)
        let before = tally.total
        let walked: [UInt8]? = object.withUnsafeBytes { bytes in
            let limits = JSONLimits(byteCount: rules.limits.stringBytes + 8)
            guard let tape = try? JSONTape.parse(bytes, limits: limits) else { return nil }
            var walk = RecordWalk(
                tape, bytes, texts, nesting: nesting + 1, tally,
                capture: keepsPersonal ? .full : .redacted)
            walk.run()
            tally = walk.tally
            return walk.out
        }
        guard let walked else { return nil }
        guard tally.total > before else { return .unchanged }
        return .changed(isArray ? Array(walked.dropFirst(5).dropLast()) : walked)
    }

    // MARK: Writing

    /// Names and strings unescaped, numbers as they are written.
    private func text(of node: Int) -> [UInt8] {
        let isPlainName = tape.nodes[node].kind == .name
        return tape.withText(node, of: input) { text in
            isPlainName || !text.contains(UInt8(ascii: "\\")) ? Array(text) : nil
        } ?? Array(tape.string(node, of: input).utf8)
    }

    private mutating func verbatim(_ node: Int) {
        switch tape.nodes[node].kind {
        case .string:
            out.append(UInt8(ascii: "\""))
            tape.withText(node, of: input) { out += $0 }
            out.append(UInt8(ascii: "\""))
        case .number: tape.withText(node, of: input) { out += $0 }
        case .object, .array:
            let bound = tape.canonicalBound(inputCount: input.count)
            out += [UInt8](unsafeUninitializedCapacity: bound) { memory, count in
                var writer = CanonicalWriter(UnsafeMutableRawBufferPointer(memory))
                writer.append(node, of: tape, input: input)
                count = writer.count
            }
        case .true: out += "true".utf8
        case .false: out += "false".utf8
        case .null: out += "null".utf8
        case .name: preconditionFailure("a name is not a value")
        }
    }

    private mutating func appendQuoted(_ text: [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                out.append(UInt8(ascii: "\\"))
                out.append(byte)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                out += #"\u00"#.utf8
                out += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
