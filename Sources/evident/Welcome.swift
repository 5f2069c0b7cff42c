// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogServer
import LogStorage
import Merkle
import NIOCore
import SignedNote
import TransparencyLog

/// What a server says when it listens: at the first start, everything that is needed for a first
/// record and the proof of it.
struct Welcome: Sendable {
    let opened: OpenLog
    let settings: ServerConfiguration
    /// The token of the first start, which is shown this once.
    let token: String?

    static let firstTenant = "default"

    /// The token that the first start makes.
    static func firstToken(_ tokens: TokenStore) throws -> String {
        do {
            return try tokens.create(
                name: "first", role: .producer, tenant: .only(firstTenant),
                now: LogServerConfiguration().now()
            ).text
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Speaks once the server listens.
    func say(listeningOn address: SocketAddress?) {
        let listen = ListenAddress(
            host: settings.listen.host, port: address?.port ?? settings.listen.port)
        let url = "http://\(listen.reachable)"
        let origin = opened.keys.identity.origin.text
        if case .notDurable(let reason) = opened.log.durability {
            Terminal.say("evident: NOT DURABLE: \(reason)")
        }
        switch opened.log.mode {
        case .sequencing: break
        case .frozen: Terminal.say("evident: FROZEN: this log takes no records any more")
        case .evidence(let finding):
            Terminal.say("evident: EVIDENCE ONLY: nothing is signed, recorded or repaired")
            Terminal.say("evident: \(finding)")
        }
        if let token {
            Terminal.write(firstSteps(url: url, origin: origin, token: token), to: STDOUT_FILENO)
        } else {
            Terminal.say("evident: verifier key \(opened.keys.signer.verifierKey.vkey)")
        }
        Terminal.say(
            "evident: serving \(origin) at \(url), \(opened.log.published.head.size.grouped) "
                + "entries; the explorer is there for browsers; Ctrl-C ends")
    }

    private func firstSteps(url: String, origin: String, token: String) -> String {
        let vkey = opened.keys.signer.verifierKey.vkey
        return """
            A new log was made in \(settings.data); no other configuration was found or needed.

              address       \(url)
              explorer      \(url)/ in a browser
              origin        \(origin)
              verifier key  \(vkey)

            Submit a first record. The token is a producer's and is shown this once; `evident token
            create` makes more.

              TOKEN=\(token)
              curl -sS --fail-with-body \(url)/v1/audit -H "Authorization: Bearer $TOKEN" \
            -H 'Content-Type: application/json' -d \
            '{"type":"agent.run.start","actor":{"id":"alice@example.com","type":"human"}}' \
            -o receipt.json

            Verify its receipt, offline:

              \(Self.program) verify receipt receipt.json --vkey '\(vkey)'


            """
    }

    /// How this program is called again: by its name where that finds it, else by its path.
    private static var program: String {
        let path = ChildServer.programPath
        let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
        let found = folders.first { access("\($0)/evident", X_OK) == 0 }.map { "\($0)/evident" }
        let isFound = found.flatMap { realpath($0, nil) }.map { resolved in
            defer { free(resolved) }
            return String(cString: resolved) == path
        }
        if isFound == true { return "evident" }
        let isPlain = path.allSatisfy { $0.isLetter || $0.isNumber || "/._-+".contains($0) }
        return isPlain ? path : "'\(path.replacing("'", with: "'\\''"))'"
    }
}

extension ListenAddress {
    /// The address that a client on this machine can use: listening everywhere is no address.
    var reachable: ListenAddress {
        switch host {
        case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
        case "::": ListenAddress(host: "::1", port: port)
        default: self
        }
    }
}
