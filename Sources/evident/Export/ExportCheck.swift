// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogClient

/// Verifies exported files under keys that were given beforehand.
struct ExportCheck {
    private static let pieceBytes = 1 << 18

    let pinned: PinnedLog

    init(_ pinned: PinnedLog) {
        self.pinned = pinned
    }

    /// Reads a file piece by piece, and verifies it against its manifest.
    ///
    /// - Parameter progress: called with the bytes of the file that were read, and all.
    func verify(
        _ file: String, manifest path: String, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws(CommandFailure) -> VerifiedExport {
        let manifest = try Self.bytes(of: path)
        guard let handle = FileHandle(forReadingAtPath: file) else {
            throw CommandFailure(.inputOutput, "\(file): there is no such file to read")
        }
        defer { try? handle.close() }
        do throws(ExportError) {
            var verifier = try ExportVerifier(pinned, manifest: manifest)
            while let piece = Self.piece(of: handle) {
                try verifier.read(piece)
                progress(verifier.count, verifier.manifest.bytes)
            }
            return try verifier.finish()
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func bytes(of path: String) throws(CommandFailure) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandFailure(
                .inputOutput, "\(path): there is no such manifest to read",
                advice: "It lies beside the exported file; --manifest names another place.")
        }
        defer { try? handle.close() }
        let data = try? handle.read(upToCount: ExportVerifier.manifestLimit + 1)
        return Array(data ?? Data())
    }

    /// The next bytes; nil at the end.
    ///
    /// What cannot be read is a file that ends early.
    private static func piece(of handle: FileHandle) -> [UInt8]? {
        guard let data = try? handle.read(upToCount: pieceBytes), !data.isEmpty else { return nil }
        return Array(data)
    }
}

extension CommandFailure {
    /// An export that does not verify.
    init(_ error: ExportError) {
        switch error.verdict {
        case .tampered:
            self.init(.tampered, "NOT PROVEN: \(error)", advice: "This is evidence; keep it.")
        case .unverifiable:
            self.init(.unverifiable, "cannot be verified: \(error)")
        }
    }
}
