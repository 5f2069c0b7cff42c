// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClient
import LogStorage
import Merkle
import SignedNote

/// A checkpoint that somebody has kept, and that the log of today must extend.
struct OlderCheckpoint {
    private let opened: OpenedCheckpoint
    private let file: String

    /// Reads and opens a kept checkpoint.
    init(_ file: String, _ pinned: PinnedLog) throws {
        self.file = file
        guard let note = try PrivateFile.read(file, limit: 1 << 20, followingLinks: true) else {
            throw FileError(.missing, file, "there is no such file")
        }
        do {
            opened = try .open(note, origin: pinned.origin.text, keys: pinned.keys)
        } catch {
            throw CommandFailure(
                .unverifiable, "\(file) cannot be used: \(VerifyError.checkpoint(error))")
        }
    }

    /// Checks that a verified log of today begins with the kept tree.
    ///
    /// A fork is written into a file of evidence in the current folder.
    func check(_ newest: OpenedCheckpoint, _ source: any LogSource, _ pinned: PinnedLog)
        async throws
    {
        let (old, new) = (opened.checkpoint.head, newest.checkpoint.head)
        let relation: HeadRelation
        do {
            relation = try await ForkSearch(pinned).compare(opened, newest, tilesFrom: source)
        } catch let error as VerifyError where new.size < old.size {
            throw CommandFailure(
                .tampered,
                "the log has \(new.size.grouped) entries, and \(file) shows that it had "
                    + "\(old.size.grouped): it was set back, or a stale copy was asked (\(error))",
                advice: "Keep that checkpoint: once the log has grown again it shows a fork.")
        } catch let error as VerifyError {
            throw CommandFailure(error)
        }
        switch relation {
        case .consistent where new.size < old.size:
            throw CommandFailure(
                .tampered,
                "the log shows a head of \(new.size.grouped) entries, and \(file) one of "
                    + "\(old.size.grouped), of the same history: it was set back, or is stale")
        case .consistent: return
        case .fork(let evidence):
            let path = evidence.fileName
            try PrivateFile.replace(path, with: evidence.json)
            throw CommandFailure(
                .forked, try evidence.verify(by: pinned).text,
                advice: "The evidence is in \(path); anyone can check it: "
                    + "evident verify fork \(path) --vkey KEY")
        }
    }
}
