// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LogClientHTTP

/// `evident get`: one record, or what proves it.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Fetch a record, its receipt or proof, or the newest checkpoint.",
        discussion: """
            EXAMPLES
              evident get 17 --token-file reader-token
              evident get 0198c0de-0000-7000-8000-000000000001 --receipt --token-file token
              evident get 17 --proof --token-file token > 17.tlog-proof
              evident get 17 --cose --token-file token > 17.cose
              evident get --checkpoint

            A record needs a reader's or an auditor's token; receipts and proofs of its own records,
            a producer's.
            """)

    @Argument(help: "A record's id, or its index in the log.")
    var record: String?

    @Flag(help: "The receipt.")
    var receipt = false

    @Flag(help: "The receipt in COSE, as RFC 9942 has it.")
    var cose = false

    @Flag(help: "The inclusion proof as a .tlog-proof file.")
    var proof = false

    @Flag(help: "The newest checkpoint.")
    var checkpoint = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard [receipt, cose, proof, checkpoint].filter(\.self).count <= 1 else {
            throw ValidationError("--receipt, --cose, --proof and --checkpoint exclude one another")
        }
        guard checkpoint == (record == nil) else {
            throw ValidationError("name a record by id or index, or ask for --checkpoint alone")
        }
        if let record {
            guard Self.isRecord(record) else {
                throw ValidationError(
                    "\(record.quoted) is neither an id (36 characters) nor an index")
            }
        }
    }

    /// Whether a text can name a record.
    static func isRecord(_ text: String) -> Bool {
        let isIndex = (1...20).contains(text.count) && UInt64(text) != nil
        return isIndex || text.count == 36 && text.allSatisfy { $0.isHexDigit || $0 == "-" }
    }

    func run() async throws {
        var path = "/checkpoint"
        if let record {
            let part =
                receipt ? "/receipt" : cose ? "/receipt?format=cose" : proof ? "/proof" : ""
            path = "/v1/audit/\(record)\(part)"
        }
        let bytes = try await server.withEndpoint { (endpoint) async throws in
            try await endpoint.get(path)
        }
        if cose { return Terminal.write(bytes, to: 1) }
        let text = String(decoding: bytes, as: UTF8.self)
        Terminal.write(text.hasSuffix("\n") ? text : text + "\n", to: 1)
    }
}
