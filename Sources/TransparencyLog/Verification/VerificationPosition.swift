// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle

/// How far a verification has come without finding anything, to be gone on from later.
///
/// It is authenticated by the chain key: who could forge it could forge the chain. The MAC is one of
/// the chain at index 2^64 − 1, which no leaf can have.
package struct VerificationPosition: Hashable, Sendable {
    /// Where the verification began.
    package let from: UInt64
    /// The next entry to check, and the tree before it.
    package let next: UInt64
    let root: Digest
    let lastMAC: Digest
    let lastTimestampMS: UInt64
    /// Whether payloads were opened.
    package let isDeep: Bool
    /// Missing payloads that nothing explains yet.
    let missing: MissingPayloads

    private static let domain = SHA256.hash(Array("evident.verification-position.v1".utf8))

    /// The file's text: canonical JSON with its MAC, and a newline.
    ///
    /// Nil without the first chain key.
    package func encoded(_ keys: VerificationKeys) -> [UInt8]? {
        guard let key = keys.epochs.first?.key else { return nil }
        let mac = Self.mac(json(keys, mac: nil).canonical, key)
        return json(keys, mac: mac).canonical + Array("\n".utf8)
    }

    /// Reads a position; nil if it is not of this log, or not what ``encoded(_:)`` wrote.
    package init?(_ bytes: [UInt8], _ keys: VerificationKeys) {
        guard bytes.last == UInt8(ascii: "\n"), let key = keys.epochs.first?.key,
            let value = try? JSONValue.parse(canonical: bytes.dropLast()),
            let read = Self(value), let mac = value["mac"]?.text.flatMap({ Digest(hex: $0) }),
            Digest.constantTimeEquals(mac, Self.mac(read.json(keys, mac: nil).canonical, key)),
            read.encoded(keys) == bytes
        else { return nil }
        self = read
    }

    init(
        from: UInt64, head: TreeHead, lastMAC: Digest, lastTimestampMS: UInt64, isDeep: Bool,
        missing: MissingPayloads
    ) {
        self.from = from
        next = head.size
        root = head.root
        self.lastMAC = lastMAC
        self.lastTimestampMS = lastTimestampMS
        self.isDeep = isDeep
        self.missing = MissingPayloads(
            unexplained: missing.unexplained, fields: missing.unexplainedFields)
    }

    private init?(_ value: JSONValue) {
        guard let from = value["from"]?.unsigned, let next = value["next"]?.unsigned,
            let root = value["root"]?.text.flatMap({ Digest(hex: $0) }),
            let lastMAC = value["last_mac"]?.text.flatMap({ Digest(hex: $0) }),
            let time = value["last_timestamp_ms"]?.unsigned,
            case .bool(let isDeep)? = value["deep"], let ranges = value["missing"]?.elements,
            let fields = value["missing_fields"]?.elements
        else { return nil }
        (self.from, self.next, self.root, self.lastMAC) = (from, next, root, lastMAC)
        (lastTimestampMS, self.isDeep) = (time, isDeep)
        var missing = MissingPayloads(
            unexplained: ranges.compactMap { range in
                guard let ends = range.elements?.compactMap(\.unsigned), ends.count == 2,
                    ends[0] < ends[1]
                else { return nil }
                return ends[0]..<ends[1]
            })
        for field in fields {
            guard let parts = field.elements, parts.count == 3, let index = parts[0].unsigned,
                let name = parts[1].text, let by = parts[2].unsigned
            else { return nil }
            missing.add(name, of: index, announcedBy: by)
        }
        self.missing = missing
    }

    private func json(_ keys: VerificationKeys, mac: Digest?) -> JSONValue {
        var members: [JSONValue.Member] = [
            .init("deep", .bool(isDeep)), .init("from", .integer(from)),
            .init("last_mac", .string(Hex.encode(lastMAC.bytes))),
            .init("last_timestamp_ms", .integer(lastTimestampMS)),
            .init(
                "missing",
                .array(
                    missing.unexplained.map { [.integer($0.lowerBound), .integer($0.upperBound)] })),
            .init("missing_fields", .array(missingFields)),
            .init("next", .integer(next)), .init("origin", .string(keys.origin.text)),
            .init("root", .string(Hex.encode(root.bytes))),
            .init("v", "1"),
        ]
        if let mac { members.append(.init("mac", .string(Hex.encode(mac.bytes)))) }
        return .object(members)
    }

    private var missingFields: [JSONValue] {
        missing.unexplainedFields.sorted { $0.key < $1.key }.flatMap { index, names in
            names.sorted { $0.key < $1.key }.map { name, by -> JSONValue in
                [.integer(index), .string(name), .integer(by)]
            }
        }
    }

    private static func mac(_ text: [UInt8], _ key: ChainKey) -> Digest {
        key.mac(
            index: .max, timestampMS: .max, commitment: SHA256.hash(text), previous: domain)
    }
}
