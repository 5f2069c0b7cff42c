// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogTesting
import Testing

@testable import LogServer

@Suite("Tokens")
struct TokenStoreTests {
    private let folder: TemporaryFolder
    private let path: String
    private let now = LogServerConfiguration().now()

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/tokens.json"
    }

    private func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    private func write(_ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    @Test("A token has its form, and only all of it is accepted")
    func form() throws {
        let store = TokenStore.volatile()
        let (text, entry) = try store.create(role: .producer, tenant: .all, now: now)
        #expect(text.wholeMatch(of: #/evt_[a-z2-7]{12}_[A-Za-z0-9_-]{43}/#) != nil)
        #expect(entry.credential.name == entry.prefix)
        #expect(store.credential(bearing: text) == entry.credential)
        for count in 0..<text.count {
            #expect(store.credential(bearing: text.prefix(count)) == nil)
        }
        #expect(store.credential(bearing: text + "A") == nil)
        let bytes = Array(text.utf8)
        for place in bytes.indices {
            var bumped = bytes
            bumped[place] ^= 1
            #expect(store.credential(bearing: String(decoding: bumped, as: UTF8.self)) == nil)
        }
    }

    @Test("Tokens outlive the process; their text is nowhere in the file, which is private")
    func file() throws {
        let store = try TokenStore.open(path: path)
        #expect(store.list.isEmpty)
        let (text, entry) = try store.create(
            name: "ci", role: .reader, tenant: .only("acme"), now: now)
        #expect(!String(decoding: try bytes(), as: UTF8.self).contains(text.suffix(43)))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let again = try TokenStore.open(path: path)
        #expect(again.list == [entry])
        #expect(again.credential(bearing: text)?.name == "ci")
        #expect(try again.revoke(prefix: entry.prefix))
        #expect(try !again.revoke(prefix: entry.prefix))
        #expect(again.credential(bearing: text) == nil)
        #expect(store.credential(bearing: text) != nil)
        try store.reload()
        #expect(store.credential(bearing: text) == nil)
    }

    @Test("Every prefix and every bumped byte of the file is refused or another token's hash")
    func strictFile() throws {
        let store = try TokenStore.open(path: path)
        let (text, _) = try store.create(
            name: "ci", role: .reader, tenant: .only("acme"), now: now)
        let good = try bytes()
        for count in 1..<good.count {
            #expect(TokenFileFormat.decode(Array(good.prefix(count))) == nil)
        }
        for place in good.indices {
            var bumped = good
            bumped[place] ^= 1
            if let entries = TokenFileFormat.decode(bumped) {
                #expect(entries != store.list)
            }
        }
        try write(good + [0x0a])
        #expect(throws: TokenError.self) { try store.reload() }
        #expect(store.credential(bearing: text) != nil)
    }

    @Test("A file that others may read is refused, and so is a link")
    func exposedFile() throws {
        let store = try TokenStore.open(path: path)
        _ = try store.create(role: .auditor, tenant: .all, now: now)
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        #expect { try TokenStore.open(path: path) } throws: { error in
            (error as? TokenError)?.code == .exposed
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let link = folder.path + "/link.json"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        #expect(throws: TokenError.self) { try TokenStore.open(path: link) }
    }

    @Test("Roles go with their scopes")
    func scopes() {
        #expect(Credential(name: "a", role: .reader, tenant: .all) == nil)
        #expect(Credential(name: "a", role: .auditor, tenant: .only("acme")) == nil)
        #expect(Credential(name: "a", role: .operator, tenant: .only("acme")) == nil)
        #expect(Credential(name: "a", role: .producer, tenant: .all) != nil)
        for name in ["", "a b", "é", String(repeating: "a", count: 65)] {
            #expect(Credential(name: name, role: .producer, tenant: .all) == nil)
        }
        for tenant in ["", "_log", "_x", "A", "a/b", "**"] { #expect(TenantScope(tenant) == nil) }
    }
}
