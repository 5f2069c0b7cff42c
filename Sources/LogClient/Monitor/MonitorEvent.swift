// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// Something that a monitor tells of.
public struct MonitorEvent: Hashable, Sendable {
    /// What happened; the raw value is the stable code of the event.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Everything up to a newer head was verified.
        case headAdvanced = "head_advanced"
        /// What an earlier event told of is over.
        case cleared
        /// A place could not be asked.
        case unreachable
        /// A place shows no checkpoint that opens under the pinned keys.
        case unverifiable
        /// The newest head lacks the cosignatures that the policy asks for.
        case unwitnessed
        /// A place shows a smaller head than it did, and it is a true one of the log.
        case smallerHead = "smaller_head"
        /// A place shows a smaller head, and nothing at hand says whether it is a true one.
        case undecided
        /// No head was signed for longer than the limit.
        case stale
        /// No line with a time is by a pinned key, so nobody can say how old the head is.
        case undated
        /// A head is signed with a time that has not come yet.
        case headAhead = "head_ahead"
        /// A larger head is signed with an earlier time than a smaller one.
        case headTimeBackwards = "head_time_backwards"
        /// A tile that the signed head promises is not served.
        case notServed = "not_served"
        /// A signature, a tile or an entry is not what was signed.
        case altered
        /// Entries of a kind that this version does not know.
        case unknownEntries = "unknown_entries"
        /// Entries that claim to be leaves of version 1 and are not.
        case malformedEntries = "malformed_entries"
        /// Leaves that are older than the leaf before them.
        case timeBackwards = "time_backwards"
        /// Leaves that claim to be older than a signed head that has not got them.
        case backdated
        /// Leaves that claim to be newer than a signature over them.
        case leafAhead = "leaf_ahead"
        /// The log has signed two heads that no single history has.
        case fork
    }

    /// How much an event matters.
    public enum Severity: String, Hashable, Sendable {
        /// As it should be.
        case info
        /// Something could not be checked, or may pass.
        case warning
        /// Somebody has to look.
        case alarm
    }

    /// What happened.
    public let kind: Kind

    /// Where: the name of a vantage point, or `nil` for the log as a whole.
    public let point: String?

    /// What happened, in one sentence without a full stop; nothing secret, nothing of a record.
    public let detail: String

    /// The first entry that it is about.
    public let index: UInt64?

    /// The tree's size that it is about.
    public let size: UInt64?

    /// The proof, for a fork.
    public let evidence: ForkEvidence?

    init(
        _ kind: Kind, at point: String? = nil, _ detail: String, index: UInt64? = nil,
        size: UInt64? = nil, evidence: ForkEvidence? = nil
    ) {
        self.kind = kind
        self.point = point
        self.detail = detail
        self.index = index
        self.size = size
        self.evidence = evidence
    }

    /// How much it matters.
    public var severity: Severity { kind.severity }
}

extension MonitorEvent.Kind {
    /// How much events of this kind matter.
    public var severity: MonitorEvent.Severity {
        switch self {
        case .headAdvanced, .cleared: .info
        case .unreachable, .unverifiable, .unwitnessed, .smallerHead, .undated, .unknownEntries:
            .warning
        case .undecided, .stale, .headAhead, .headTimeBackwards, .notServed, .altered,
            .malformedEntries, .timeBackwards, .backdated, .leafAhead, .fork:
            .alarm
        }
    }

    /// Whether it lasts until it is cleared, and is told of when it begins and when it ends.
    public var lasts: Bool {
        switch self {
        case .unreachable, .unverifiable, .unwitnessed, .smallerHead, .undecided, .stale, .undated,
            .headAhead, .notServed, .altered, .fork:
            true
        case .headAdvanced, .cleared, .headTimeBackwards, .unknownEntries, .malformedEntries,
            .timeBackwards, .backdated, .leafAhead:
            false
        }
    }
}

extension MonitorEvent {
    /// The event as a JSON object, as a webhook gets it.
    public func json(origin: String, timeMS: UInt64) -> [UInt8] {
        var bytes = Array(#"{"event":"#.utf8)
        bytes.appendQuoted(kind.rawValue)
        bytes += #","severity":"#.utf8
        bytes.appendQuoted(severity.rawValue)
        bytes += #","origin":"#.utf8
        bytes.appendQuoted(origin)
        if let point {
            bytes += #","point":"#.utf8
            bytes.appendQuoted(point)
        }
        bytes += #","detail":"#.utf8
        bytes.appendQuoted(detail)
        bytes += #","time_ms":"#.utf8
        bytes.appendDecimal(timeMS)
        for (name, value) in [("index", index), ("size", size)] {
            guard let value else { continue }
            bytes += ",\"\(name)\":".utf8
            bytes.appendDecimal(value)
        }
        if let evidence { bytes += #","evidence":"#.utf8 + evidence.json }
        return bytes + "}".utf8
    }
}
