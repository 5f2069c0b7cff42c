// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogCrypto
import LogServer
import LogStorage
import Merkle
import SQLiteStorage
import SignedNote
import TransparencyLog

/// `evident fsck`: the store itself, with the log's keys.
struct FsckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck",
        abstract: "Check a log's store: every row, tile, link, head and anchor.",
        discussion: """
            EXAMPLES
              evident fsck --data /var/lib/evident
              evident fsck --data /var/lib/evident --tree
              evident fsck --data /var/lib/evident --lookups --json

            The store is opened to be read only; a server may run meanwhile, and entries that it
            adds after the start are left out. The first thing that is wrong is named by index and
            column. Exit status 1 says that something was changed, 2 that it cannot be told.
            """)

    @OptionGroup var folder: DataOptions

    @Flag(help: "Only the tree: leaves, tiles, root, head and anchor.")
    var tree = false

    @Flag(help: "The look-ups too. The store is opened as by a server, which must not run.")
    var lookups = false

    @Option(help: "Cores to use for records. [all]")
    var cores: Int?

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    /// What was found.
    struct Outcome: Encodable {
        var verdict = "sound"
        var origin: String
        var size: UInt64
        var index: UInt64?
        var column: String?
        var message: String?
        var tree: FsckRate?
        var deep: FsckRate?
        var lookups: UInt64?
    }

    func validate() throws {
        guard (cores ?? 1) >= 1 else { throw ValidationError("--cores is a number from 1") }
    }

    func run() async throws {
        let settings = try await folder.existing()
        let keys: LogKeys
        let view: SQLiteView
        do {
            keys = try LogKeys.load(from: LogFolder.keys(settings.data))
            view = try SQLiteStore.openReadOnly(directory: LogFolder.store(settings.data))
        } catch {
            throw Self.failure(opening: error)
        }
        defer { view.close() }
        var outcome = Outcome(origin: keys.identity.origin.text, size: 0)
        do {
            try await check(settings, keys, view, &outcome)
        } catch let finding as FsckFinding {
            try report(finding, &outcome)
        } catch let error as StoreError {
            try report(FsckFinding(error, near: nil, reading: "the store"), &outcome)
        }
        try show(outcome)
    }

    /// A store that cannot even be opened: changed tables are tampering, the rest is not told.
    private static func failure(opening error: any Error) -> any Error {
        if let error = error as? StoreError, error.code == .mismatch {
            return CommandFailure(
                .tampered, error.message, advice: "Compare the folder with a backup.")
        }
        return CommandFailure(opening: error) ?? error
    }

    private func check(
        _ settings: ServerConfiguration, _ keys: LogKeys, _ view: SQLiteView,
        _ outcome: inout Outcome
    ) async throws {
        guard view.origin == keys.identity.origin.text else {
            throw FsckFinding(nil, "meta", "the store is another log's than these keys")
        }
        let anchored = try anchoredHead(settings, keys)
        guard let head = try view.reader.head() else {
            guard anchored.size == 0 else {
                throw FsckFinding(nil, "head", "there are no entries, but a head was published")
            }
            return
        }
        outcome.size = head.treeHead.size
        guard anchored.size <= head.treeHead.size else {
            throw FsckFinding(
                head.treeHead.size, "anchor",
                "a head of \(anchored.size) entries was published, but only \(head.treeHead.size) "
                    + "are here: this is an older copy")
        }
        var unplaced: FsckFinding?
        do {
            outcome.tree = try await FsckRate.measure("tree", entries: head.treeHead.size) { bar in
                try TreeCheck(reader: view.reader, keys: keys, head: head, anchored: anchored)
                    .run { bar.move(to: $0) }
            }
        } catch let finding as FsckFinding where finding.index == nil && !tree {
            // No tile covers the newest leaves alone; the chain tells which of them it is.
            unplaced = finding
        }
        if tree { return }
        let cores = cores ?? ProcessInfo.processInfo.activeProcessorCount
        outcome.deep = try await FsckRate.measure("records", entries: head.treeHead.size) { bar in
            try await DeepCheck(
                view: view, keys: keys, size: head.treeHead.size, cores: cores
            ).run { bar.move(to: $0) }
        }
        if let unplaced { throw unplaced }
        try StoreCheck(view: view, size: head.treeHead.size).run()
        if lookups { outcome.lookups = try checkLookups(settings, keys) }
    }

    /// The head in the anchor, which must bear the log's signature.
    private func anchoredHead(
        _ settings: ServerConfiguration, _ keys: LogKeys
    ) throws -> TreeHead {
        guard let note = try StoreLogSource.anchoredNote(settings.anchor) else {
            throw FsckFinding(nil, "anchor", "\(settings.anchor) is missing or unreadable")
        }
        do {
            return try OpenedCheckpoint.open(
                note, origin: keys.identity.origin.text, keys: [keys.signer.verifierKey]
            ).checkpoint.head
        } catch {
            throw FsckFinding(nil, "anchor", "its note does not bear this log's signature")
        }
    }

    private func checkLookups(_ settings: ServerConfiguration, _ keys: LogKeys) throws -> UInt64 {
        let lock = try FolderLock.need(settings.data)
        defer { lock.release() }
        let hasher = keys.idempotency.lookups
        let store = try SQLiteStore.open(
            directory: LogFolder.store(settings.data), origin: keys.identity.origin.text,
            lookupKeys: { RecordLookups.keys(of: $0, hasher) })
        defer { store.close() }
        let size = try store.reader.head()?.treeHead.size ?? 0
        let check = LookupCheck(reader: store.reader, hasher: hasher, size: size)
        let bar = ProgressBar("look-ups", total: check.count)
        defer { bar.finish() }
        try check.run { bar.move(to: $0) }
        return check.count
    }

    private func report(_ finding: FsckFinding, _ outcome: inout Outcome) throws {
        outcome.verdict = "damaged"
        outcome.index = finding.index
        outcome.column = finding.column
        outcome.message = finding.message
    }

    private func show(_ outcome: Outcome) throws {
        let isSound = outcome.verdict == "sound"
        if json {
            try Terminal.print(json: outcome)
        } else if isSound {
            let parts = tree ? "tree, head and anchor" : "tree, records, chain, head and anchor"
            Terminal.print(
                "sound: \(outcome.size.grouped) entries of \(outcome.origin): \(parts)")
        } else {
            let place = outcome.index.map { "index \($0), " } ?? ""
            Terminal.print(
                "DAMAGED: \(place)\(outcome.column ?? ""): \(outcome.message ?? "")")
            Terminal.say(
                "Stop writing to this log, keep the folder as evidence, and restore a backup that "
                    + "the newest published head confirms.")
        }
        for (name, rate) in [("tree", outcome.tree), ("deep", outcome.deep)] where !json {
            guard let rate else { continue }
            Terminal.say(
                "\(name)  \(rate.perCore.rateText) entries/s a core; \(rate.seconds.text(2)) s")
        }
        try (isSound ? ExitStatus.ok : .tampered).end()
    }
}
