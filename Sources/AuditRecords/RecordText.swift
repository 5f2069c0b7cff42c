// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// Writes the text of a record, member by member, and cuts what is too large.
struct RecordText {
    /// A member whose value was replaced.
    struct Cut {
        let place: Int
        /// The whole text of the member as it was.
        let member: [UInt8]
    }

    private(set) var cuts: [Cut] = []
    /// The first member that is too large and cannot be cut.
    private(set) var oversize: Int?

    /// Appends a member as it was sent, or with the normal form of its time.
    func append(
        _ name: Int, of tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer,
        time: Timestamp?, to writer: inout CanonicalWriter
    ) -> CanonicalMember {
        let start = begin(&writer)
        writer.appendName(name, of: tape, input: input)
        let nameRange = start + 1..<writer.count - 2
        if let time {
            append(time, to: &writer)
        } else {
            writer.append(name + 1, of: tape, input: input)
        }
        return CanonicalMember(name: nameRange, member: start..<writer.count)
    }

    /// Appends a member that the log adds.
    func append(
        _ stamp: SchemaMember, _ fields: RecordFields, _ stamps: RecordStamps,
        to writer: inout CanonicalWriter
    ) -> CanonicalMember {
        let start = begin(&writer)
        writer.append(UInt8(ascii: "\""))
        writer.append(stamp.name)
        let nameRange = start + 1..<writer.count
        writer.append("\":")
        switch stamp {
        case .id: append(stamps.id, to: &writer)
        case .tenant: append(fields.tenant, to: &writer)
        case .v: append("1", to: &writer)
        case .redactions: stamps.redaction.counts.withUnsafeBytes { writer.append($0) }
        case .redactionPolicy: stamps.redaction.policy.withUnsafeBytes { writer.append($0) }
        default: append(stamps.received, to: &writer)
        }
        return CanonicalMember(name: nameRange, member: start..<writer.count)
    }

    /// Replaces the value of the member that was written last, if it is free-form and too large, or
    /// if only a hash of it is to be kept.
    mutating func cut(
        _ member: CanonicalMember, at place: Int, _ cut: FieldCut,
        in writer: inout CanonicalWriter
    ) -> CanonicalMember {
        let value = member.name.upperBound + 2..<member.member.upperBound
        let isHashed =
            cut.hashesPayload && CaptureMode.isPayload(writer.written(member.name))
            && !writer.written(value).elementsEqual("null".utf8)
        guard isHashed || value.count > cut.byteCount else { return member }
        let known = SchemaMember(named: writer.written(member.name))
        guard isHashed || cut.policy == .truncate && known?.isFreeForm ?? true else {
            oversize = oversize ?? place
            return member
        }
        cuts.append(Cut(place: place, member: Array(writer.written(member.member))))
        let digest = Self.digest(of: writer.written(value), seed: cut.seed)
        writer.truncate(to: value.lowerBound)
        writer.append("{\"digest\":\"")
        writer.append(digest.hex)
        writer.append("\",\"size\":")
        writer.append(String(value.count))
        writer.append(",\"truncated\":true}")
        return CanonicalMember(
            name: member.name, member: member.member.lowerBound..<writer.count)
    }

    /// `SHA256(0x06 ‖ seed ‖ value)`: nobody without the record's seed can test a guess by it.
    static func digest(of value: UnsafeRawBufferPointer, seed: Digest) -> Digest {
        var text: [UInt8] = [0x06]
        text.reserveCapacity(1 + Digest.byteCount + value.count)
        withUnsafeBytes(of: seed) { text.append(contentsOf: $0) }
        text.append(contentsOf: value)
        return SHA256.hash(text)
    }

    private func begin(_ writer: inout CanonicalWriter) -> Int {
        writer.append(writer.count == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
        return writer.count
    }

    /// Appends text that needs no escapes.
    private func append(_ text: String, to writer: inout CanonicalWriter) {
        writer.append(UInt8(ascii: "\""))
        writer.append(text)
        writer.append(UInt8(ascii: "\""))
    }

    private func append(_ time: Timestamp, to writer: inout CanonicalWriter) {
        writer.append(UInt8(ascii: "\""))
        writer.append(time)
        writer.append(UInt8(ascii: "\""))
    }
}
