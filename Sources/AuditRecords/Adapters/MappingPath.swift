// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// The way to a value in an object: `user.name`, `targets.0.id`, or a JSON Pointer (RFC 6901) for
/// names with dots.
struct MappingPath: Hashable, Sendable {
    /// At least one; digits alone are also the place of an element.
    let steps: [String]

    init(steps: [String]) { self.steps = steps }

    init(_ value: JSONValue, at key: String) throws(MappingError) {
        guard let text = value.text else {
            throw MappingError(key, "it is a path, such as user.name")
        }
        let steps =
            text.hasPrefix("/")
            ? text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
                String($0.replacing("~1", with: "/").replacing("~0", with: "~"))
            } : text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard 1...32 ~= steps.count, !steps.contains("") else {
            throw MappingError(key, "it is a path of 1 to 32 names, such as user.name")
        }
        self.steps = steps
    }

    var text: String { steps.joined(separator: ".") }

    /// Whether one of them leads to a part of what the other leads to.
    func overlaps(_ other: MappingPath) -> Bool {
        zip(steps, other.steps).allSatisfy { $0 == $1 }
    }

    /// The object that holds each value at its path; the paths do not overlap.
    ///
    /// An object whose names are 0, 1, 2 and so on is an array.
    static func object(_ values: [(path: MappingPath, value: JSONValue)]) -> JSONValue {
        var names: [String] = []
        var inner: [String: [(path: MappingPath, value: JSONValue)]] = [:]
        var members: [JSONValue.Member] = []
        for (path, value) in values {
            let name = path.steps[0]
            guard path.steps.count > 1 else {
                members.append(.init(name, value))
                continue
            }
            if inner[name] == nil { names.append(name) }
            inner[name, default: []].append(
                (MappingPath(steps: Array(path.steps.dropFirst())), value))
        }
        for name in names { members.append(.init(name, object(inner[name] ?? []))) }
        let elements = members.indices.compactMap { place in
            members.first { $0.name == String(place) }?.value
        }
        guard !members.isEmpty, elements.count == members.count else { return .object(members) }
        return .array(elements)
    }
}

extension JSONValue {
    /// The value at a path, or nil.
    subscript(path: MappingPath) -> JSONValue? {
        path.steps.reduce(self as JSONValue?) { value, step in
            if let elements = value?.elements {
                guard let place = Int(step), elements.indices.contains(place) else { return nil }
                return elements[place]
            }
            return value?[step]
        }
    }

    /// The value without what lies at paths; an object that has nothing left goes too.
    ///
    /// Elements of arrays stay: without one of them the others would be others.
    func removing(_ paths: [MappingPath]) -> JSONValue {
        guard let members else { return self }
        return .object(
            members.compactMap { member in
                let matching = paths.filter { $0.steps[0].utf8.elementsEqual(member.name.utf8) }
                guard !matching.isEmpty else { return member }
                guard !matching.contains(where: { $0.steps.count == 1 }) else { return nil }
                let left = member.value.removing(
                    matching.map { MappingPath(steps: Array($0.steps.dropFirst())) })
                return left.members?.isEmpty == true ? nil : .init(member.name, left)
            })
    }
}
