// SPDX-License-Identifier: Apache-2.0

extension JSONTape {
    /// Parses one JSON object, and refuses whatever has no single canonical meaning.
    ///
    /// Cost: one pass over the text, two allocations for most records, and a sort of each object's
    /// names.
    package static func parse(
        _ input: UnsafeRawBufferPointer, limits: JSONLimits
    ) throws(JSONError) -> JSONTape {
        var scanner = JSONScanner(input, limits: limits)
        try scanner.scanDocument()
        return scanner.tape
    }
}

/// Reads a text once, from left to right, and notes what it finds on a tape.
///
/// `JSONScanner+String` and `JSONScanner+Number` hold the rules for those; this file has the
/// structure. Every function expects `at` on the first byte of what it reads, and leaves it behind
/// the last.
struct JSONScanner {
    let input: UnsafeRawBufferPointer
    let limits: JSONLimits
    var at = 0
    var tape: JSONTape
    private var depth = 0
    /// Name nodes of the objects that are still open, the innermost object's last.
    private var openNames = ContiguousArray<UInt32>()

    init(_ input: UnsafeRawBufferPointer, limits: JSONLimits) {
        self.input = input
        self.limits = limits
        tape = JSONTape(expecting: min(input.count, limits.byteCount))
    }

    mutating func scanDocument() throws(JSONError) {
        guard input.count <= limits.byteCount else {
            throw JSONError(.tooLarge, at: limits.byteCount)
        }
        if input.starts(with: [0xEF, 0xBB, 0xBF]) { throw JSONError(.byteOrderMark, at: 0) }
        skipSpace()
        guard try peek() == UInt8(ascii: "{") else { throw JSONError(.notAnObject, at: at) }
        try scanObject()
        skipSpace()
        guard at == input.count else { throw JSONError(.trailingBytes, at: at) }
    }

    // MARK: Structure

    private mutating func scanValue() throws(JSONError) {
        switch try peek() {
        case UInt8(ascii: "\""): try scanString(as: .string)
        case UInt8(ascii: "{"): try scanObject()
        case UInt8(ascii: "["): try scanArray()
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): try scanNumber()
        case UInt8(ascii: "t"): try scanLiteral("true", .true)
        case UInt8(ascii: "f"): try scanLiteral("false", .false)
        case UInt8(ascii: "n"): try scanLiteral("null", .null)
        case UInt8(ascii: "N"), UInt8(ascii: "I"): try refuseNonFinite()
        case UInt8(ascii: "+"), UInt8(ascii: "."): throw JSONError(.invalidNumber, at: at)
        default: throw JSONError(.unexpectedByte, at: at)
        }
    }

    private mutating func scanObject() throws(JSONError) {
        let object = try open(.object)
        let firstOpen = openNames.count
        if try peek() == UInt8(ascii: "}") {
            at += 1
        } else {
            repeat {
                try scanMember()
                skipSpace()
            } while try another(before: UInt8(ascii: "}"))
            if let repeated = tape.sort(&openNames, from: firstOpen, of: input) {
                throw JSONError(.duplicateMember, at: repeated)
            }
            tape.link(openNames[firstOpen...], of: object)
            openNames.removeSubrange(firstOpen...)
        }
        close(object)
    }

    private mutating func scanMember() throws(JSONError) {
        guard try peek() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: at) }
        guard tape.memberCount < limits.memberCount else {
            throw JSONError(.tooManyMembers, at: at)
        }
        openNames.append(UInt32(truncatingIfNeeded: tape.nodes.count))
        try scanString(as: .name)
        skipSpace()
        guard try peek() == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: at) }
        at += 1
        skipSpace()
        try scanValue()
    }

    private mutating func scanArray() throws(JSONError) {
        let array = try open(.array)
        if try peek() == UInt8(ascii: "]") {
            at += 1
        } else {
            repeat {
                try scanValue()
                skipSpace()
            } while try another(before: UInt8(ascii: "]"))
        }
        close(array)
    }

    private mutating func open(_ kind: JSONTape.Kind) throws(JSONError) -> Int {
        guard depth < limits.depth else { throw JSONError(.tooDeep, at: at) }
        depth += 1
        tape.append(kind, offset: at, text: at..<at)
        at += 1
        skipSpace()
        return tape.nodes.count - 1
    }

    private mutating func close(_ container: Int) {
        depth -= 1
        tape.close(container)
    }

    /// Reads the comma before another element (true), or the end of the container (false).
    private mutating func another(before end: UInt8) throws(JSONError) -> Bool {
        let byte = try peek()
        guard byte == UInt8(ascii: ",") || byte == end else {
            throw JSONError(.unexpectedByte, at: at)
        }
        at += 1
        guard byte != end else { return false }
        skipSpace()
        return true
    }

    private mutating func scanLiteral(
        _ literal: StaticString, _ kind: JSONTape.Kind
    ) throws(JSONError) {
        let start = at
        for expected in UnsafeBufferPointer(
            start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        {
            guard try peek() == expected else { throw JSONError(.unexpectedByte, at: at) }
            at += 1
        }
        tape.append(kind, offset: start, text: start..<at)
    }

    /// Tells a literal that other parsers know from plain nonsense.
    func refuseNonFinite() throws(JSONError) {
        let rest = input[at...]
        let isKnown = rest.starts(with: "NaN".utf8) || rest.starts(with: "Infinity".utf8)
        throw JSONError(isKnown ? .nonFiniteNumber : .unexpectedByte, at: at)
    }

    // MARK: Bytes

    @inline(__always)
    func peek() throws(JSONError) -> UInt8 {
        guard at < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
        return input[at]
    }

    @inline(__always)
    mutating func skipSpace() {
        while at < input.count {
            switch input[at] {
            case 0x20, 0x09, 0x0A, 0x0D: at += 1
            default: return
            }
        }
    }
}
