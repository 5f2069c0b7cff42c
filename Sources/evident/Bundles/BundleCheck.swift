// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogClient
import LogStorage

/// Verifies files of evidence under keys that were given beforehand: bundles, and sets of them.
struct BundleCheck {
    /// What a file proves.
    enum Finding {
        case bundle(VerifiedBundle, erased: [ErasedFields])
        case set(VerifiedBundleSet)
    }

    let pinned: PinnedLog
    private(set) var erasures = ErasureRecords()

    /// Bytes of a bundle: its record is far smaller.
    private static let bundleLimit = 64 << 20
    private static let pieceBytes = 1 << 18

    init(_ pinned: PinnedLog) {
        self.pinned = pinned
    }

    /// Verifies a file of erasure records, a bundle or a set, that others refer to.
    mutating func learn(_ file: String) throws(CommandFailure) {
        switch try verify(file) {
        case .set(let set): erasures.learn(set)
        case .bundle(let bundle, _):
            do {
                try erasures.learn(bundle)
            } catch {
                throw CommandFailure(
                    .unverifiable, "\(file) tells of no erasure (\(error))",
                    advice: "Its bundle must show tenant, type and details.")
            }
        }
    }

    /// Reads a file piece by piece, and verifies it.
    ///
    /// - Parameter progress: called with the leaves of the tree that a set covers so far, and all.
    func verify(
        _ file: String, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws(CommandFailure) -> Finding {
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw CommandFailure(.inputOutput, "\(file): there is no such file to read")
        }
        defer { try? handle.close() }
        var head = try Self.piece(of: handle, file)
        while !head.isEmpty, !head.contains(UInt8(ascii: "\n")),
            head.count <= BundleSetLine.byteLimit
        {
            let more = try Self.piece(of: handle, file)
            guard !more.isEmpty else { break }
            head += more
        }
        do {
            return BundleSetVerifier.begins(head)
                ? .set(try verifySet(head, handle, file, progress))
                : try verifyBundle(head, handle, file)
        } catch let error as CommandFailure {
            throw error
        } catch let error as VerifyError {
            throw CommandFailure(error)
        } catch let error as BundleSetError {
            throw CommandFailure(error)
        } catch {
            throw CommandFailure(.unverifiable, "it is no evidence bundle, nor a set (\(error))")
        }
    }

    private func verifyBundle(
        _ head: [UInt8], _ handle: FileHandle, _ file: String
    ) throws -> Finding {
        var bytes = head
        while true {
            let piece = try Self.piece(of: handle, file)
            guard !piece.isEmpty else { break }
            bytes += piece
            guard bytes.count <= Self.bundleLimit else {
                throw CommandFailure(.unverifiable, "it is too large to be an evidence bundle")
            }
        }
        let bundle = try EvidenceBundle(parsing: bytes).verify(by: pinned)
        return .bundle(bundle, erased: try bundle.erasedFields(by: erasures))
    }

    private func verifySet(
        _ head: [UInt8], _ handle: FileHandle, _ file: String,
        _ progress: (UInt64, UInt64) -> Void
    ) throws -> VerifiedBundleSet {
        var verifier = BundleSetVerifier(pinned, erasures: erasures)
        var piece = head
        while !piece.isEmpty {
            try verifier.read(piece)
            progress(verifier.progress.covered, verifier.progress.size)
            piece = try Self.piece(of: handle, file)
        }
        return try verifier.finish()
    }

    /// The next bytes; none at the end.
    private static func piece(
        of handle: FileHandle, _ file: String
    ) throws(CommandFailure) -> [UInt8] {
        do {
            return Array(try handle.read(upToCount: pieceBytes) ?? Data())
        } catch {
            throw CommandFailure(.inputOutput, "\(file) cannot be read")
        }
    }
}

extension CommandFailure {
    /// A bundle set that does not verify.
    init(_ error: BundleSetError) {
        switch error.verdict {
        case .tampered:
            self.init(.tampered, "NOT PROVEN: \(error)", advice: "This is evidence; keep it.")
        case .unverifiable:
            self.init(.unverifiable, "cannot be verified: \(error)")
        }
    }
}
