// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// Writes a record with its stamps spliced in where canonical order puts them.
struct RecordAssembly {
    /// The text that is stored and hashed.
    let canonical: [UInt8]
    /// The same without what the log added, and with all that it cut away.
    let form: [UInt8]
    let members: [CanonicalMember]
    /// Members that the log added, in all objects together.
    let addedCount: Int
    /// Values were replaced, and what they held is no longer there.
    let isCut: Bool
    /// The place among ``members`` of the first value that is too large and stays.
    let oversize: Int?

    /// What the log may add, in canonical order.
    private static let stamps: [SchemaMember] = [
        .id, .received, .redactionPolicy, .redactions, .tenant, .time, .v,
    ]

    /// Bytes that are enough for all stamps but the redaction's: names, quotes, commas, and values
    /// of at most 36, 27, 64, 27 and 1 characters.
    private static let stampBound = 256

    init(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer, _ fields: RecordFields,
        _ stamps: RecordStamps, _ cut: FieldCut
    ) {
        var members = [CanonicalMember]()
        members.reserveCapacity(24)
        var added = [Int]()
        var text = RecordText()
        let bound =
            tape.canonicalBound(inputCount: input.count) + Self.stampBound
            + stamps.redaction.byteCount
            + (cut.hashesPayload ? FieldCut.replacementBound * tape.memberCount : 0)
        canonical = [UInt8](unsafeUninitializedCapacity: bound) { memory, count in
            var writer = CanonicalWriter(UnsafeMutableRawBufferPointer(memory))
            var missing = Self.stamps[...]
            var next = tape.firstName(of: 0)
            while let name = next {
                next = tape.name(after: name)
                while let stamp = missing.first,
                    tape.withText(name, of: input, { stamp.precedes($0) })
                {
                    missing.removeFirst()
                    guard fields.lacks(stamp, stamps) else { continue }
                    added.append(members.count)
                    members.append(text.append(stamp, fields, stamps, to: &writer))
                }
                let time = name == fields.timeName ? fields.time : nil
                let member = text.append(name, of: tape, input, time: time, to: &writer)
                members.append(text.cut(member, at: members.count, cut, in: &writer))
            }
            for stamp in missing where fields.lacks(stamp, stamps) {
                added.append(members.count)
                members.append(text.append(stamp, fields, stamps, to: &writer))
            }
            writer.append(UInt8(ascii: "}"))
            count = writer.count
        }
        self.members = members
        addedCount = added.count + stamps.redaction.memberCount
        isCut = !text.cuts.isEmpty
        oversize = text.oversize
        form = Self.form(of: canonical, members, without: added, text.cuts)
    }

    private static func form(
        of canonical: [UInt8], _ members: [CanonicalMember], without added: [Int],
        _ cuts: [RecordText.Cut]
    ) -> [UInt8] {
        let dropped = added.reduce(0) { $0 + members[$1].member.count + 1 }
        let restored = cuts.reduce(0) { $0 + $1.member.count }
        let bound = canonical.count - dropped + restored
        return canonical.withUnsafeBytes { source in
            [UInt8](unsafeUninitializedCapacity: bound) { memory, count in
                var writer = CanonicalWriter(UnsafeMutableRawBufferPointer(memory))
                var (added, cuts) = (added[...], cuts[...])
                writer.append(UInt8(ascii: "{"))
                for (place, field) in members.enumerated() {
                    if added.first == place {
                        added.removeFirst()
                        continue
                    }
                    if writer.count > 1 { writer.append(UInt8(ascii: ",")) }
                    if let cut = cuts.first, cut.place == place {
                        cuts.removeFirst()
                        cut.member.withUnsafeBytes { writer.append($0) }
                    } else {
                        writer.append(UnsafeRawBufferPointer(rebasing: source[field.member]))
                    }
                }
                writer.append(UInt8(ascii: "}"))
                count = writer.count
            }
        }
    }
}

/// What the log adds to a record.
struct RecordStamps {
    let id: String
    let received: Timestamp
    let redaction: RedactionStamp
}

/// How large a value may be, and what becomes of a larger one.
struct FieldCut {
    let byteCount: Int
    let policy: RecordOptions.Oversize
    /// Bytes that are enough for what stands in a cut value's place.
    static let replacementBound = 128
    /// The payload is cut whatever its size.
    var hashesPayload = false
    /// The record's secret, which salts the digests of what is cut away.
    let seed: Digest
}

extension RecordFields {
    /// Whether the log adds that member: its own stamps always, the rest if it was not sent.
    func lacks(_ stamp: SchemaMember, _ stamps: RecordStamps) -> Bool {
        switch stamp {
        case .id: id == nil
        case .tenant: !hasTenant
        case .time: time == nil
        case .v: !hasVersion
        case .redactions: !stamps.redaction.counts.isEmpty
        case .redactionPolicy: !stamps.redaction.policy.isEmpty
        default: true
        }
    }
}
