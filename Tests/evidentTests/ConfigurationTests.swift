// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import evident

struct ConfigurationTests {
    @Test("Flags win over the environment, that over the file, that over the defaults")
    func precedence() async throws {
        let folder = try Folder()
        let file = try folder.file(
            "evident.yaml",
            """
            # A comment.
            listen: 127.0.0.1:1111
            queue:
              limit: 7     # seven
            batch:
              items: 5
            log:
              level: debug
            """)
        let environment = ["EVIDENT_LISTEN": "127.0.0.1:2222", "EVIDENT_QUEUE_LIMIT": "8"]
        let settings = try await ServerConfiguration.load(
            flags: [.listen: "[::1]:3333"], file: file, environment: environment)
        #expect(settings.listen == ListenAddress(host: "::1", port: 3333))
        #expect(settings.queueLimit == 8)
        #expect(settings.batchItems == 5)
        #expect(settings.logLevel == "debug")
        #expect(settings.batchBytes == 8 << 20)
        #expect(settings.data == "./evident-data" && settings.isDefaultFolder)
        #expect(settings.anchor == "./evident-data/anchor")
    }

    @Test("The file that init writes changes nothing, and is one when its comments are taken away")
    func commentedFile() async throws {
        let folder = try Folder()
        let text = ConfigurationKey.commentedFile(granularity: "1s")
        let commented = try folder.file("a.yaml", text)
        let plain = try await ServerConfiguration.load(flags: [:], environment: [:])
        let read = try await ServerConfiguration.load(flags: [:], file: commented, environment: [:])
        #expect(read == plain)
        let settings = text.split(separator: "\n").compactMap { line -> String? in
            let bare = line.dropFirst(2)
            return bare.wholeMatch(of: /( *)[a-z_]+:( \S+)?/) == nil ? nil : String(bare)
        }
        let keys = try ConfigurationFile(
            parsing: settings.joined(separator: "\n"), path: "a.yaml"
        ).keys
        // The folder itself, and those without a value of their own: anchor, mirror, sink, witnesses,
        // rules, profile and the reason to override it.
        #expect(keys.count == ConfigurationKey.allCases.count - 8)
    }

    @Test(
        "A file that says what no key says is refused with its line",
        arguments: [
            ("listne: 127.0.0.1:1", ":1: listne is not a key"),
            ("queue:\n  limitt: 1", ":2: queue.limitt is not a key"),
            ("listen:", ":1: listen has no value"),
            ("listen:\nstore: sqlite", ":1: listen has no value"),
            ("listen: \"\"", ":1: not of the form"),
            ("listen: ~", ":1: not of the form"),
            ("queue: {limit: 1}", ":1: not of the form"),
            ("- listen: 1", ":1: not of the form"),
            ("store: sqlite\nstore: null", ":2: not of the form"),
            ("store: sqlite\nstore: sqlite", ":2: store stands here twice"),
            ("\tlisten: 1", ":1: not of the form"),
            ("listen: *other", ":1: not of the form"),
        ])
    func refusedFile(text: String, message: String) async throws {
        let file = try Folder().file("unused", "")
        let folder = try Folder()
        let path = try folder.file("evident.yaml", text)
        let failure = await #expect(throws: CommandFailure.self) {
            try await ServerConfiguration.load(flags: [:], file: path, environment: [:])
        }
        #expect(failure?.status == .usage)
        #expect(failure?.message.contains(message) == true, "\(failure?.message ?? "") \(file)")
    }

    @Test(
        "A value that a key cannot have is refused by the key's name",
        arguments: [
            ("EVIDENT_LISTEN", "6962"), ("EVIDENT_LISTEN", "host:99999"),
            ("EVIDENT_STORE", "postgres"), ("EVIDENT_QUEUE_LIMIT", "0"),
            ("EVIDENT_QUEUE_LIMIT", "many"), ("EVIDENT_BATCH_BYTES", "8 MiB"),
            ("EVIDENT_RECORD_BYTES", "2MiB"), ("EVIDENT_LEAF_GRANULARITY", "2h"),
            ("EVIDENT_REQUEST_BODY_DEADLINE", "30"), ("EVIDENT_LOG_LEVEL", "loud"),
            ("EVIDENT_LISTEN", ""), ("EVIDENT_LISEN", "127.0.0.1:1"),
        ])
    func refusedValue(name: String, value: String) async throws {
        let failure = await #expect(throws: CommandFailure.self) {
            try await ServerConfiguration.load(flags: [:], environment: [name: value])
        }
        #expect(failure?.status == .usage)
        let key = ConfigurationKey.allCases.first { $0.environmentName == name }?.rawValue
        let message = failure?.message ?? ""
        #expect(message.contains(name) || key.map(message.contains) == true, "\(message)")
    }

    @Test("What Kubernetes sets beside a service of our name is no setting")
    func serviceLinks() async throws {
        let links = [
            "EVIDENT_PORT": "tcp://10.0.0.1:80", "EVIDENT_SERVICE_HOST": "10.0.0.1",
            "EVIDENT_PORT_80_TCP_ADDR": "10.0.0.1",
        ]
        let settings = try await ServerConfiguration.load(flags: [:], environment: links)
        #expect(settings.listen.port == 6962)
    }

    @Test(
        "Durations and byte counts have one spelling each",
        arguments: [
            ("250ms", 250), ("1s", 1_000), ("5m", 300_000), ("1h", 3_600_000), ("01s", nil),
            ("1", nil), ("-1s", nil), ("1 s", nil), ("s", nil), ("", nil),
            ("99999999999999999h", nil),
        ] as [(String, UInt64?)])
    func durations(text: String, milliseconds: UInt64?) {
        #expect(Quantities.milliseconds(text) == milliseconds)
        if let milliseconds { #expect(Quantities.text(milliseconds: milliseconds) == text) }
    }
}
