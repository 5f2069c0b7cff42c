// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What a request to erase asks for.
struct ErasureRequest: Sendable {
    enum Record: Hashable, Sendable {
        case index(UInt64)
        case id(String)
    }

    struct Target: Hashable, Sendable {
        let record: Record
        /// Empty for the whole record.
        let fields: [String]
    }

    /// Empty where filters say what is meant.
    private(set) var targets: [Target] = []
    /// The fields to erase of each record that the filters find; empty for whole records.
    private(set) var fields: [String] = []
    private(set) var reason = ""
    private(set) var isDryRun = true

    private static let targetLimit = 1_000
    /// Room for as many records, each with the names of many fields.
    static let limits = JSONLimits(byteCount: 256 << 10, memberCount: 2 * targetLimit + 8)
    /// Fields that are never erased alone: without them nobody can say what record it was.
    static let lasting: Set<String> = ["v", "id", "type", "tenant", "received"]

    /// Reads a body.
    ///
    /// Throws, with the member's name, what is not of its form.
    init(_ body: [UInt8]) throws(Problem) {
        guard let members = (try? JSONValue.parse(body, limits: Self.limits))?.members else {
            throw .invalidParameter("body", "Send one JSON object, with a reason.")
        }
        for member in members {
            switch member.name {
            case "dry_run":
                guard case .bool(let value) = member.value else {
                    throw .invalidParameter("dry_run", "dry_run is true, the default, or false.")
                }
                isDryRun = value
            case "reason": reason = member.value.text ?? ""
            case "fields": fields = try Self.fields(member.value)
            case "records": targets = try Self.targets(member.value)
            default: throw .invalidParameter("body", "Give reason, records, fields and dry_run.")
            }
        }
        guard Self.isCode(reason) else { throw .invalidReason }
        guard targets.isEmpty || fields.isEmpty else {
            throw .invalidParameter(
                "fields", "Beside records, each of them says its own fields.")
        }
    }

    /// Whether a text is a reason that the log may tell: a code, and never a sentence with a name.
    static func isCode(_ text: String) -> Bool {
        1...64 ~= text.utf8.count
            && text.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "._-".utf8.contains(byte)
            }
    }

    private static func targets(_ value: JSONValue) throws(Problem) -> [Target] {
        guard let elements = value.elements, 1...targetLimit ~= elements.count else {
            throw .invalidParameter("records", "Give 1 to \(targetLimit) records.")
        }
        var targets: [Target] = []
        for element in elements {
            guard let target = try target(element) else {
                throw .invalidParameter(
                    "records", "A record is an index, an id, or {\"index\":N,\"fields\":[…]}.")
            }
            targets.append(target)
        }
        return targets
    }

    private static func target(_ value: JSONValue) throws(Problem) -> Target? {
        if let index = value.unsigned { return Target(record: .index(index), fields: []) }
        if let id = value.text, id.utf8.count == 36 {
            return Target(record: .id(id), fields: [])
        }
        guard let members = value.members, let fields = value["fields"], members.count == 2 else {
            return nil
        }
        if let index = value["index"]?.unsigned {
            return Target(record: .index(index), fields: try Self.fields(fields))
        }
        guard let id = value["id"]?.text, id.utf8.count == 36 else { return nil }
        return Target(record: .id(id), fields: try Self.fields(fields))
    }

    private static func fields(_ value: JSONValue) throws(Problem) -> [String] {
        let names = value.elements?.compactMap(\.text) ?? []
        guard !names.isEmpty, names.count == value.elements?.count, Set(names).count == names.count,
            names.allSatisfy({ 1...63 ~= $0.utf8.count })
        else {
            throw .invalidParameter("fields", "Give the names of top-level members, each once.")
        }
        guard lasting.isDisjoint(with: names) else {
            throw .invalidParameter(
                "fields", "v, id, type, tenant and received go only with the whole record.")
        }
        return names.sorted()
    }
}

extension Problem {
    static var invalidReason: Problem {
        .invalidParameter(
            "reason", "Give a reason as a code of 1 to 64 of a-z 0-9 . _ -: gdpr.art17.")
    }
}
