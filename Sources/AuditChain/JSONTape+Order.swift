// SPDX-License-Identifier: Apache-2.0

extension JSONTape {
    /// Sorts name nodes by the UTF-16 code units of their names (RFC 8785 §3.2.3).
    ///
    /// Returns where in the input the later one of two equal names lies, if there are such.
    func sort(
        _ names: inout ContiguousArray<UInt32>, from first: Int, of input: UnsafeRawBufferPointer
    ) -> Int? {
        nodes.withUnsafeBufferPointer { nodes in
            rewritten.withUnsafeBytes { rewritten in
                names.withUnsafeMutableBufferPointer { names in
                    let order = NameOrder(nodes: nodes, input: input, rewritten: rewritten)
                    let names = UnsafeMutableBufferPointer(rebasing: names[first...])
                    order.sort(names)
                    return order.offsetOfRepeated(names)
                }
            }
        }
    }
}

/// Compares names by their nodes.
private struct NameOrder {
    let nodes: UnsafeBufferPointer<JSONTape.Node>
    let input: UnsafeRawBufferPointer
    let rewritten: UnsafeRawBufferPointer

    func sort(_ names: UnsafeMutableBufferPointer<UInt32>) {
        guard names.count <= 24 else {
            var names = names
            names.sort(by: precedes)
            return
        }
        // Most objects are this small and nearly in order.
        for next in 1..<names.count {
            let name = names[next]
            var place = next
            while place > 0, precedes(name, names[place - 1]) {
                names[place] = names[place - 1]
                place -= 1
            }
            names[place] = name
        }
    }

    func offsetOfRepeated(_ names: UnsafeMutableBufferPointer<UInt32>) -> Int? {
        for place in 1..<names.count where !precedes(names[place - 1], names[place]) {
            return Int(nodes[Int(max(names[place - 1], names[place]))].offset)
        }
        return nil
    }

    @inline(__always)
    private func precedes(_ left: UInt32, _ right: UInt32) -> Bool {
        UTF16Order.precedes(text(left), text(right))
    }

    @inline(__always)
    private func text(_ name: UInt32) -> UnsafeRawBufferPointer {
        let node = nodes[Int(name)]
        let bytes = node.isRewritten ? rewritten : input
        return UnsafeRawBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.end)])
    }
}

/// The order of RFC 8785 §3.2.3, found on UTF-8 as it stands.
enum UTF16Order {
    @inline(__always)
    static func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        let shared = min(left.count, right.count)
        var at = 0
        while at < shared {
            let (l, r) = (left[at], right[at])
            if l != r { return rank(l) < rank(r) }
            at += 1
        }
        return left.count < right.count
    }

    /// Where a byte of UTF-8 stands in the order of UTF-16.
    ///
    /// UTF-8 sorts by code point. UTF-16 differs in one thing: what needs surrogates (lead bytes
    /// F0 to F4) comes before U+E000 to U+FFFF (lead bytes EE and EF). The bytes that differ first
    /// are either both lead bytes or both not, so raising two lead bytes above F4 is enough.
    private static func rank(_ byte: UInt8) -> UInt8 {
        byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte
    }
}
