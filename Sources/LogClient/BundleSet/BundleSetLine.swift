// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import LogCrypto

/// One line of a bundle set, parsed and not proven.
public enum BundleSetLine: Sendable {
    /// What was asked for, and the head under which it is proven.
    case header(BundleSetHeader)
    /// One record.
    case record(BundleSetRecord)
    /// Leaves that are not shown: those from the next one to before `to`.
    case skip(to: UInt64, nodes: [Digest])
    /// What the log says of itself.
    case report(BundleSetReport)
    /// The end of records and reports.
    case end(records: UInt64)
    /// The log's own record of the set, and the proof that its tree begins with the set's.
    case vouched(EvidenceBundle, consistency: [Digest])

    /// Bytes that a line may have at most, its line feed aside: 16 MiB.
    public static let byteLimit = 16 << 20

    /// Members that the objects of a line may have at most: a report of gaps names thousands.
    public static let memberLimit = 65_536

    static let limits = JSONLimits(byteCount: byteLimit, memberCount: memberLimit)

    /// Parses a line, without its line feed.
    public init(parsing bytes: [UInt8]) throws(ProofFileError) {
        let value: JSONValue
        do {
            value = try JSONValue.parse(bytes, limits: Self.limits)
        } catch {
            throw .json(error)
        }
        if value["index"] != nil {
            self = .record(try BundleSetRecord(value))
        } else if value["skip_to"] != nil {
            let members = try MemberReader(value, at: "", required: ["skip_to", "nodes"])
            self = .skip(to: try members.number("skip_to"), nodes: try members.hashes("nodes"))
        } else if value["bundle_set"] != nil {
            self = .header(try BundleSetHeader(value))
        } else if value["report"] != nil {
            self = .report(try BundleSetReport(value))
        } else if value["end"] != nil {
            let members = try MemberReader(value, at: "", required: ["end", "records"])
            try members.require("end", is: BundleSetHeader.format)
            self = .end(records: try members.number("records"))
        } else {
            let members = try MemberReader(value, at: "", required: ["vouched", "consistency"])
            let bundle = try members.value("vouched") { $0 }
            self = .vouched(
                try EvidenceBundle(bundle, at: "vouched"),
                consistency: try members.hashes("consistency"))
        }
    }
}

/// The first line of a bundle set.
public struct BundleSetHeader: Sendable {
    static let format = "evident/v1"

    /// The log's clock when the set was begun, in milliseconds since 1970.
    public let madeMS: UInt64
    /// The filters that were asked for, by name; empty if there were none.
    public let query: JSONValue
    /// The indexes at which records were looked for.
    public let range: Range<UInt64>
    /// The names of the fields that were to be shown; nil for all.
    public let fields: [String]?
    /// The signed note of the checkpoint under which all is proven.
    public let checkpoint: String

    init(_ value: JSONValue) throws(ProofFileError) {
        let members = try MemberReader(
            value, at: "",
            required: ["bundle_set", "made_ms", "query", "first", "end", "checkpoint"],
            optional: ["fields"])
        try members.require("bundle_set", is: Self.format)
        madeMS = try members.number("made_ms")
        query = try members.value("query") { $0.members == nil ? nil : $0 }
        let (first, end) = (try members.number("first"), try members.number("end"))
        guard first <= end else { throw .malformed("end") }
        range = first..<end
        fields =
            value["fields"] == nil
            ? nil : try members.value("fields") { Self.names($0) }
        checkpoint = try members.text("checkpoint")
    }

    /// Names of fields that strictly increase.
    private static func names(_ value: JSONValue) -> [String]? {
        guard let names = value.elements?.map(\.text) else { return nil }
        var last: String?
        for name in names {
            guard let name, (try? CommittedField(hidden: name, digest: .zero)) != nil,
                last.map({ $0.utf8.lexicographicallyPrecedes(name.utf8) }) ?? true
            else { return nil }
            last = name
        }
        return names.compactMap(\.self)
    }
}

/// One record of a bundle set.
public struct BundleSetRecord: Sendable {
    /// The leaf's index, from 0.
    public let index: UInt64
    /// The log's time at sequencing, in milliseconds since 1970.
    public let timestampMS: UInt64
    /// The record's MAC in the log's chain.
    public let recordHash: Digest
    /// All fields of the record, in its order.
    public let fields: [BundleField]

    init(_ value: JSONValue) throws(ProofFileError) {
        let members = try MemberReader(
            value, at: "", required: ["index", "timestamp_ms", "record_hash", "fields"])
        index = try members.number("index")
        timestampMS = try members.number("timestamp_ms")
        recordHash = try members.digest("record_hash")
        fields = try BundleField.all(in: members)
    }
}

/// What a log says of itself in a bundle set: a claim, whatever the set proves.
public struct BundleSetReport: Sendable {
    /// What a report is about, in the order in which reports stand.
    public enum Kind: String, Sendable, CaseIterable {
        /// The verdict of a verification of the log's chain.
        case chain
        /// Gaps in what producers counted.
        case gaps
    }

    /// What it is about.
    public let kind: Kind
    /// An object.
    public let content: JSONValue

    init(_ value: JSONValue) throws(ProofFileError) {
        let members = try MemberReader(value, at: "", required: ["report", "content"])
        kind = try members.value("report") { $0.text.flatMap(Kind.init) }
        content = try members.value("content") { $0.members == nil ? nil : $0 }
    }
}
