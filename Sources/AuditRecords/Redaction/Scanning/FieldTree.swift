// SPDX-License-Identifier: Apache-2.0

/// Field policies by path, one name a step.
struct FieldTree: Sendable {
    private struct Node: Sendable {
        var policy: FieldPolicy?
        var children: [(name: [UInt8], node: Int)] = []
        /// The child for any name.
        var any: Int?
    }

    /// Where a walk stands: the nodes of all paths that lead there, exact names first.
    struct Place {
        fileprivate var nodes: [Int]
        static let nowhere = Place(nodes: [])
    }

    private var nodes = [Node()]
    /// Whether a policy acts on members in which nothing may be found.
    private(set) var actsUnasked = false

    init(_ fields: [String: FieldPolicy]) {
        for (path, policy) in fields.sorted(by: { $0.key < $1.key }) {
            var at = 0
            for name in path.split(separator: ".") { at = child(of: at, String(name)) }
            nodes[at].policy = policy
            switch policy {
            case .drop, .whole: actsUnasked = true
            case .scan, .keep, .matches: break
            }
        }
    }

    private mutating func child(of parent: Int, _ name: String) -> Int {
        let bytes = Array(name.utf8)
        if name == "*" {
            if let any = nodes[parent].any { return any }
        } else if let known = nodes[parent].children.first(where: { $0.name == bytes }) {
            return known.node
        }
        nodes.append(Node())
        if name == "*" {
            nodes[parent].any = nodes.count - 1
        } else {
            nodes[parent].children.append((bytes, nodes.count - 1))
        }
        return nodes.count - 1
    }

    var root: Place { Place(nodes: [0]) }

    func step(_ place: Place, _ name: UnsafeRawBufferPointer) -> Place {
        guard !place.nodes.isEmpty else { return place }
        var next = Place.nowhere
        for node in place.nodes {
            if let child = nodes[node].children.first(where: { $0.name.elementsEqual(name) }) {
                next.nodes.append(child.node)
            }
        }
        next.nodes += place.nodes.compactMap { nodes[$0].any }
        return next
    }

    /// The policy of the most exact path that has one.
    func policy(_ place: Place) -> FieldPolicy {
        place.nodes.lazy.compactMap { nodes[$0].policy }.first ?? .scan
    }

    static func isPath(_ path: String) -> Bool {
        let names = path.split(separator: ".", omittingEmptySubsequences: false)
        return !names.contains { $0.isEmpty } && names.count <= 32
    }
}
