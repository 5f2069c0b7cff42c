// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle

/// What a backup holds: the log, the head that it ends with, and every file by its hash.
///
/// It is the last thing that is written, so a folder without it is no backup. `spec/backup.md` has
/// its form; what is read must be what would be written.
struct BackupManifest: Equatable, Sendable {
    struct File: Equatable, Sendable {
        /// Below the backup's folder.
        let path: String
        let bytes: UInt64
        let sha256: Digest
    }

    static let name = "manifest.json"
    private static let form = "evident-backup/v1"
    private static let limits = JSONLimits(byteCount: 8 << 20)

    let origin: String
    /// The log's Ed25519 verifier key.
    let vkey: String
    let madeAt: String
    /// Of the program that made it.
    let version: String
    let head: TreeHead
    /// The signed note over the head.
    let checkpoint: String
    let hasKeys: Bool
    /// The index of the log's record of the backup, which is in it; nil of a log that was ended.
    let record: UInt64?
    let files: [File]

    /// Canonical JSON and a newline.
    var json: [UInt8] {
        var members: [JSONValue.Member] = [
            .init("backup", .string(Self.form)), .init("checkpoint", .string(checkpoint)),
            .init("files", .array(files.map { .string($0.line) })), .init("first", 0),
            .init("keys", .bool(hasKeys)), .init("made_at", .string(madeAt)),
            .init("origin", .string(origin)), .init("root", .string(head.root.base64)),
            .init("size", .integer(head.size)), .init("version", .string(version)),
            .init("vkey", .string(vkey)),
        ]
        if let record { members.append(.init("record", .integer(record))) }
        return JSONValue.object(members).canonical + [UInt8(ascii: "\n")]
    }

    /// Reads the manifest of a backup.
    static func read(_ folder: String) throws -> (manifest: BackupManifest, sha256: Digest) {
        let path = "\(folder)/\(Self.name)"
        // With a manifest, and without its name, it may lack the log's record of it.
        let name = folder.split(separator: "/").last ?? ""
        let isNamed = !name.hasSuffix(BackupFolder.unfinished(""))
        guard isNamed, let bytes = try PrivateFile.read(path) else {
            throw CommandFailure(
                .unverifiable,
                "\(folder) is no finished backup"
                    + (isNamed ? ": it has no \(Self.name)" : ", as its name says"),
                advice: "It was interrupted, or is something else. Name a finished one.")
        }
        guard let manifest = BackupManifest(bytes), manifest.json == bytes else {
            throw CommandFailure(
                .tampered, "\(path) is not as it was written",
                advice: "Take another backup: nothing says what this one should hold.")
        }
        return (manifest, SHA256.hash(bytes))
    }
}

extension BackupManifest {
    fileprivate init?(_ bytes: [UInt8]) {
        guard let value = try? JSONValue.parse(bytes, limits: Self.limits),
            value["backup"]?.text == Self.form, value["first"]?.unsigned == 0,
            let origin = value["origin"]?.text, let vkey = value["vkey"]?.text,
            let madeAt = value["made_at"]?.text, let version = value["version"]?.text,
            let size = value["size"]?.unsigned, size > 0,
            let root = value["root"]?.text.flatMap({ Digest(base64: $0) }),
            let checkpoint = value["checkpoint"]?.text,
            case .bool(let hasKeys)? = value["keys"],
            let lines = value["files"]?.elements
        else { return nil }
        let files = lines.compactMap { $0.text.flatMap { File(line: $0) } }
        // In order, and so each once.
        let isOrdered = zip(files, files.dropFirst()).allSatisfy {
            Array($0.path.utf8).lexicographicallyPrecedes(Array($1.path.utf8))
        }
        guard files.count == lines.count, isOrdered else { return nil }
        self.init(
            origin: origin, vkey: vkey, madeAt: madeAt, version: version,
            head: TreeHead(size: size, root: root), checkpoint: checkpoint, hasKeys: hasKeys,
            record: value["record"]?.unsigned, files: files)
    }
}

extension BackupManifest.File {
    /// `<sha256, hex> <bytes> <path>`.
    fileprivate var line: String { "\(sha256.hex) \(bytes) \(path)" }

    fileprivate init?(line: String) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, let hash = Digest(hex: parts[0]),
            let bytes = UInt64(parts[1]), Self.isPlain(parts[2])
        else { return nil }
        self.init(path: String(parts[2]), bytes: bytes, sha256: hash)
        guard self.line == line else { return nil }
    }

    /// Whether a path stays below the folder: at most two names, none of which begins with a dot.
    static func isPlain(_ path: Substring) -> Bool {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        return (1...2).contains(names.count)
            && names.allSatisfy { name in
                (1...255).contains(name.utf8.count) && !name.hasPrefix(".")
                    && name.utf8.allSatisfy { byte in
                        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
                            || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                            || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                            || "._-".utf8.contains(byte)
                    }
            }
    }
}
