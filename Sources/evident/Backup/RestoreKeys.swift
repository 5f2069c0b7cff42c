// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage
import SignedNote
import TransparencyLog

/// The keys that a backup is verified or restored with, which must be those of its log.
enum RestoreKeys {
    /// What is there to verify with: at the least the public part that every backup has.
    static func verifying(
        _ manifest: BackupManifest, given: [VerifierKey], folder: String?, backup: String
    ) throws -> VerificationKeys {
        let pinned: [VerifierKey]
        let keys: VerificationKeys
        do {
            pinned = given.isEmpty ? [try VerifierKey(parsing: manifest.vkey)] : given
            keys = try VerificationKeys.load(
                from: folder ?? "\(backup)/\(BackupFolder.keys)", given: pinned)
        } catch let error as NoteError {
            throw CommandFailure(.tampered, "the backup names no verifier key (\(error))")
        } catch let error as KeyError {
            throw CommandFailure(.unverifiable, error.message)
        }
        guard keys.origin.text.utf8.elementsEqual(manifest.origin.utf8) else {
            throw CommandFailure(
                .unverifiable, "the keys are of \(keys.origin), and the backup of another log")
        }
        try checkpoint(of: manifest, under: pinned)
        return keys
    }

    /// All of the log's own keys, to go on with.
    static func whole(
        _ manifest: BackupManifest, folder: String?, backup: String
    ) throws -> (keys: LogKeys, folder: String) {
        guard let folder = folder ?? (manifest.hasKeys ? "\(backup)/\(BackupFolder.keys)" : nil)
        else {
            throw CommandFailure(
                .unverifiable, "the backup was made without the log's keys",
                advice: "Name the copy of its folder `keys` that you have kept: --keys DIR")
        }
        let keys: LogKeys
        do {
            keys = try LogKeys.load(from: folder)
        } catch {
            throw CommandFailure(opening: error) ?? error
        }
        guard keys.identity.origin.text.utf8.elementsEqual(manifest.origin.utf8) else {
            throw CommandFailure(
                .rollbackSuspected,
                "\(folder) has keys of \(keys.identity.origin), and the backup is of another log")
        }
        try checkpoint(of: manifest, under: [keys.signer.verifierKey])
        return (keys, folder)
    }

    /// The checkpoint must be of the manifest's head, and signed.
    private static func checkpoint(
        of manifest: BackupManifest, under keys: [VerifierKey]
    ) throws(CommandFailure) {
        do {
            let opened = try OpenedCheckpoint.open(
                Array(manifest.checkpoint.utf8), origin: manifest.origin, keys: keys)
            guard opened.checkpoint.head == manifest.head else {
                throw CommandFailure(
                    .tampered, "the backup's checkpoint is of another head than it says")
            }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(
                .tampered, "the backup's checkpoint does not bear the log's signature (\(error))",
                advice: "The keys are another log's, or the backup was altered.")
        }
    }
}
