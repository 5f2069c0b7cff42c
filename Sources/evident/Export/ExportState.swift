// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage

/// What an export that is not finished was asked for: kept beside the file, so that the same command
/// goes on with it.
struct ExportState: Equatable, Sendable {
    let format: String
    /// What ages were counted back from.
    let asked: Timestamp
    /// The filters as parameters.
    let items: [Item]
    let fromIndex: UInt64?
    let toIndex: UInt64?
    /// The index before which the export ends; nil until the log has said how large it is.
    var end: UInt64?

    struct Item: Equatable, Sendable {
        let name: String
        let value: String
    }

    private static let limit = 1 << 20

    init(
        format: String, asked: Timestamp, items: [(name: String, value: String)],
        fromIndex: UInt64?, toIndex: UInt64?
    ) {
        self.format = format
        self.asked = asked
        self.items = items.map { Item(name: $0.name, value: $0.value) }
        self.fromIndex = fromIndex
        self.toIndex = toIndex
    }

    /// Where the state of an export to that file lies.
    static func path(of file: String) -> String { "\(file).export" }

    /// The state beside a file; nil if there is none.
    static func read(_ file: String) throws -> ExportState? {
        guard let bytes = try PrivateFile.read(path(of: file), limit: limit) else { return nil }
        guard let state = ExportState(bytes) else {
            throw CommandFailure.usage(
                "\(path(of: file)) is not the state of an export",
                advice: "Remove it and \(file).partial to begin anew.")
        }
        return state
    }

    /// Keeps it; durable when it returns.
    func write(beside file: String) throws {
        try PrivateFile.replace(Self.path(of: file), with: json.canonical)
    }

    private var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("asked", .string(asked.description)), .init("export", "evident/v1"),
            .init("format", .string(format)),
            .init("items", .array(items.map { [.string($0.name), .string($0.value)] })),
        ]
        for (name, number) in [("from_index", fromIndex), ("to_index", toIndex), ("end", end)] {
            if let number { members.append(.init(name, .string(String(number)))) }
        }
        return .object(members)
    }

    private init?(_ bytes: [UInt8]) {
        guard let value = try? JSONValue.parse(bytes, limits: .disclosed),
            value["export"]?.text == "evident/v1", let format = value["format"]?.text,
            let asked = value["asked"]?.text.flatMap({ Timestamp(rfc3339: $0) }),
            let elements = value["items"]?.elements
        else { return nil }
        let items = elements.compactMap { element -> (name: String, value: String)? in
            guard let name = element.elements?.first?.text,
                let value = element.elements?.last?.text
            else { return nil }
            return (name, value)
        }
        func number(_ name: String) -> UInt64? { value[name]?.text.flatMap { UInt64($0) } }
        self.init(
            format: format, asked: asked, items: items, fromIndex: number("from_index"),
            toIndex: number("to_index"))
        end = number("end")
    }
}
