// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Writes a record with its stamps spliced in where canonical order puts them.
struct RecordAssembly {
    /// The text that is stored and hashed.
    let canonical: [UInt8]
    /// The same without what the log added.
    let form: [UInt8]
    let members: [CanonicalMember]
    /// Members that the log added.
    let addedCount: Int

    /// What the log may add, in canonical order.
    private static let stamps: [SchemaMember] = [.id, .received, .tenant, .time, .v]

    /// Bytes that are enough for all stamps: names, quotes, commas, and values of at most 36, 27,
    /// 64, 27 and 1 characters.
    private static let stampBound = 256

    init(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer, _ fields: RecordFields,
        id: String, received: Timestamp
    ) {
        var members = [CanonicalMember]()
        members.reserveCapacity(24)
        var added = [Int]()
        let bound = tape.canonicalBound(inputCount: input.count) + Self.stampBound
        canonical = [UInt8](unsafeUninitializedCapacity: bound) { memory, count in
            var text = RecordText(UnsafeMutableRawBufferPointer(memory))
            var stamps = Self.stamps[...]
            var next = tape.firstName(of: 0)
            while let name = next {
                next = tape.name(after: name)
                while let stamp = stamps.first,
                    tape.withText(name, of: input, { stamp.precedes($0) })
                {
                    stamps.removeFirst()
                    guard fields.lacks(stamp) else { continue }
                    added.append(members.count)
                    members.append(text.append(stamp, fields, id: id, received: received))
                }
                let time = name == fields.timeName ? fields.time : nil
                members.append(text.append(name, of: tape, input, time: time))
            }
            for stamp in stamps where fields.lacks(stamp) {
                added.append(members.count)
                members.append(text.append(stamp, fields, id: id, received: received))
            }
            count = text.end()
        }
        self.members = members
        addedCount = added.count
        form = Self.form(of: canonical, members, without: added)
    }

    private static func form(
        of canonical: [UInt8], _ members: [CanonicalMember], without added: [Int]
    ) -> [UInt8] {
        let dropped = added.reduce(0) { $0 + members[$1].member.count + 1 }
        let bound = canonical.count - dropped
        return canonical.withUnsafeBytes { source in
            [UInt8](unsafeUninitializedCapacity: bound) { memory, count in
                var writer = CanonicalWriter(UnsafeMutableRawBufferPointer(memory))
                var added = added[...]
                writer.append(UInt8(ascii: "{"))
                for (place, field) in members.enumerated() {
                    if added.first == place {
                        added.removeFirst()
                        continue
                    }
                    if writer.count > 1 { writer.append(UInt8(ascii: ",")) }
                    writer.append(UnsafeRawBufferPointer(rebasing: source[field.member]))
                }
                writer.append(UInt8(ascii: "}"))
                count = writer.count
            }
        }
    }
}

extension RecordFields {
    /// Whether the log adds that member: its own stamps always, the rest if it was not sent.
    func lacks(_ stamp: SchemaMember) -> Bool {
        switch stamp {
        case .id: id == nil
        case .tenant: !hasTenant
        case .time: time == nil
        case .v: !hasVersion
        default: true
        }
    }
}

/// The text of a record, member by member.
private struct RecordText {
    private var writer: CanonicalWriter

    init(_ memory: UnsafeMutableRawBufferPointer) {
        writer = CanonicalWriter(memory)
    }

    /// Appends a member as it was sent, or with the normal form of its time.
    mutating func append(
        _ name: Int, of tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer,
        time: Timestamp?
    ) -> CanonicalMember {
        let start = beginMember()
        writer.appendName(name, of: tape, input: input)
        let nameRange = start + 1..<writer.count - 2
        if let time {
            append(time)
        } else {
            writer.append(name + 1, of: tape, input: input)
        }
        return CanonicalMember(name: nameRange, member: start..<writer.count)
    }

    /// Appends a member that the log adds.
    mutating func append(
        _ stamp: SchemaMember, _ fields: RecordFields, id: String, received: Timestamp
    ) -> CanonicalMember {
        let start = beginMember()
        writer.append(UInt8(ascii: "\""))
        writer.append(stamp.name)
        let nameRange = start + 1..<writer.count
        writer.append("\":")
        switch stamp {
        case .id: append(id)
        case .tenant: append(fields.tenant)
        case .v: append("1")
        default: append(received)
        }
        return CanonicalMember(name: nameRange, member: start..<writer.count)
    }

    mutating func end() -> Int {
        writer.append(UInt8(ascii: "}"))
        return writer.count
    }

    private mutating func beginMember() -> Int {
        writer.append(writer.count == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
        return writer.count
    }

    /// Appends text that needs no escapes.
    private mutating func append(_ text: String) {
        writer.append(UInt8(ascii: "\""))
        writer.append(text)
        writer.append(UInt8(ascii: "\""))
    }

    private mutating func append(_ time: Timestamp) {
        writer.append(UInt8(ascii: "\""))
        writer.append(time)
        writer.append(UInt8(ascii: "\""))
    }
}
