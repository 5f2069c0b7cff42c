// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import TransparencyLog

/// What an operator asks for that destroys content, or that allows it to be destroyed.
protocol OperatorAct: Sendable {
    var kind: ActKind { get }
    /// Why, as a code that the log will tell.
    var reason: String { get }
    /// The act as JSON, from which it can be made again.
    var request: JSONValue { get }
    /// What it would do now.
    func plan() async throws -> PlannedAct
}

/// The kinds of acts, as the log's records call them.
enum ActKind: String, Sendable, CaseIterable {
    case erase
    case releaseHold = "hold.release"
    case prune
    case retention
}

/// Who acts.
struct ActParties: Sendable {
    /// The operator who asks.
    let credential: String
    /// The one who has agreed, where two must.
    var approver: String?
}

/// Exactly what an act would do.
struct PlannedAct: Sendable {
    /// All that it would do, in one text: who agrees to the text agrees to that alone.
    let text: JSONValue
    /// Nothing would be done.
    let isEmpty: Bool
    /// Holds that forbid it.
    var heldBy: [UInt64] = []
    /// The answer; the indexes are those of the records that announced it, nil before it is done.
    let answer: @Sendable (_ announced: [UInt64]?) -> JSONWriter
    /// Does it, and returns the indexes of the records that announced it.
    let carryOut: @Sendable (ActParties) async throws -> [UInt64]

    var digest: Digest {
        SHA256.hash(Array("evident.act.v1\u{0}".utf8) + text.canonical)
    }
}

extension JSONWriter {
    /// The answer of an act: whether it was a dry run, what it did or would do, and the records that
    /// announced it.
    static func act(
        _ announced: [UInt64]?, _ body: (inout JSONWriter) -> Void
    ) -> JSONWriter {
        var json = JSONWriter(capacity: 2_048)
        json.open()
        json.member("dry_run", announced == nil)
        body(&json)
        if let announced { json.member("announced", announced) }
        json.close()
        return json
    }
}

/// What acts work with.
struct ActSurroundings: Sendable {
    let log: Log
    let settings: SettingsInForce
    let search: RecordSearch
    let holds: HoldBook

    var retention: RetentionSettings { settings.current.settings.retention }

    /// Makes an act again from its ``OperatorAct/request``; nil for anything else.
    func act(_ kind: ActKind, _ request: JSONValue) -> (any OperatorAct)? {
        switch kind {
        case .erase: try? EraseAct(request, self)
        case .releaseHold: ReleaseAct(request, self)
        case .prune: try? PruneAct(request, self)
        case .retention: try? RetentionAct(request, self)
        }
    }
}
