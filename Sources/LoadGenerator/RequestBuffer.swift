// SPDX-License-Identifier: Apache-2.0

/// The bytes of one request; its memory is used again for the next.
package struct RequestBuffer {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package var count: Int { bytes.count }

    package mutating func clear() { bytes.removeAll(keepingCapacity: true) }

    package mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    package mutating func append(_ more: [UInt8]) { bytes.append(contentsOf: more) }

    package mutating func append(_ byte: UInt8) { bytes.append(byte) }

    /// Replaces bytes that are there by a number, its highest byte first.
    package mutating func set<Number: FixedWidthInteger>(_ number: Number, at place: Int) {
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: number.bigEndian, toByteOffset: place, as: Number.self)
        }
    }
}
