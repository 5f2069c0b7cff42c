// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import SignedNote

/// Verifies an exported file of any length against its manifest, piece by piece as it is read, in
/// the memory of one line.
public struct ExportVerifier: ~Copyable {
    /// What the log says of the file.
    public let manifest: ExportManifest
    /// How much of the file was read.
    public private(set) var count: UInt64 = 0

    private let vouchedBy: UInt64?
    private let witnesses: [String]
    private var stream: SHA256Stream? = SHA256Stream()
    private var records: ExportedRecords

    /// Bytes that a manifest may have at most.
    public static let manifestLimit = 16 << 20

    /// Checks a manifest under a pinned log: its tree, and the log's own record of it.
    public init(_ pinned: PinnedLog, manifest bytes: [UInt8]) throws(ExportError) {
        let newline = UInt8(ascii: "\n")
        let lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        guard bytes.count <= Self.manifestLimit, lines.count == 3, lines[2].isEmpty else {
            throw .notTwoLines
        }
        let manifest = try Self.reading(1, lines[0]) { (value) throws(ProofFileError) in
            try ExportManifest(value)
        }
        guard let records = ExportedRecords(manifest) else { throw .unknownFormat }
        let opened = try Self.proving { () throws(VerifyError) in
            try pinned.open(Array(manifest.checkpoint.utf8))
        }
        guard opened.checkpoint.head == manifest.head else { throw .otherTree }
        guard manifest.range.upperBound <= manifest.head.size else { throw .rangeBeyondTree }
        vouchedBy = try Self.vouched(
            lines[1], for: SHA256.hash(Array(lines[0]) + [newline]), manifest, pinned)
        witnesses = pinned.cosigners(of: opened)
        self.manifest = manifest
        self.records = records
    }

    /// Takes the next bytes of the file.
    public mutating func read(_ bytes: [UInt8]) throws(ExportError) {
        count += UInt64(bytes.count)
        guard count <= manifest.bytes else { throw .tooLong(want: manifest.bytes) }
        stream?.update(bytes)
        try records.read(bytes)
    }

    /// What the file proves, once all of its bytes have been read.
    public consuming func finish() throws(ExportError) -> VerifiedExport {
        guard count == manifest.bytes else {
            throw .cutShort(got: count, want: manifest.bytes)
        }
        guard let stream = stream.take(), stream.finalize() == manifest.sha256 else {
            throw .otherFile
        }
        let coversTree = try records.finish(manifest)
        return VerifiedExport(
            manifest: manifest, witnesses: witnesses, vouchedBy: vouchedBy,
            coversTree: coversTree)
    }

    /// The index of the record that vouches; nil where the line says that none does.
    private static func vouched(
        _ line: ArraySlice<UInt8>, for digest: Digest, _ manifest: ExportManifest,
        _ pinned: PinnedLog
    ) throws(ExportError) -> UInt64? {
        let record = try reading(2, line) { (value) throws(ProofFileError) -> VouchedRecord? in
            guard value["unvouched"] != nil else { return try VouchedRecord(value) }
            let members = try MemberReader(value, at: "", required: ["unvouched"])
            _ = try members.text("unvouched")
            return nil
        }
        guard let record else { return nil }
        let vouched: (index: UInt64, details: JSONValue)
        do throws(VouchedRecord.Failure) {
            vouched = try record.verify(by: pinned, kind: "file", after: manifest.head)
        } catch {
            switch error {
            case .proof(let error): throw .proof(error)
            case .notVouched: throw .notVouched
            case .tooEarly(let index, let size): throw .vouchedTooEarly(index: index, size: size)
            }
        }
        guard vouched.details["manifest_sha256"]?.text == digest.hex else { throw .otherManifest }
        return vouched.index
    }

    private static func reading<Result>(
        _ number: Int, _ line: ArraySlice<UInt8>,
        _ body: (JSONValue) throws(ProofFileError) -> Result
    ) throws(ExportError) -> Result {
        do throws(ProofFileError) {
            return try body(
                ProofFileError.parse(Array(line), limits: BundleSetLine.limits))
        } catch {
            throw .manifest(line: number, error)
        }
    }

    private static func proving<Result>(
        _ body: () throws(VerifyError) -> Result
    ) throws(ExportError) -> Result {
        do throws(VerifyError) {
            return try body()
        } catch {
            throw .proof(error)
        }
    }
}
