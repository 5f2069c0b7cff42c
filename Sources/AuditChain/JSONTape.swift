// SPDX-License-Identifier: Apache-2.0

/// A parsed JSON object as a flat list of nodes over the bytes that it was read from.
///
/// Nothing is copied out of the text but strings and numbers whose canonical form differs from how
/// they were written. The tape does not keep the text: each function takes the same bytes again.
package struct JSONTape {
    package enum Kind: UInt8 {
        case null, `false`, `true`, number, string, array, object, name
    }

    package struct Node {
        package let kind: Kind
        /// The text lies in `rewritten` and not in the input.
        @usableFromInline package let isRewritten: Bool
        /// Where the value begins in the input (a string's or a name's quote).
        package let offset: UInt32
        /// The text: a number's, or a string's or a name's without its quotes.
        ///
        /// A name's is unescaped when rewritten; every other is canonical.
        @usableFromInline package let start: UInt32
        @usableFromInline package let end: UInt32
        /// Of a name: the node of the next name in canonical order, 0 at the last.
        ///
        /// Of any other node: the index after it and all that it holds.
        fileprivate(set) var next: UInt32
        /// Of an object: the node of its first name in canonical order, 0 if it is empty.
        fileprivate(set) var firstName: UInt32
    }

    @usableFromInline package private(set) var nodes = ContiguousArray<Node>()
    @usableFromInline package private(set) var rewritten = ContiguousArray<UInt8>()
    /// Members in all objects together.
    package private(set) var memberCount = 0

    init(expecting byteCount: Int) {
        nodes.reserveCapacity(8 + byteCount / 8)
    }

    /// Bytes that are enough for the canonical text of the whole object.
    package func canonicalBound(inputCount: Int) -> Int {
        // A rewritten name may need an escape of six bytes where one byte is kept.
        inputCount + 6 * rewritten.count
    }

    /// The canonical text of the whole object.
    package func canonicalText(of input: UnsafeRawBufferPointer) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: canonicalBound(inputCount: input.count)) {
            out, count in
            var writer = CanonicalWriter(UnsafeMutableRawBufferPointer(out))
            writer.append(0, of: self, input: input)
            count = writer.count
        }
    }

    // MARK: Reading

    /// Bytes of the text of a number, string or name.
    package func textCount(_ index: Int) -> Int {
        Int(nodes[index].end - nodes[index].start)
    }

    /// The node of an object's first name in canonical order, or nil.
    ///
    /// Its value follows it.
    package func firstName(of object: Int) -> Int? {
        let name = Int(nodes[object].firstName)
        return name == 0 ? nil : name
    }

    /// The node of the next name of the same object in canonical order, or nil.
    package func name(after name: Int) -> Int? {
        let name = Int(nodes[name].next)
        return name == 0 ? nil : name
    }

    /// The names of an object in canonical order, as node indexes.
    package func names(of object: Int) -> [Int] {
        var names = [Int]()
        var next = firstName(of: object)
        while let name = next {
            names.append(name)
            next = self.name(after: name)
        }
        return names
    }

    /// The values of an array in order, as node indexes.
    package func elements(of array: Int) -> some Sequence<Int> {
        let end = Int(nodes[array].next)
        return sequence(state: array + 1) { element in
            guard element < end else { return nil }
            defer { element = Int(nodes[element].next) }
            return element
        }
    }

    /// Lends the text of a number, string or name (see `Node.start`).
    @inlinable @inline(__always)
    package func withText<R>(
        _ index: Int, of input: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        let node = nodes[index]
        let range = Int(node.start)..<Int(node.end)
        guard node.isRewritten else { return body(UnsafeRawBufferPointer(rebasing: input[range])) }
        return rewritten.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// A string or a name as Swift text, unescaped.
    package func string(_ index: Int, of input: UnsafeRawBufferPointer) -> String {
        let isPlain = nodes[index].kind == .name && nodes[index].isRewritten
        return withText(index, of: input) { text in
            guard !isPlain, text.contains(UInt8(ascii: "\\")) else {
                return String(decoding: text, as: UTF8.self)
            }
            var plain = ContiguousArray<UInt8>()
            JSONText.appendUnescaped(text, to: &plain)
            return String(decoding: plain, as: UTF8.self)
        }
    }

    // MARK: Building

    mutating func append(_ kind: Kind, offset: Int, text: Range<Int>, isRewritten: Bool = false) {
        nodes.append(
            Node(
                kind: kind, isRewritten: isRewritten, offset: UInt32(truncatingIfNeeded: offset),
                start: UInt32(truncatingIfNeeded: text.lowerBound),
                end: UInt32(truncatingIfNeeded: text.upperBound),
                next: UInt32(truncatingIfNeeded: nodes.count + 1), firstName: 0))
        if kind == .name { memberCount += 1 }
    }

    /// Appends a node whose text is what `write` adds to the rewritten texts.
    mutating func appendRewritten(
        _ kind: Kind, offset: Int, _ write: (inout ContiguousArray<UInt8>) -> Void
    ) {
        let start = rewritten.count
        write(&rewritten)
        append(kind, offset: offset, text: start..<rewritten.count, isRewritten: true)
    }

    /// Ends a container: what follows it comes after all that it holds.
    mutating func close(_ container: Int) {
        nodes[container].next = UInt32(truncatingIfNeeded: nodes.count)
    }

    /// Chains the names of an object in the order given.
    mutating func link(_ names: ArraySlice<UInt32>, of object: Int) {
        var following: UInt32 = 0
        for name in names.reversed() {
            nodes[Int(name)].next = following
            following = name
        }
        nodes[object].firstName = following
    }
}
