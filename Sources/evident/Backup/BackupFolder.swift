// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogStorage

/// Where the parts of a log lie in a backup, and, where not said otherwise, in a data folder too.
enum BackupFolder {
    static let store = "store"
    static let database = "store/log.sqlite"
    static let keys = "keys"
    /// What anyone may know of the chain; it is in a backup without keys, too.
    static let identity = "keys/log.json"
    static let anchor = "anchor"
    static let ledger = "anchor.erasures"
    static let checkpoint = "checkpoint"
    /// Files that settings name, and that lie elsewhere.
    static let settings = "settings"
    static let redaction = "settings/redaction"
    static let witnessPolicy = "settings/witness-policy"

    /// Single files of a data folder that a backup holds if they are there.
    static let files = ["tokens.json", "reads.ndjson"]
    /// Folders of plain files of a data folder that a backup holds if they are there.
    static let folders = ["witnessed", "evidence"]

    private static let ownNames = Set(
        [store, keys, anchor, ledger, checkpoint, settings, BackupManifest.name, "evident.yaml"]
            + files + folders)

    /// The name that a folder has until it is finished.
    static func unfinished(_ folder: String) -> String { "\(folder).unfinished" }

    /// Whether there is anything at a path.
    static func exists(_ path: String) -> Bool {
        var found = Glibc.stat()
        return lstat(path, &found) == 0
    }

    /// The names in a folder, sorted; none if there is no such folder.
    static func names(in folder: String) throws -> [String] {
        guard exists(folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted {
            Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8))
        }
    }

    /// Removes what an interrupted run left, if it is nothing else.
    ///
    /// - Parameter others: names that may lie there beside those of a backup.
    static func discard(_ folder: String, others: Set<String> = []) throws {
        var found = Glibc.stat()
        guard lstat(folder, &found) == 0 else { return }
        let names = try names(in: folder)
        // A manifest that was not named yet has the name of a process in it.
        let isOurs = names.allSatisfy {
            ownNames.contains($0) || others.contains($0)
                || $0.hasPrefix("\(BackupManifest.name).") || $0.hasPrefix("\(anchor).")
        }
        guard found.st_mode & S_IFMT == S_IFDIR, isOurs else {
            throw FileError(.malformed, folder, "holds other files; it is not touched")
        }
        try FileManager.default.removeItem(atPath: folder)
        try PrivateFile.flushFolder(of: folder)
    }

    /// Makes a folder that must not be there; the one above it must.
    static func make(_ folder: String) throws(FileError) {
        guard mkdir(folder, 0o700) == 0 else { throw .system("make the folder", folder) }
    }

    /// Gives a finished folder its name, durably.
    static func name(_ draft: String, _ folder: String) throws(FileError) {
        try PrivateFile.flushFolder(draft)
        guard !exists(folder) else { throw FileError(.malformed, folder, "is there already") }
        guard rename(draft, folder) == 0 else { throw .system("name it", folder) }
        try PrivateFile.flushFolder(of: folder)
    }
}
