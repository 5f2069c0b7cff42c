// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// How a leaf, a submission and a form digest lie in the database.
///
/// What no commitment and no tree covers carries 32 bits of ``Checksum``, its index included. It
/// finds accidents; whoever can write the database can also write a checksum, and gains nothing by
/// it but confusion about repeats.
enum StoredForm {
    static let leafWidth = 70
    /// Times are below this: 48 bits of milliseconds, until the year 10889.
    static let timestampLimit: UInt64 = 1 << 48
    static let submissionWidth = 40
    static let formWidth = 36

    // MARK: Leaf: u48(timestamp_ms) ‖ commitment ‖ mac

    static func append(_ leaf: Leaf, to bytes: inout [UInt8]) {
        bytes.appendBigEndian(UInt16(truncatingIfNeeded: leaf.timestampMS >> 32))
        bytes.appendBigEndian(UInt32(truncatingIfNeeded: leaf.timestampMS))
        bytes.append(leaf.commitment)
        bytes.append(leaf.mac)
    }

    static func leaf(_ bytes: UnsafeRawBufferPointer) -> Leaf? {
        guard bytes.count == leafWidth, let commitment = Digest(slice(bytes, 6..<38)),
            let mac = Digest(slice(bytes, 38..<70))
        else { return nil }
        let high = bytes.loadUnaligned(as: UInt16.self).bigEndian
        let low = bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self).bigEndian
        return Leaf(
            timestampMS: UInt64(high) << 32 | UInt64(low), commitment: commitment, mac: mac)
    }

    // MARK: Submission: key ‖ u32(credential) ‖ u32(checksum)

    static func append(_ submission: StoredSubmission, at index: UInt64, to bytes: inout [UInt8]) {
        bytes.append(submission.key)
        bytes.appendBigEndian(submission.credential)
        bytes.appendBigEndian(
            checksum(.submission, index, submission.key, UInt64(submission.credential)))
    }

    static func submission(
        _ bytes: UnsafeRawBufferPointer, at index: UInt64
    ) -> StoredSubmission? {
        guard bytes.count == submissionWidth, let key = Digest(slice(bytes, 0..<32)) else {
            return nil
        }
        let credential = bytes.loadUnaligned(fromByteOffset: 32, as: UInt32.self).bigEndian
        let stored = bytes.loadUnaligned(fromByteOffset: 36, as: UInt32.self).bigEndian
        guard checksum(.submission, index, key, UInt64(credential)) == stored else { return nil }
        return StoredSubmission(key: key, credential: credential)
    }

    // MARK: Form digest ‖ u32(checksum)

    static func withForm<Result>(
        _ form: Digest, at index: UInt64,
        _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var bytes: (Digest, UInt32) = (form, checksum(.form, index, form, 0).bigEndian)
        return try withUnsafeBytes(of: &bytes) { (raw) throws(StoreError) in
            try body(slice(raw, 0..<formWidth))
        }
    }

    static func form(_ bytes: UnsafeRawBufferPointer, at index: UInt64) -> Digest? {
        guard bytes.count == formWidth, let form = Digest(slice(bytes, 0..<32)) else {
            return nil
        }
        let stored = bytes.loadUnaligned(fromByteOffset: 32, as: UInt32.self).bigEndian
        return checksum(.form, index, form, 0) == stored ? form : nil
    }

    // MARK: Checksums of whole rows

    static func checksum(of head: StoredHead) -> Int64 {
        var checksum = Checksum(domain: Domain.head.rawValue)
        checksum.add(head.treeHead.size)
        checksum.add(head.commit)
        checksum.add(head.lastLeafTimestampMS)
        checksum.add(head.committedAtMS)
        withUnsafeBytes(of: (head.treeHead.root, head.lastMAC)) { checksum.add($0) }
        return Int64(checksum.value32)
    }

    static func checksum(of credential: StoredCredential) -> Int64 {
        var checksum = Checksum(domain: Domain.credential.rawValue)
        for text in [credential.tenant, credential.name] {
            Array(text.utf8).withUnsafeBytes { checksum.add($0) }
        }
        return Int64(checksum.value32)
    }

    private enum Domain: UInt64 {
        case submission = 1
        case form, head, credential
    }

    private static func checksum(
        _ domain: Domain, _ index: UInt64, _ digest: Digest, _ number: UInt64
    ) -> UInt32 {
        var checksum = Checksum(domain: domain.rawValue)
        checksum.add(index)
        checksum.add(number)
        withUnsafeBytes(of: digest) { checksum.add($0) }
        return checksum.value32
    }

    private static func slice(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
    ) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[range])
    }
}
