// SPDX-License-Identifier: Apache-2.0

import AuditChain
package import LogCrypto

/// What is kept of a token.
package struct TokenEntry: Hashable, Sendable {
    package let prefix: String
    /// SHA-256 of the token's text.
    package let hash: Digest
    package let credential: Credential
    /// When it was made: RFC 3339 in UTC with six decimals.
    package let created: String
}

/// The file `tokens.json`: canonical JSON and a newline.
///
///     {"tokens":[{"created":"…","hash":"hex","name":"…","prefix":"…","role":"…","tenant":"…"},…],
///      "version":1}
enum TokenFileFormat {
    /// Room for some 50,000 tokens.
    private static let limits = JSONLimits(byteCount: 16 << 20, depth: 4, memberCount: 400_000)

    static func encode(_ entries: [TokenEntry]) -> [UInt8] {
        let tokens = entries.map { entry in
            [
                "created": .string(entry.created), "hash": .string(entry.hash.hex),
                "name": .string(entry.credential.name), "prefix": .string(entry.prefix),
                "role": .string(entry.credential.role.rawValue),
                "tenant": .string(entry.credential.tenant.description),
            ] as JSONValue
        }
        let file: JSONValue = ["tokens": .array(tokens), "version": 1]
        return file.canonical + [UInt8(ascii: "\n")]
    }

    /// Reads the file; nil unless writing it again gives the same bytes.
    static func decode(_ bytes: [UInt8]) -> [TokenEntry]? {
        guard let file = try? JSONValue.parse(bytes, limits: limits),
            let tokens = file["tokens"]?.elements
        else { return nil }
        var entries: [TokenEntry] = []
        for token in tokens {
            guard let entry = entry(token) else { return nil }
            entries.append(entry)
        }
        let isUnique = Set(entries.map(\.prefix)).count == entries.count
        return isUnique && encode(entries) == bytes ? entries : nil
    }

    private static func entry(_ token: JSONValue) -> TokenEntry? {
        guard let prefix = token["prefix"]?.text, Token.isPrefix(prefix.utf8),
            let hash = token["hash"]?.text.flatMap({ Digest(hex: $0) }),
            let name = token["name"]?.text,
            let role = token["role"]?.text.flatMap(Role.init(rawValue:)),
            let tenant = token["tenant"]?.text.flatMap({ TenantScope($0) }),
            let credential = Credential(name: name, role: role, tenant: tenant),
            let created = token["created"]?.text
        else { return nil }
        return TokenEntry(prefix: prefix, hash: hash, credential: credential, created: created)
    }
}
