// SPDX-License-Identifier: Apache-2.0

/// The names that the schema knows in one object, and what stands behind them.
///
/// Other names are the producer's own and are kept as they are.
final class ObjectRule: Sendable {
    struct Member: Sendable {
        let name: StaticString
        let rule: ValueRule
        let isRequired: Bool
        let note: StaticString
    }

    /// A condition between members of one object.
    enum Condition: Sendable {
        /// Whoever sends the first sends the second too.
        case needs(StaticString, StaticString)
        /// Where the first is true, none of the others is sent.
        case hides(StaticString, [StaticString])
    }

    /// By name, at most 64.
    let members: [Member]
    let conditions: [Condition]
    /// The places of the members that are required, one bit each.
    let required: UInt64
    private let keys: [NameKey]

    init(_ members: [Member], conditions: [Condition] = []) {
        let sorted = members.sorted { $0.name.text < $1.name.text }
        precondition(sorted.count <= 64, "one bit for each member")
        self.members = sorted
        self.conditions = conditions
        keys = sorted.map { NameKey($0.name) }
        required = sorted.indices.reduce(0) { $0 | (sorted[$1].isRequired ? 1 << $1 : 0) }
    }

    /// The place of the member of that name, or nil.
    ///
    /// Cost: at most four comparisons.
    func place(named name: UnsafeRawBufferPointer) -> Int? {
        let key = NameKey(name)
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        // Keys hold 16 bytes; a longer name is compared whole.
        guard low < keys.count, keys[low] == key, members[low].name.isEqual(to: name) else {
            return nil
        }
        return low
    }
}

extension ObjectRule.Member {
    static func member(
        _ name: StaticString, _ rule: ValueRule, required: Bool = false, _ note: StaticString
    ) -> ObjectRule.Member {
        ObjectRule.Member(name: name, rule: rule, isRequired: required, note: note)
    }
}

extension NameKey {
    init(_ name: StaticString) {
        self.init(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }
}
