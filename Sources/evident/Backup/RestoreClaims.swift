// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClient
import LogClientHTTP
import LogStorage
import Merkle
import SignedNote
import TransparencyLog

/// What others know of a log that is to be restored: whether it had come further than its backup.
struct RestoreClaims {
    /// Heads that the log's key signed, by who holds them.
    private(set) var claims: [WitnessClaim] = []
    /// Where the mirrors are whose heads are among them.
    private(set) var mirrors: [(location: String, head: TreeHead)] = []
    /// What the anchor that is there has.
    private(set) var anchored: TreeHead?
    /// What was announced for erasure, as far as anybody here knows.
    private(set) var ledger = LedgerContents()
    /// What was looked at, for people.
    private(set) var looked: [String] = []

    /// Whether the log may go on from a head, and what follows.
    enum Verdict: Equatable {
        /// The anchor has the very head.
        case proven
        /// Nothing newer is known, and nothing proves that there is none.
        case unknown
        /// There was more, as `keeper` shows.
        case behind(UInt64, keeper: String)
    }

    func verdict(on head: TreeHead) throws(CommandFailure) -> Verdict {
        for claim in claims where claim.head.size == head.size && claim.head != head {
            throw Self.fork(claim)
        }
        if let newest = claims.max(by: { $0.head.size < $1.head.size }),
            newest.head.size > head.size
        {
            return .behind(newest.head.size, keeper: newest.keeper)
        }
        if let last = ledger.lastIndex, last >= head.size {
            return .behind(last + 1, keeper: "the erasure ledger, which names its last entry")
        }
        return anchored == head ? .proven : .unknown
    }

    static func fork(_ claim: WitnessClaim) -> CommandFailure {
        CommandFailure(
            .rollbackSuspected,
            "the backup is of another history than the head of \(claim.head.size) entries that is "
                + "held by \(claim.keeper)",
            advice: "Keep both as evidence: one log has signed two histories.")
    }

    // MARK: Who knows

    mutating func ask(anchor path: String, _ keys: LogKeys) throws {
        guard BackupFolder.exists(path) else {
            return looked.append("there is no anchor at \(path)")
        }
        guard let state = try AnchorState.read(path: path) else {
            throw CommandFailure(
                .rollbackSuspected, "the anchor at \(path) is unreadable",
                advice: "Restore it from its volume's backup. If it is lost, move it away, and see "
                    + "what mirrors and witnesses hold.")
        }
        let head = try Self.head(Array(state.note.utf8), keys, "the anchor at \(path)")
        anchored = head
        claims.append(WitnessClaim(head: head, keeper: "the anchor at \(path)"))
        looked.append("the anchor at \(path) has a head of \(head.size)")
    }

    mutating func add(_ witnesses: WitnessAnswers) {
        claims += witnesses.claims
        looked.append(
            witnesses.asked == 0
                ? "no witnesses are configured"
                : "\(witnesses.claims.count) of \(witnesses.asked) witnesses show a head of this log"
        )
    }

    mutating func add(mirror location: String, _ note: [UInt8]?, _ keys: LogKeys) throws {
        guard let note else {
            throw CommandFailure(.unverifiable, "the mirror \(location) shows no checkpoint")
        }
        let head = try Self.head(note, keys, "the mirror \(location)")
        claims.append(WitnessClaim(head: head, keeper: "the mirror \(location)"))
        mirrors.append((location, head))
        looked.append("the mirror \(location) has a head of \(head.size)")
    }

    mutating func read(ledgers paths: [String]) throws {
        guard
            let merged = LedgerContents.merged(
                try paths.map { path throws(FileError) in try ErasureLedger.read(path: path) })
        else {
            throw CommandFailure(
                .rollbackSuspected,
                "two erasure ledgers name different things for one record: "
                    + paths.joined(separator: ", "),
                advice: "One of them is another log's, or was altered. Leave it out.")
        }
        ledger = merged
    }

    private static func head(
        _ note: [UInt8], _ keys: LogKeys, _ keeper: String
    ) throws -> TreeHead {
        do {
            return try OpenedCheckpoint.open(
                note, origin: keys.identity.origin.text, keys: [keys.signer.verifierKey]
            ).checkpoint.head
        } catch {
            throw CommandFailure(
                .rollbackSuspected, "\(keeper) does not bear this log's signature (\(error))",
                advice: "It or the keys are another log's: put together what belongs together.")
        }
    }
}

/// What the witnesses of a log say when they are asked for its newest head.
struct WitnessAnswers {
    let claims: [WitnessClaim]
    let asked: Int

    /// Asks those that the settings name.
    static func of(_ witnesses: WitnessSection, _ keys: LogKeys) async throws -> WitnessAnswers {
        let http = WitnessHTTP()
        let settings: WitnessSettings?
        do {
            settings = try witnesses.settings(
                for: keys.signer.verifierKey, data: nil, transport: http.transport)
        } catch {
            await http.close()
            throw error
        }
        let claims = await settings?.claims(log: keys.signer.verifierKey) ?? []
        await http.close()
        return WitnessAnswers(
            claims: claims, asked: settings?.policy.witnesses.count { $0.url != nil } ?? 0)
    }
}

/// A mirror by its folder or its address.
enum MirrorSource {
    static func with<Result: Sendable>(
        _ location: String, _ body: (any LogSource) async throws -> Result
    ) async throws -> Result {
        do {
            guard location.hasPrefix("http://") || location.hasPrefix("https://") else {
                return try await body(FolderLogSource(folder: location))
            }
            return try await ServerOptions.translating {
                try await LogEndpoint.withClient { client in
                    try await body(
                        HTTPLogSource(endpoint: try LogEndpoint(url: location, client: client)))
                }
            }
        } catch let error as VerifyError {
            throw CommandFailure(error)
        }
    }
}
