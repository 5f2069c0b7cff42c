// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage

/// An act that waits for a second operator.
struct PendingAct: Sendable {
    let kind: ActKind
    /// Joins the decision's record to the request's.
    let id: String
    /// Of exactly what is to be done.
    let digest: Digest
    /// Who asked.
    let credential: String
    let reason: String
    let expires: Timestamp
    /// What the act is made from again; it may hold the values of filters.
    let request: JSONValue
    /// The index of the record that tells of it.
    var index: UInt64 = 0
}

/// The acts that wait, kept in a file of the server's own.
///
/// The file holds what to do, and the log who asked for it and what exactly was asked: neither alone
/// is enough. A request is gone from the file when it is decided or has lapsed.
actor ApprovalBook {
    private let path: String?
    private var loaded: [UInt64: PendingAct]?

    /// Acts that wait at one time.
    private static let limit = 100
    private static let byteLimit = 64 << 20
    private static let limits = JSONLimits(byteCount: byteLimit, memberCount: 1 << 20)

    /// - Parameter path: nil keeps them as long as the process.
    init(path: String?) {
        self.path = path
    }

    /// All of them, by their indexes.
    var all: [PendingAct] {
        get throws { try load().values.sorted { $0.index < $1.index } }
    }

    subscript(index: UInt64) -> PendingAct? {
        get throws { try load()[index] }
    }

    /// Forgets what has lapsed; throws where still too many wait.
    func makeRoom(_ now: Timestamp) throws {
        let pending = try load().filter { now < $0.value.expires }
        guard pending.count < Self.limit else { throw Problem(.tooManyPending) }
        try keep(pending)
    }

    func add(_ act: PendingAct) throws {
        var pending = try load()
        pending[act.index] = act
        try keep(pending)
    }

    func remove(_ index: UInt64) throws {
        var pending = try load()
        pending[index] = nil
        try keep(pending)
    }

    // MARK: The file

    private func load() throws -> [UInt64: PendingAct] {
        if let loaded { return loaded }
        var found: [UInt64: PendingAct] = [:]
        if let path, let bytes = try PrivateFile.readPrivate(path, limit: Self.byteLimit) {
            guard let list = try? JSONValue.parse(bytes, limits: Self.limits)["pending"]?.elements
            else {
                throw FileError(
                    .malformed, path, "holds no acts that wait: move it away, and ask again")
            }
            for act in list.compactMap(PendingAct.init) { found[act.index] = act }
        }
        loaded = found
        return found
    }

    private func keep(_ pending: [UInt64: PendingAct]) throws {
        if let path {
            let acts = pending.values.sorted { $0.index < $1.index }.map(\.json)
            try PrivateFile.replace(
                path, with: JSONValue.object([.init("pending", .array(acts))]).canonical)
        }
        loaded = pending
    }
}

extension PendingAct {
    /// As the file has it.
    fileprivate var json: JSONValue {
        [
            "act": .string(kind.rawValue), "credential": .string(credential),
            "digest": .string(digest.hex), "expires": .string(expires.description),
            "id": .string(id), "index": .integer(index), "reason": .string(reason),
            "request": request,
        ]
    }

    fileprivate init?(_ json: JSONValue) {
        guard let kind = json["act"]?.text.flatMap(ActKind.init), let id = json["id"]?.text,
            let digest = json["digest"]?.text.flatMap({ Digest(hex: $0) }),
            let credential = json["credential"]?.text, let reason = json["reason"]?.text,
            let expires = json["expires"]?.text.flatMap({ Timestamp(rfc3339: $0) }),
            let index = json["index"]?.unsigned, let request = json["request"]
        else { return nil }
        self.init(
            kind: kind, id: id, digest: digest, credential: credential, reason: reason,
            expires: expires, request: request, index: index)
    }
}

extension JSONWriter {
    /// What is told of an act that waits: never its filters.
    mutating func pending(_ act: PendingAct) {
        open()
        member("pending", act.index)
        member("act", act.kind.rawValue)
        member("credential", act.credential)
        member("reason", act.reason)
        member("digest", hex: act.digest)
        member("expires", act.expires.description)
        close()
    }
}
