// SPDX-License-Identifier: Apache-2.0

package import AuditChain
import LogCrypto
import LogStorage
import Synchronization

/// The tokens that a server accepts: a file, and what was last read of it.
///
/// A change is on stable storage before it takes effect; a request sees all of a change or none.
package final class TokenStore: Sendable {
    private let path: String?
    private let entries: Mutex<[String: TokenEntry]>
    /// Held while the file is changed, so that no change is lost to another.
    private let changing = Mutex(())

    private init(path: String?, entries: [TokenEntry]) {
        self.path = path
        self.entries = Mutex(Self.byPrefix(entries))
    }

    /// Reads the tokens at `path`.
    ///
    /// No file means no tokens; it is made with the first.
    package static func open(path: String) throws(TokenError) -> TokenStore {
        TokenStore(path: path, entries: try read(path))
    }

    /// Tokens that are forgotten with the process.
    package static func volatile() -> TokenStore { TokenStore(path: nil, entries: []) }

    // MARK: Use

    /// Who holds a token; nil for one that is not known.
    ///
    /// The hash is compared in constant time, against something also where the prefix is unknown.
    package func credential(bearing text: some StringProtocol) -> Credential? {
        guard let token = Token(text) else { return nil }
        let entry = entries.withLock { $0[token.prefix] }
        let matches = Digest.constantTimeEquals(entry?.hash ?? .zero, token.hash)
        return matches ? entry?.credential : nil
    }

    // MARK: Change

    /// Makes a token.
    ///
    /// Its text is returned this once and kept nowhere.
    ///
    /// - Parameter name: what idempotency keys and the log know the holder by. Give a new token
    ///   the old one's name to replace it; without a name it is the token's own prefix.
    package func create(
        name: String? = nil, role: Role, tenant: TenantScope, now: Timestamp
    ) throws(TokenError) -> (text: String, entry: TokenEntry) {
        let (text, token) = Token.make()
        guard let credential = Credential(name: name ?? token.prefix, role: role, tenant: tenant)
        else {
            throw TokenError(
                .invalid,
                "a reader has one tenant, an auditor and an operator have '*'; a name is 1 to 64 of"
                    + " A-Z a-z 0-9 . _ -")
        }
        let entry = TokenEntry(
            prefix: token.prefix, hash: token.hash, credential: credential,
            created: now.description)
        try change { $0.append(entry) }
        return (text, entry)
    }

    /// All tokens, oldest first, without anything that could stand for one.
    package var list: [TokenEntry] {
        entries.withLock { $0 }.values.sorted { ($0.created, $0.prefix) < ($1.created, $1.prefix) }
    }

    /// Ends a token.
    ///
    /// Returns whether there was one.
    @discardableResult
    package func revoke(prefix: String) throws(TokenError) -> Bool {
        var found = false
        try change { entries in
            found = entries.contains { $0.prefix == prefix }
            entries.removeAll { $0.prefix == prefix }
        }
        return found
    }

    /// Reads the file again.
    ///
    /// An unreadable one changes nothing.
    package func reload() throws(TokenError) {
        try change { _ in }
    }

    /// Tokens that the file has and that are not in use, and the other way round.
    struct Changes: Sendable {
        let added: [TokenEntry]
        let removed: [TokenEntry]

        var isEmpty: Bool { added.isEmpty && removed.isEmpty }
    }

    /// What ``reload()`` would change; throws where it would.
    func changesInFile() throws(TokenError) -> Changes {
        guard let path else { return Changes(added: [], removed: []) }
        let (found, used) = (try Self.read(path), list)
        return Changes(
            added: found.filter { !used.contains($0) },
            removed: used.filter { !found.contains($0) })
    }

    /// Changes what the file holds now, and then what is in use.
    private func change(_ body: (inout [TokenEntry]) -> Void) throws(TokenError) {
        try changing.withLock { _ throws(TokenError) in
            var entries =
                if let path { try Self.read(path) } else { list }
            let before = entries
            body(&entries)
            if entries != before, let path { try Self.write(entries, to: path) }
            self.entries.withLock { $0 = Self.byPrefix(entries) }
        }
    }

    private static func read(_ path: String) throws(TokenError) -> [TokenEntry] {
        let found: [UInt8]?
        do {
            found = try PrivateFile.readPrivate(path)
        } catch {
            throw TokenError(error)
        }
        guard let bytes = found else { return [] }
        guard let entries = TokenFileFormat.decode(bytes) else {
            throw TokenError(
                .malformed, "\(path) was not written by evident: restore it from a backup")
        }
        return entries
    }

    private static func write(_ entries: [TokenEntry], to path: String) throws(TokenError) {
        do {
            try PrivateFile.replace(path, with: TokenFileFormat.encode(entries))
        } catch {
            throw TokenError(error)
        }
    }

    private static func byPrefix(_ entries: [TokenEntry]) -> [String: TokenEntry] {
        Dictionary(entries.map { ($0.prefix, $0) }) { _, last in last }
    }
}
