// SPDX-License-Identifier: Apache-2.0

package import LogCrypto

/// The hash tree written straight from RFC 6962 §2.1, recursion and all, to test other code by.
///
/// It shares nothing with `Merkle` but SHA-256. Each subtree's hash is remembered, so that all
/// proofs of all sizes up to 1,024 take seconds; forgetting them would change nothing but time.
package final class ReferenceTree {
    package let leafHashes: [Digest]
    private var remembered: [Range<Int>: Digest] = [:]

    /// A tree over the leaves `D[0]`, `D[1]` and so on.
    package init(leaves: [[UInt8]]) {
        leafHashes = leaves.map { SHA256.hash([0x00] + $0) }
    }

    /// `count` leaves, each the big-endian bytes of its index, so that no two are alike.
    package convenience init(count: Int) {
        self.init(leaves: (0..<count).map { [UInt8($0 >> 8 & 0xFF), UInt8($0 & 0xFF)] })
    }

    /// MTH(D[n]), §2.1.
    package func root(size: Int) -> Digest {
        size == 0 ? SHA256.hash([UInt8]()) : hash(0..<size)
    }

    /// PATH(m, D[n]), §2.1.1.
    package func inclusionProof(index: Int, size: Int) -> [Digest] {
        path(index, 0..<size)
    }

    /// PROOF(m, D[n]), §2.1.2.
    package func consistencyProof(from old: Int, to new: Int) -> [Digest] {
        subproof(old, 0..<new, true)
    }

    /// MTH(D[k1:k2]) of a range that is not empty.
    package func hash(_ range: Range<Int>) -> Digest {
        if range.count == 1 { return leafHashes[range.lowerBound] }
        if let known = remembered[range] { return known }
        let middle = split(range)
        let left = hash(range.lowerBound..<middle)
        let right = hash(middle..<range.upperBound)
        let node = SHA256.hash([0x01] + left.bytes + right.bytes)
        remembered[range] = node
        return node
    }

    private func path(_ m: Int, _ range: Range<Int>) -> [Digest] {
        if range.count == 1 { return [] }
        let k = split(range) - range.lowerBound
        let (left, right) = (range.prefix(k), range.dropFirst(k))
        return m < k ? path(m, left) + [hash(right)] : path(m - k, right) + [hash(left)]
    }

    private func subproof(_ m: Int, _ range: Range<Int>, _ whole: Bool) -> [Digest] {
        if m == range.count { return whole ? [] : [hash(range)] }
        let k = split(range) - range.lowerBound
        let (left, right) = (range.prefix(k), range.dropFirst(k))
        return m <= k
            ? subproof(m, left, whole) + [hash(right)]
            : subproof(m - k, right, false) + [hash(left)]
    }

    /// The range's start plus k, the largest power of two smaller than its count.
    private func split(_ range: Range<Int>) -> Int {
        var k = 1
        while k * 2 < range.count { k *= 2 }
        return range.lowerBound + k
    }
}
