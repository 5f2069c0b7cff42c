// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Merkle
import TransparencyLog

/// What is made of all records of a selection, and how such answers begin.
struct RecordSurvey: Sendable {
    let log: Log
    let access: AccessRecords
    let search: RecordSearch

    /// Records the reading, and feeds the records to `add`, in the order of their indexes, until all
    /// have been fed, some seconds are over, or the client has left.
    ///
    /// Returns the answer begun; its object is the caller's to close.
    func run<Result: Sendable>(
        _ kind: AccessEvent.Kind, _ selection: RecordSelection, _ call: Call, into initial: Result,
        _ add: @escaping @Sendable (inout Result, _ index: UInt64, RecordTerms) -> Void
    ) async throws -> (result: Result, answer: JSONWriter) {
        let treeSize = log.published.head.size
        var event = AccessEvent(kind)
        event.members = selection.members(treeSize: treeSize, access)
        try await access.record(event, by: call.identified())
        let (result, next) = try await search.fold(
            selection, treeSize: treeSize, for: call.context.watchClient(), into: initial, add)
        var json = JSONWriter(capacity: 8_192)
        json.open()
        json.member("schema", "audit_\(kind.rawValue)")
        json.member("version", "1")
        json.member("origin", log.keys.identity.origin.text)
        json.member("pinned_tree_size", treeSize)
        json.member("complete", next == nil)
        if let next { json.member("next_index", next) }
        return (result, json)
    }
}
