// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import TransparencyLog

/// Makes the folder, keys and settings of a log.
///
/// Every step leaves what the next run goes on from; see ``OpenLog`` for the rest.
struct NewLog {
    let folder: String
    let origin: Origin
    let granularityMS: UInt64
    /// Where the anchor lies, if not in the folder.
    let anchor: String?

    static let defaultGranularityMS: UInt64 = 1_000

    /// Makes what is missing.
    ///
    /// The folder's lock is held by the caller, who has made the folder.
    ///
    /// Throws a usage failure if the folder holds another log already.
    func make() throws {
        let keys = LogFolder.keys(folder)
        if LogKeys.exist(in: keys) {
            let identity = try LogKeys.load(from: keys).identity
            guard identity.origin == origin, identity.granularityMS == granularityMS else {
                let grain = Quantities.text(milliseconds: identity.granularityMS)
                throw CommandFailure.usage(
                    "\(folder) holds the log \(identity.origin) (granularity \(grain)) already",
                    advice: "A log's name and granularity never change: name another --data.")
            }
        } else {
            try LogKeys.create(in: keys, origin: origin, granularityMS: granularityMS)
        }
        try writeSettings()
    }

    private func writeSettings() throws {
        let path = LogFolder.settings(folder)
        guard try PrivateFile.read(path) == nil else { return }
        var text = ConfigurationKey.commentedFile(
            granularity: Quantities.text(milliseconds: granularityMS))
        if let anchor { text += "\nanchor: \(anchor)\n" }
        try PrivateFile.replace(path, with: Array(text.utf8))
    }

    /// The name of a log that nobody has named.
    static func randomOrigin() -> String {
        "localhost/" + Hex.encode(SecureRandom.bytes(8))
    }

    /// Reads an origin as a person types it.
    static func origin(_ text: String) throws(CommandFailure) -> Origin {
        do {
            return try Origin(text)
        } catch {
            throw .usage(
                "\(text.quoted) cannot be the name of a log (\(error))",
                advice: "It is a host name in lower case and a path, like log.example.com/audit.")
        }
    }

    /// A path that stays right from another working directory.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
