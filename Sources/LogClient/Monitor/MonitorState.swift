// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// What a monitor knows of a log from one poll to the next.
///
/// Keep it only after the events that came with it are delivered: an event may come twice then,
/// and never not at all.
public struct MonitorState: Hashable, Sendable {
    /// The signed note of the newest head up to which everything was verified; `nil` at first.
    public internal(set) var checkpoint: String?

    /// The greatest time of a leaf so far, in milliseconds since 1970.
    var lastLeafMS: UInt64 = 0

    /// The latest time at which the log's tree head key was seen to sign that head.
    var treeHeadMS: UInt64 = 0

    /// The latest time at which a witness was seen to cosign that head, in milliseconds.
    var cosignedMS: UInt64 = 0

    /// The largest head that each vantage point has shown, by its name.
    var sizes: [String: UInt64] = [:]

    /// What was told of and is not over.
    public internal(set) var conditions: Set<Condition> = []

    /// Something that lasts.
    public struct Condition: Hashable, Sendable {
        /// What it is.
        public let kind: MonitorEvent.Kind

        /// The vantage point, or `nil` for the log as a whole.
        public let point: String?
    }

    /// Knows nothing yet.
    public init() {}

    /// The latest time at which anybody was seen to sign the newest head, 0 if that is not known.
    public var signedMS: UInt64 { max(treeHeadMS, cosignedMS) }
}

extension MonitorState {
    /// Parses what ``json`` wrote.
    public init(parsing bytes: [UInt8]) throws(ProofFileError) {
        let file: JSONValue
        do {
            file = try JSONValue.parse(
                bytes, limits: JSONLimits(byteCount: 1 << 20, memberCount: 10_000))
        } catch {
            throw .json(error)
        }
        let members = try MemberReader(
            file, at: "",
            required: [
                "monitor", "last_leaf_ms", "tree_head_ms", "cosigned_ms", "points", "conditions",
            ], optional: ["checkpoint"])
        try members.require("monitor", is: "evident/v1")
        if file["checkpoint"] != nil { checkpoint = try members.text("checkpoint") }
        lastLeafMS = try members.number("last_leaf_ms")
        treeHeadMS = try members.number("tree_head_ms")
        cosignedMS = try members.number("cosigned_ms")
        for (place, value) in try members.elements("points").enumerated() {
            let point = try MemberReader(
                value, at: "points[\(place)]", required: ["name", "size"])
            sizes[try point.text("name")] = try point.number("size")
        }
        for (place, value) in try members.elements("conditions").enumerated() {
            let condition = try MemberReader(
                value, at: "conditions[\(place)]", required: ["kind"], optional: ["point"])
            let kind = try condition.value("kind") {
                $0.text.flatMap(MonitorEvent.Kind.init(rawValue:))
            }
            let point = value["point"] == nil ? nil : try condition.text("point")
            conditions.insert(Condition(kind: kind, point: point))
        }
    }

    /// The largest number that JSON of this kind can hold; no true time or size comes near.
    private static let largestNumber: UInt64 = 1 << 53 - 1

    /// The state as JSON, in one order.
    public var json: [UInt8] {
        var bytes = Array(#"{"monitor":"evident/v1""#.utf8)
        if let checkpoint {
            bytes += #","checkpoint":"#.utf8
            bytes.appendQuoted(checkpoint)
        }
        let times = [
            ("last_leaf_ms", lastLeafMS), ("tree_head_ms", treeHeadMS), ("cosigned_ms", cosignedMS),
        ]
        for (name, value) in times {
            bytes += ",\"\(name)\":".utf8
            bytes.appendDecimal(min(value, Self.largestNumber))
        }
        bytes += #","points":["#.utf8
        for (place, point) in sizes.sorted(by: { $0.key < $1.key }).enumerated() {
            bytes += (place == 0 ? #"{"name":"# : #",{"name":"#).utf8
            bytes.appendQuoted(point.key)
            bytes += #","size":"#.utf8
            bytes.appendDecimal(min(point.value, Self.largestNumber))
            bytes.append(UInt8(ascii: "}"))
        }
        bytes += #"],"conditions":["#.utf8
        let ordered = conditions.sorted {
            ($0.kind.rawValue, $0.point ?? "") < ($1.kind.rawValue, $1.point ?? "")
        }
        for (place, condition) in ordered.enumerated() {
            bytes += (place == 0 ? #"{"kind":"# : #",{"kind":"#).utf8
            bytes.appendQuoted(condition.kind.rawValue)
            if let point = condition.point {
                bytes += #","point":"#.utf8
                bytes.appendQuoted(point)
            }
            bytes.append(UInt8(ascii: "}"))
        }
        return bytes + "]}".utf8
    }
}
