// SPDX-License-Identifier: Apache-2.0

import AuditChain
import TransparencyLog

/// What one request for a bundle set asks for.
struct BundleSetRequest: Sendable {
    /// What the log is to say of itself in the set, in the order of the lines.
    enum Report: String, Sendable, CaseIterable {
        case chain, gaps
    }

    let credential: Credential
    let selection: RecordSelection
    let fields: FieldSelection
    let reports: [Report]
    let head: HeadChoice

    static let parameters =
        QueryParameters.selection + [
            FieldSelection.parameter,
            .queries(
                "report", ["enum": .list(Report.allCases.map { .text($0.rawValue) })],
                "Adds what the log says of itself: chain, the verdict of a verification of chain"
                    + " and tree, for auditors; gaps, what producers counted and the log does not"
                    + " hold."),
            HeadChoice.parameter,
        ]

    init(_ call: Call, _ search: RecordSearch) throws(Problem) {
        credential = try call.identified()
        selection = try search.selection(call)
        fields = try FieldSelection(call.query)
        let names = call.query.all("report")
        reports = Report.allCases.filter { names.contains($0.rawValue) }
        guard reports.count == names.count else {
            throw .invalidParameter("report", "Ask for chain, gaps, or once for each.")
        }
        head = try HeadChoice(call.query)
        if reports.contains(.chain), credential.role != .auditor { throw Problem(.notAuthorized) }
    }

    /// The indexes at which records are looked for, in a tree of this size.
    func range(_ size: UInt64) -> Range<UInt64> { selection.range.clamped(to: 0..<size) }

    /// The filters, and the one tenant of somebody who sees one.
    var query: [UInt8] {
        guard case .only(let tenant) = selection.scope,
            let members = (try? JSONValue.parse(selection.canonical, limits: .disclosed))?.members
        else { return selection.canonical }
        let own = JSONValue.Member("tenant", .array([.string(tenant)]))
        return JSONValue.object(members.filter { $0.name != "tenant" } + [own]).canonical
    }

    /// The reading that begins, for the log.
    func event(_ size: UInt64, _ access: AccessRecords) -> AccessEvent {
        var event = AccessEvent(.bundleSet)
        event.members = selection.members(treeSize: size, access) + fields.members
        if !reports.isEmpty {
            event.members.append(("report", .array(reports.map { .string($0.rawValue) })))
        }
        event.members.append(("tree_size", .integer(size)))
        return event
    }
}
