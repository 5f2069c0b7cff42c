// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogCrypto

/// What a segment of a sink begins with (spec/sink.md).
package struct SinkHeader: Hashable, Sendable {
    /// Why a segment begins where it does.
    package enum Beginning: String, Sendable, CaseIterable {
        /// With the log's first record.
        case log
        /// The segment before it was sealed here.
        case sealed
        /// The segment before it was moved away while it was written.
        case moved
        /// The segment before it was made shorter, or written to, by somebody else.
        case altered
        /// The segment before it ends in a line that could not be completed, or is damaged.
        case torn
    }

    /// A sealed segment: its file's name when it was sealed, and the digest in its trailer.
    package struct Sealed: Hashable, Sendable {
        package let name: String
        package let sha256: Digest
    }

    package let origin: String
    package let first: UInt64
    /// The MAC of the record before the first.
    package let previousHash: Digest
    package let beginning: Beginning
    /// The segment before, if it was sealed.
    package let previous: Sealed?
    /// The newest erasure of which an earlier segment has the notice.
    package let noticed: UInt64?

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("audit_segment", 1), .init("begins", .string(beginning.rawValue)),
            .init("first", .integer(first)), .init("log", .string(origin)),
            .init("prev_hash", .string(previousHash.hex)),
        ]
        if let previous {
            members.append(
                .init(
                    "previous",
                    ["name": .string(previous.name), "sha256": .string(previous.sha256.hex)]))
        }
        if let noticed { members.append(.init("noticed", .integer(noticed))) }
        return .object(members)
    }

    init(
        origin: String, first: UInt64, previousHash: Digest, beginning: Beginning,
        previous: Sealed?, noticed: UInt64?
    ) {
        self.origin = origin
        self.first = first
        self.previousHash = previousHash
        self.beginning = beginning
        self.previous = previous
        self.noticed = noticed
    }

    init?(_ line: [UInt8]) {
        guard let value = try? JSONValue.parse(canonical: line),
            let origin = value["log"]?.text, let first = value["first"]?.unsigned,
            let hash = value["prev_hash"]?.text.flatMap({ Digest(hex: $0) }),
            let beginning = value["begins"]?.text.flatMap(Beginning.init)
        else { return nil }
        let previous = value["previous"].flatMap { value -> Sealed? in
            guard let name = value["name"]?.text,
                let sha256 = value["sha256"]?.text.flatMap({ Digest(hex: $0) })
            else { return nil }
            return Sealed(name: name, sha256: sha256)
        }
        self.init(
            origin: origin, first: first, previousHash: hash, beginning: beginning,
            previous: previous, noticed: value["noticed"]?.unsigned)
        guard json.canonical == line else { return nil }
    }
}

/// What a sealed segment ends with.
package struct SinkTrailer: Hashable, Sendable {
    /// Records in the segment.
    package let count: UInt64
    /// The index after the last record.
    package let next: UInt64
    /// The MAC of the last record.
    package let lastHash: Digest
    /// Of all bytes before the trailer's line.
    package let sha256: Digest

    var json: JSONValue {
        [
            "audit_segment_end": 1, "count": .integer(count), "next": .integer(next),
            "record_hash": .string(lastHash.hex), "sha256": .string(sha256.hex),
        ]
    }

    init(count: UInt64, next: UInt64, lastHash: Digest, sha256: Digest) {
        self.count = count
        self.next = next
        self.lastHash = lastHash
        self.sha256 = sha256
    }

    init?(_ line: [UInt8]) {
        guard let value = try? JSONValue.parse(canonical: line),
            let count = value["count"]?.unsigned, let next = value["next"]?.unsigned,
            let hash = value["record_hash"]?.text.flatMap({ Digest(hex: $0) }),
            let sha256 = value["sha256"]?.text.flatMap({ Digest(hex: $0) })
        else { return nil }
        self.init(count: count, next: next, lastHash: hash, sha256: sha256)
        guard json.canonical == line else { return nil }
    }
}

/// A record's line.
package struct SinkRecord: Sendable {
    /// What is written of a record beside its leaf.
    package enum Body: Hashable, Sendable {
        /// The canonical text; erased fields with the records that announced it.
        case whole([UInt8], erased: [(String, UInt64)])
        /// All of it was removed, as the record at this index announced.
        case removed(UInt64)
        /// A record of the log's own, which the sink leaves out.
        case withheld

        package static func == (left: Body, right: Body) -> Bool {
            switch (left, right) {
            case (.whole(let one, let a), .whole(let other, let b)):
                one == other && a.elementsEqual(b) { $0 == $1 }
            case (.removed(let one), .removed(let other)): one == other
            case (.withheld, .withheld): true
            default: false
            }
        }

        package func hash(into hasher: inout Hasher) {
            if case .whole(let text, _) = self { hasher.combine(text) }
        }
    }

    package let index: UInt64
    package let leaf: Leaf

    /// The line of a record, its line feed included.
    static func line(_ index: UInt64, _ leaf: Leaf, _ body: Body) -> [UInt8] {
        var line: [UInt8] = []
        line += #"{"index":\#(index),"timestamp_ms":\#(leaf.timestampMS),"commitment":""#.utf8
        line += leaf.commitment.hex.utf8
        line += #"","record_hash":""#.utf8
        line += leaf.mac.hex.utf8
        line.append(UInt8(ascii: "\""))
        switch body {
        case .whole(let text, let erased):
            line += #","record":"#.utf8
            line += text
            if !erased.isEmpty {
                let names = erased.map { JSONValue.array([.string($0.0), .integer($0.1)]) }
                line += #","erased":"#.utf8
                line += JSONValue.array(names).canonical
            }
        case .removed(let by): line += #","removed":\#(by)"#.utf8
        case .withheld: line += #","withheld":true"#.utf8
        }
        line += "}\n".utf8
        return line
    }

    /// Reads a line without its line feed; nil if it is none, or not of the one form.
    ///
    /// The record's own text is not parsed.
    init?(_ line: [UInt8]) {
        var reader = SinkLineReader(line)
        guard reader.take(#"{"index":"#), let index = reader.number(),
            reader.take(#","timestamp_ms":"#), let time = reader.number(),
            reader.take(#","commitment":""#), let commitment = reader.digest(),
            reader.take(#"","record_hash":""#), let mac = reader.digest(), reader.take("\""),
            line.last == UInt8(ascii: "}"),
            reader.isNext(#","record":{"#) || reader.isNext(#","removed":"#)
                || reader.isNext(#","withheld":true}"#)
        else { return nil }
        self.index = index
        leaf = Leaf(timestampMS: time, commitment: commitment, mac: mac)
    }
}

/// The line that names what was erased after it had been written here.
enum SinkNotice {
    /// Entries of one line.
    static let width = 1_000

    /// The lines for what one record announced, line feeds included.
    static func lines(_ removals: [Removal], request: UInt64) -> [[UInt8]] {
        stride(from: 0, to: removals.count, by: width).map { start in
            let part = removals[start..<min(start + width, removals.count)]
            let value: JSONValue = [
                "erased": .array(part.map(\.json)),
                "more": .bool(start + width < removals.count), "notice": "erasure",
                "request": .integer(request),
            ]
            return value.canonical + [UInt8(ascii: "\n")]
        }
    }

    /// The record that announced it, and whether more lines follow; nil if the line is no notice.
    static func read(_ line: [UInt8]) -> (request: UInt64, hasMore: Bool)? {
        guard let value = try? JSONValue.parse(canonical: line),
            value["notice"]?.text == "erasure", let request = value["request"]?.unsigned,
            let erased = value["erased"]?.elements, value.members?.count == 4,
            erased.allSatisfy({ Removal($0) != nil }), case .bool(let more)? = value["more"]
        else { return nil }
        return (request, more)
    }
}

private struct SinkLineReader {
    private let line: [UInt8]
    private var at = 0

    init(_ line: [UInt8]) { self.line = line }

    func isNext(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard line.count - at >= count else { return false }
        return UnsafeBufferPointer(start: text.utf8Start, count: count)
            .elementsEqual(line[at..<at + count])
    }

    mutating func take(_ text: StaticString) -> Bool {
        guard isNext(text) else { return false }
        at += text.utf8CodeUnitCount
        return true
    }

    /// A number without zeros before it.
    mutating func number() -> UInt64? {
        let digits = line[at...].prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        guard 1...16 ~= digits.count, digits.count == 1 || digits.first != UInt8(ascii: "0")
        else { return nil }
        at = digits.endIndex
        return digits.reduce(0) { $0 * 10 + UInt64($1 - UInt8(ascii: "0")) }
    }

    mutating func digest() -> Digest? {
        guard line.count - at >= 64,
            let digest = Digest(hex: String(decoding: line[at..<at + 64], as: UTF8.self))
        else { return nil }
        at += 64
        return digest
    }
}
