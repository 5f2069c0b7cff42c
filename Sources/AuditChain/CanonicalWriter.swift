// SPDX-License-Identifier: Apache-2.0

package import LogCrypto

/// Writes canonical text into memory of a known size; writing past its end is a fault of ours.
package struct CanonicalWriter {
    private let memory: UnsafeMutableRawBufferPointer
    package private(set) var count = 0

    package init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    /// Keeps the first `count` bytes.
    package mutating func truncate(to count: Int) {
        precondition(count <= self.count, "keeping what was not written")
        self.count = count
    }

    /// What was written in that range.
    package func written(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        precondition(range.upperBound <= count, "reading what was not written")
        return UnsafeRawBufferPointer(rebasing: memory[range])
    }

    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        precondition(count < memory.count, "the canonical text is longer than its bound")
        memory[count] = byte
        count += 1
    }

    @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        precondition(
            bytes.count <= memory.count - count, "the canonical text is longer than its bound")
        // A base address exists where there is room for a byte.
        memory.baseAddress?.advanced(by: count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    package mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    package mutating func append(_ time: Timestamp) {
        precondition(
            Timestamp.byteCount <= memory.count - count,
            "the canonical text is longer than its bound")
        count += time.write(to: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
    }

    package mutating func append(_ digest: Digest) {
        // A digest is its 32 bytes; read in place, where a generic call would cost a microsecond a
        // record.
        withUnsafeBytes(of: digest) { append($0) }
    }

    // MARK: Tapes

    /// Appends a value and all that it holds.
    package mutating func append(
        _ value: Int, of tape: borrowing JSONTape, input: UnsafeRawBufferPointer
    ) {
        switch tape.nodes[value].kind {
        case .null: append("null")
        case .true: append("true")
        case .false: append("false")
        case .number: tape.withText(value, of: input) { append($0) }
        case .string: appendQuoted(value, of: tape, input: input)
        case .array: appendElements(of: value, of: tape, input: input)
        case .object: appendMembers(of: value, of: tape, input: input)
        case .name: preconditionFailure("a name is not a value")
        }
    }

    /// Appends a name with its quotes and the colon.
    package mutating func appendName(
        _ name: Int, of tape: borrowing JSONTape, input: UnsafeRawBufferPointer
    ) {
        if tape.nodes[name].isRewritten {
            appendEscapedName(name, of: tape, input: input)
        } else {
            appendQuoted(name, of: tape, input: input)
        }
        append(UInt8(ascii: ":"))
    }

    @inline(__always)
    private mutating func appendQuoted(
        _ string: Int, of tape: borrowing JSONTape, input: UnsafeRawBufferPointer
    ) {
        let node = tape.nodes[string]
        if node.isRewritten {
            append(UInt8(ascii: "\""))
            tape.withText(string, of: input) { append($0) }
            append(UInt8(ascii: "\""))
        } else {
            // The text stands between quotes in the input.
            append(UnsafeRawBufferPointer(rebasing: input[Int(node.start) - 1...Int(node.end)]))
        }
    }

    private mutating func appendEscapedName(
        _ name: Int, of tape: borrowing JSONTape, input: UnsafeRawBufferPointer
    ) {
        var text = ContiguousArray<UInt8>()
        tape.withText(name, of: input) { plain in
            for byte in plain { JSONText.appendEscaped(byte, to: &text) }
        }
        append(UInt8(ascii: "\""))
        text.withUnsafeBytes { append($0) }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendElements(
        of array: Int, of tape: borrowing JSONTape, input: UnsafeRawBufferPointer
    ) {
        append(UInt8(ascii: "["))
        let end = Int(tape.nodes[array].next)
        var element = array + 1
        while element < end {
            if element > array + 1 { append(UInt8(ascii: ",")) }
            append(element, of: tape, input: input)
            element = Int(tape.nodes[element].next)
        }
        append(UInt8(ascii: "]"))
    }

    private mutating func appendMembers(
        of object: Int, of tape: borrowing JSONTape, input: UnsafeRawBufferPointer
    ) {
        append(UInt8(ascii: "{"))
        var name = Int(tape.nodes[object].firstName)
        var isFirst = true
        while name != 0 {
            if !isFirst { append(UInt8(ascii: ",")) }
            isFirst = false
            appendName(name, of: tape, input: input)
            append(name + 1, of: tape, input: input)
            name = Int(tape.nodes[name].next)
        }
        append(UInt8(ascii: "}"))
    }
}
