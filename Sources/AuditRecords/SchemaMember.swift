// SPDX-License-Identifier: Apache-2.0

/// The top-level members that schema version 1 knows, in canonical order.
enum SchemaMember: UInt8, CaseIterable {
    case action, actor, agent, approval, arguments, changes, dataClasses, details, durationUS
    case error, id, imported, labels, model, outcome, phase, policy, producer, reason, received
    case redactionPolicy, redactions, result, severity, source, target, tenant, time, tool, trace
    case type, usage, v

    private static let names: [StaticString] = [
        "action", "actor", "agent", "approval", "arguments", "changes", "data_classes", "details",
        "duration_us", "error", "id", "imported", "labels", "model", "outcome", "phase", "policy",
        "producer", "reason", "received", "redaction_policy", "redactions", "result", "severity",
        "source", "target", "tenant", "time", "tool", "trace", "type", "usage", "v",
    ]

    private static let keys = names.map { name in
        NameKey(UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// The member of that name, or nil.
    ///
    /// Cost: six comparisons.
    init?(named name: UnsafeRawBufferPointer) {
        guard name.count <= NameKey.byteCount else { return nil }
        let key = NameKey(name)
        var (low, high) = (0, Self.keys.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        guard low < Self.keys.count, Self.keys[low] == key else { return nil }
        self.init(rawValue: UInt8(low))
    }

    var name: StaticString { Self.names[Int(rawValue)] }

    /// Whether its name comes before another, byte by byte.
    func precedes(_ other: UnsafeRawBufferPointer) -> Bool {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return name.lexicographicallyPrecedes(other)
    }

    /// Only the log sets these.
    var isStamp: Bool {
        self == .received || self == .redactions || self == .redactionPolicy
    }
}

/// The first 16 bytes of a name as one number, zeros behind a shorter one.
///
/// Keys sort as the names do: no name holds a zero byte. Names up to 16 bytes have keys of their
/// own, and no top-level name is longer.
struct NameKey: Comparable {
    static let byteCount = 16
    private let value: UInt128

    init(_ name: UnsafeRawBufferPointer) {
        var bytes: UInt128 = 0
        withUnsafeMutableBytes(of: &bytes) { $0.copyMemory(from: .init(rebasing: name.prefix(16))) }
        value = UInt128(bigEndian: bytes)
    }

    static func < (left: NameKey, right: NameKey) -> Bool { left.value < right.value }
}
