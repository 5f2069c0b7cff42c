// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage

/// How what an erasure leaves lies in the database: u16(count), the fields, u32(checksum).
///
/// A field is 0, salt, u32(length), member; or 1, u8(length), name, digest, u64(by). What is left is
/// covered by the commitment; the checksum finds accidents in what is not.
extension StoredForm {
    static func bytes(_ fields: [RemainingField], at index: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(UInt16(fields.count))
        for field in fields {
            switch field {
            case .kept(let salt, let member):
                bytes.append(0)
                bytes += salt.bytes
                bytes.appendBigEndian(UInt32(member.count))
                bytes += member
            case .erased(let name, let digest, let by):
                bytes.append(1)
                bytes.append(UInt8(name.utf8.count))
                bytes += name.utf8
                bytes.append(digest)
                bytes.appendBigEndian(by)
            }
        }
        let checksum = bytes.withUnsafeBytes { Self.checksum(of: $0, at: index) }
        bytes.appendBigEndian(checksum)
        return bytes
    }

    /// Nil unless the bytes are exactly what ``bytes(_:at:)`` makes of some fields, one of them left.
    static func fields(_ bytes: UnsafeRawBufferPointer, at index: UInt64) -> [RemainingField]? {
        guard bytes.count > 6 else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 4)])
        let stored = bytes.loadUnaligned(fromByteOffset: body.count, as: UInt32.self).bigEndian
        guard checksum(of: body, at: index) == stored else { return nil }
        var reader = FieldReader(bytes: body)
        guard let count = reader.number(as: UInt16.self) else { return nil }
        var fields: [RemainingField] = []
        for _ in 0..<count {
            guard let field = reader.field() else { return nil }
            fields.append(field)
        }
        let isLeft = fields.contains { if case .kept = $0 { true } else { false } }
        return reader.isAtEnd && isLeft ? fields : nil
    }

    private static func checksum(of bytes: UnsafeRawBufferPointer, at index: UInt64) -> UInt32 {
        var checksum = Checksum(domain: 0x7265_6475)
        checksum.add(index)
        checksum.add(bytes)
        return checksum.value32
    }
}

/// Takes fields from the front of bytes; nil where they are not what they must be.
private struct FieldReader {
    let bytes: UnsafeRawBufferPointer
    private var next = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { next == bytes.count }

    mutating func number<Number: FixedWidthInteger>(as type: Number.Type) -> Number? {
        guard let taken = take(MemoryLayout<Number>.size) else { return nil }
        return taken.loadUnaligned(as: type).bigEndian
    }

    mutating func field() -> RemainingField? {
        switch number(as: UInt8.self) {
        case 0:
            guard let salt = take(Salt.byteCount).flatMap({ Salt($0) }),
                let count = number(as: UInt32.self), let member = take(Int(count))
            else { return nil }
            return .kept(salt: salt, member: [UInt8](member))
        case 1:
            guard let count = number(as: UInt8.self), let name = take(Int(count)),
                let text = String(validating: name, as: UTF8.self),
                let digest = take(Digest.byteCount).flatMap({ Digest($0) }),
                let by = number(as: UInt64.self)
            else { return nil }
            return .erased(name: text, digest: digest, by: by)
        default: return nil
        }
    }

    private mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count <= bytes.count - next else { return nil }
        defer { next += count }
        return UnsafeRawBufferPointer(rebasing: bytes[next..<next + count])
    }
}
