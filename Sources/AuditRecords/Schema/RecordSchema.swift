// SPDX-License-Identifier: Apache-2.0

/// Schema version 1: the members that a record may have at top level.
///
/// `RecordSchema+Objects` has the objects behind them, and `RecordType` the types of events.
enum RecordSchema {
    /// What `v` says.
    static let version: StaticString = "1"

    /// Who sets a member, and whether it can be erased alone.
    enum MemberClass: Sendable {
        /// Names the record and is never erased alone.
        case header
        /// The producer's; a field that can be disclosed or erased alone.
        case erasable
        /// Set by the log and refused from a producer.
        case stamp
    }

    struct Entry: Sendable {
        let rule: ValueRule
        let memberClass: MemberClass
        let note: StaticString

        init(
            _ rule: ValueRule, as memberClass: MemberClass = .erasable, _ note: StaticString
        ) {
            self.rule = rule
            self.memberClass = memberClass
            self.note = note
        }
    }

    /// What every record has from its producer.
    static let required: [SchemaMember] = [.type, .actor]

    static let outcomes: [StaticString] = [
        "success", "failure", "denied", "timeout", "cancelled", "partial", "unknown",
    ]
    static let phases: [StaticString] = ["intent", "outcome", "single"]

    /// One entry for each ``SchemaMember``, in its order.
    static let entries: [Entry] = SchemaMember.allCases.map(entry)

    /// The rules of ``entries``.
    ///
    /// What the log reads itself has been checked before: any value of those is right here.
    static let rules: [ValueRule] = SchemaMember.allCases.map { member in
        switch member {
        case .v, .id, .type, .tenant, .time: .freeForm(nil)
        default: member.entry.rule
        }
    }

    private static func entry(of member: SchemaMember) -> Entry {
        switch member {
        case .v, .id, .type, .tenant, .time, .received: headerEntry(of: member)
        case .action, .outcome, .phase, .reason, .severity, .durationUS, .dataClasses:
            eventEntry(of: member)
        case .arguments, .result, .usage, .labels, .details: freeFormEntry(of: member)
        default: objectEntry(of: member)
        }
    }

    private static func headerEntry(of member: SchemaMember) -> Entry {
        switch member {
        case .v:
            Entry(
                .choice([version]), as: .header, "Version of the schema; the log adds it if absent."
            )
        case .id:
            Entry(
                .text(36, .uuid), as: .header,
                "The record's own identifier; the log makes one if absent.")
        case .type:
            Entry(
                .text(64, .type), as: .header,
                "What kind of event it is. Open: a type that the registry lacks is taken too.")
        case .tenant:
            Entry(
                .text(64, .tenant), as: .header,
                "Whose record it is. The credential decides; a body may only agree.")
        case .received:
            Entry(.text(27, .time), as: .stamp, "When the log took it, by the log's clock.")
        default:
            Entry(
                .text(64, .time),
                "When it happened, by the producer's clock; stored in UTC with six decimals.")
        }
    }

    private static func eventEntry(of member: SchemaMember) -> Entry {
        switch member {
        case .action: Entry(.text(128), "What was done, in the producer's words.")
        case .outcome:
            Entry(
                .choice(outcomes),
                "How it ended. A refusal is an outcome like any other: denied.")
        case .phase:
            Entry(
                .choice(phases),
                "intent before a side effect, outcome after it, single if one record tells both.")
        case .reason:
            Entry(.text(64, .word), "Why, as a code. Open: producers choose their own.")
        case .severity:
            Entry(
                .integer(1...6),
                "1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal.")
        case .durationUS: Entry(.count, "How long it took, in microseconds.")
        default:
            Entry(
                .array(.text(64, .word), limit: 16),
                "What kinds of data were touched, such as pii, pci, phi, secret, memory, public.")
        }
    }

    private static func freeFormEntry(of member: SchemaMember) -> Entry {
        switch member {
        case .arguments: Entry(.freeForm(nil), "What a tool or model was called with.")
        case .result: Entry(.freeForm(nil), "What came back, or its sizes.")
        case .usage: Entry(.freeForm(nil), "Tokens, money and other quantities used.")
        case .labels:
            Entry(
                .freeForm(MapLimits(names: 20, nameLength: 40, textLength: 200)),
                "Short marks to sort by.")
        default: Entry(.freeForm(nil), "Anything else that belongs to the event.")
        }
    }

    private static func objectEntry(of member: SchemaMember) -> Entry {
        switch member {
        case .actor: Entry(.object(actor), "Who did it. Anonymous is a value, not an absence.")
        case .agent: Entry(.object(agent), "The agent that acted for the actor.")
        case .model: Entry(.object(model), "The model that was used.")
        case .tool: Entry(.object(tool), "The tool that was called.")
        case .approval: Entry(.object(approval), "Who allowed what.")
        case .policy: Entry(.object(policy), "The rule that decided.")
        case .target: Entry(.array(.object(target), limit: 16), "What was acted on.")
        case .source: Entry(.object(source), "Where the request came from.")
        case .trace: Entry(.object(trace), "What belongs together.")
        case .producer: Entry(.object(producer), "The program that sent the record.")
        case .error: Entry(.object(error), "What went wrong.")
        case .changes: Entry(.array(.object(change), limit: 64), "What was changed.")
        case .imported:
            Entry(
                .object(imported),
                "Where a record comes from that another system made: proof begins at its import.")
        case .redactions:
            Entry(.object(redactions), as: .stamp, "What was replaced: a count for each rule.")
        default:
            Entry(.object(redactionPolicy), as: .stamp, "The policy that looked for it.")
        }
    }
}

extension SchemaMember {
    var entry: RecordSchema.Entry { RecordSchema.entries[Int(rawValue)] }

    /// Members that hold any JSON.
    var isFreeForm: Bool {
        switch self {
        case .arguments, .details, .labels, .result, .usage: true
        default: false
        }
    }
}
