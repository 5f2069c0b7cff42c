// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Synchronization

/// The exports that run, and for a while those that have ended: how far they are, and manifests.
///
/// In memory alone: a manifest holds the query as it was asked, which may be personal. Who loses
/// one resumes the export, whose file is then vouched for anew.
final class ExportBook: Sendable {
    /// Where one export stands.
    struct Status: Sendable {
        let credential: Credential
        let format: String
        /// The indexes that are looked at.
        let range: Range<UInt64>
        /// The first one that was not looked at yet.
        var next: UInt64
        var records: UInt64 = 0
        var bytes: UInt64 = 0
        var outcome: Outcome?
    }

    /// How one ended.
    enum Outcome: Sendable {
        case made(manifest: [UInt8])
        case failed(Problem)
    }

    /// One export's own line in the book.
    final class Entry: Sendable {
        /// Known to the one who asked: 32 hex digits.
        let id: String
        private let book: ExportBook

        fileprivate init(_ id: String, _ book: ExportBook) {
            self.id = id
            self.book = book
        }

        /// An export whose answer was never begun, or was dropped, has ended too.
        deinit { book.change(id) { $0.outcome = $0.outcome ?? .failed(Problem(.clientLeft)) } }

        func change(_ body: (inout Status) -> Void) { book.change(id, body) }
    }

    /// Ended ones that are kept; the oldest goes first.
    private static let limit = 64

    private struct State {
        var byID: [String: Status] = [:]
        var order: [String] = []
    }

    private let state = Mutex(State())

    func begin(_ status: Status) -> Entry {
        let id = Hex.encode(SecureRandom.bytes(16))
        state.withLock { state in
            state.byID[id] = status
            state.order.append(id)
            while state.byID.count > Self.limit,
                let place = state.order.firstIndex(where: { state.byID[$0]?.outcome != nil })
            {
                state.byID[state.order.remove(at: place)] = nil
            }
        }
        return Entry(id, self)
    }

    /// What is known of the export that a credential asked for.
    func status(_ id: String, of credential: Credential) -> Status? {
        state.withLock { $0.byID[id].flatMap { $0.credential == credential ? $0 : nil } }
    }

    private func change(_ id: String, _ body: (inout Status) -> Void) {
        state.withLock { state in
            if var status = state.byID[id] {
                body(&status)
                state.byID[id] = status
            }
        }
    }
}
