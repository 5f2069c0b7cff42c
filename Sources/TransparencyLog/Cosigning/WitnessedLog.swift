// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import Merkle
import SignedNote
import Synchronization

/// What a witness remembers of one log, and the one place where it is compared and changed.
///
/// The newest cosigned checkpoint is in a file of its own: compared, cosigned, written, flushed
/// and renamed into place under one lock, and only then answered. A crash anywhere leaves the old
/// file or the new one, and no cosignature that was seen is newer than the file.
final class WitnessedLog: Sendable {
    private struct State {
        /// The newest cosigned checkpoint, with the log's signatures and the witness's.
        var note: Note?
        var head: TreeHead?
        var timeSeconds: UInt64 = 0
        /// After a failed write nobody knows what is on the disk.
        var hasFailed = false
    }

    let origin: String
    let keys: [VerifierKey]
    private let path: String
    private let signer: CosignatureSigner
    private let state: Mutex<State>

    /// Goes on from the log's file in `folder`; an empty one begins where there is none.
    ///
    /// Throws if the file does not bear this witness's cosignature.
    init(origin: String, keys: [VerifierKey], folder: String, signer: CosignatureSigner) throws {
        self.origin = origin
        self.keys = keys
        self.signer = signer
        path = folder + "/" + SHA256.hash(Array(origin.utf8)).hex
        var state = State()
        if let bytes = try PrivateFile.readPrivate(path, limit: AddCheckpointRequest.maxBytes) {
            do {
                let note = try Note(parsing: bytes)
                let checkpoint = try Checkpoint(parsing: note.text)
                _ = try note.verifiedSignatures(by: [signer.verifierKey])
                guard checkpoint.origin.utf8.elementsEqual(origin.utf8) else {
                    throw NoteError.wrongOrigin(got: checkpoint.origin, want: origin)
                }
                state.note = note
                state.head = checkpoint.head
                state.timeSeconds = signer.timeSeconds(in: note) ?? 0
            } catch is NoteError {
                throw FileError(
                    .malformed, path,
                    "is not what this witness cosigned last; put it back from a backup that is "
                        + "not older, or ask the log's operator before you remove it")
            }
        }
        self.state = Mutex(state)
    }

    /// The newest cosigned checkpoint; nil before the first.
    var newest: Note? { state.withLock { $0.note } }

    /// Answers a request for this log.
    ///
    /// Blocks while the file is written.
    func answer(_ request: AddCheckpointRequest, nowSeconds: UInt64) -> AddCheckpointAnswer {
        guard let signatures = try? request.note.verifiedSignatures(by: keys) else {
            return .refused(.noTrustedSignature)
        }
        let head = request.checkpoint.head
        guard request.oldSize <= head.size else { return .refused(.malformed) }
        return state.withLock { state in
            guard !state.hasFailed else { return .refused(.unavailable) }
            let last = state.head ?? .empty
            guard request.oldSize == last.size else { return .conflict(size: last.size) }
            do {
                try request.consistency.verify(from: last, to: head)
            } catch {
                return .refused(.inconsistent)
            }
            let time = max(nowSeconds, state.timeSeconds, 1)
            guard let line = try? signer.cosign(request.checkpoint, timeSeconds: time) else {
                return .refused(.unavailable)
            }
            let note = Note(text: request.note.text, signatures: signatures + [line])
            do {
                try PrivateFile.replace(path, with: Array(note.serialized.utf8))
            } catch {
                state.hasFailed = true
                return .refused(.unavailable)
            }
            state.note = note
            state.head = head
            state.timeSeconds = time
            return .cosigned([line])
        }
    }

    /// Whether a write has failed, so that nothing is cosigned until a restart.
    var hasFailed: Bool { state.withLock { $0.hasFailed } }
}
