// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Configuration
import Foundation
import LogServer
import LogStorage
import TransparencyLog

/// The settings that a server runs with, from flags, environment and `evident.yaml`.
struct ServerConfiguration: Sendable, Equatable {
    enum Store: String, Sendable { case sqlite, null }

    var data: String
    var listen: ListenAddress
    var anchor: String
    var store: Store
    /// What the configuration says about it, if it does; the log's own value is in its store.
    var leafGranularityMS: UInt64?
    var queueLimit: Int
    var queueBytes: Int
    var batchItems: Int
    var batchBytes: Int
    var recordBytes: Int
    var recordFieldBytes: Int
    var recordOptions: RecordOptions
    /// `standard`, `none`, or the path of a policy.
    var redaction: String
    var requestHeaderDeadline: Duration
    var requestBodyDeadline: Duration
    var requestIdleTimeout: Duration
    var connectionsTotal: Int
    var connectionsPerAddress: Int
    var accessRecords: AccessGranularity
    /// Where the public tree is written as files; nil for nowhere.
    var mirrorFolder: String?
    var mirrorInterval: Duration
    /// How records are written as files; nil for not at all.
    var sink: SinkSettings?
    var witness: WitnessSection
    var retention: RetentionSettings
    var logLevel: String
    /// What every key is set to, as text.
    private let texts: [ConfigurationKey: String]
    /// Whether nobody named a data folder, so that the default one may be made at the first start.
    var isDefaultFolder: Bool

    /// Reads everything; throws a failure that names the key.
    ///
    /// - Parameter flags: what the command line says; it wins over all else.
    static func load(
        flags: [ConfigurationKey: String], file: String? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> ServerConfiguration {
        try checkEnvironment(environment)
        let folder =
            flags[.data] ?? environment[ConfigurationKey.data.environmentName]
            ?? ConfigurationKey.data.defaultText
        let path = file ?? environment["EVIDENT_CONFIG"] ?? "\(folder)/evident.yaml"
        let isNamed = file != nil || environment["EVIDENT_CONFIG"] != nil
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: inMemory(flags)),
            EnvironmentVariablesProvider(environmentVariables: environment)
                .prefixKeys(with: "evident"),
        ]
        if let provider = try await fileProvider(path, isNamed: isNamed) {
            providers.append(provider)
        }
        let values = ConfigurationValues(reader: ConfigReader(providers: providers))
        return try ServerConfiguration(values)
    }

    private init(_ values: ConfigurationValues) throws {
        let named = try values.given(.data)
        data = named ?? ConfigurationKey.data.defaultText
        isDefaultFolder = named == nil
        listen = try values.read(.listen, "HOST:PORT") { ListenAddress($0) }
        anchor = try values.given(.anchor) ?? "\(data)/anchor"
        store = try values.read(.store, "sqlite or null") { Store(rawValue: $0) }
        leafGranularityMS = try values.given(.leafGranularity).map {
            try Self.granularity($0, name: ConfigurationKey.leafGranularity.rawValue)
        }
        queueLimit = try values.count(.queueLimit, 1...10_000_000)
        queueBytes = try values.bytes(.queueBytes, 1 << 20...1 << 40)
        batchItems = try values.count(.batchItems, 1...10_000)
        batchBytes = try values.bytes(.batchBytes, 1 << 10...1 << 28)
        recordBytes = try values.bytes(.recordBytes, 1 << 8...1 << 20)
        recordFieldBytes = try values.bytes(.recordFieldBytes, 1 << 8...1 << 20)
        recordOptions = RecordOptions(
            numbersAsText: try values.read(.recordNumbersAsText, "true or false") { Bool($0) },
            onOversize: try values.read(.recordOversize, "refuse or truncate") {
                RecordOptions.Oversize(rawValue: $0)
            })
        redaction = try values.given(.redaction) ?? ConfigurationKey.redaction.defaultText
        requestHeaderDeadline = try values.duration(.requestHeaderDeadline)
        requestBodyDeadline = try values.duration(.requestBodyDeadline)
        requestIdleTimeout = try values.duration(.requestIdleTimeout)
        connectionsTotal = try values.count(.connectionsTotal, 1...1_000_000)
        connectionsPerAddress = try values.count(.connectionsPerAddress, 1...1_000_000)
        accessRecords = try values.read(.accessRecords, "request, page or minute") {
            AccessGranularity(rawValue: $0)
        }
        mirrorFolder = try values.given(.mirrorFolder)
        mirrorInterval = try values.duration(.mirrorInterval)
        sink = try SinkSettings(values)
        witness = try WitnessSection(values)
        retention = try RetentionSection.settings(values)
        let levels = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
        logLevel = try values.read(.logLevel, levels.joined(separator: ", ")) {
            levels.contains($0) ? $0 : nil
        }
        var texts: [ConfigurationKey: String] = [:]
        for key in ConfigurationKey.allCases {
            texts[key] = try values.given(key) ?? key.defaultText
        }
        self.texts = texts
    }

    /// The file of the redaction policy, where it is one of the operator's own.
    var redactionFile: String? { ["standard", "none"].contains(redaction) ? nil : redaction }

    /// The keys that are set to something else than in `other`.
    func keys(differingFrom other: ServerConfiguration) -> [ConfigurationKey] {
        ConfigurationKey.allCases.filter { texts[$0] != other.texts[$0] }
    }

    /// A granularity that a log may have: 1 ms to 1 h.
    static func granularity(_ text: String, name: String) throws(CommandFailure) -> UInt64 {
        guard let value = Quantities.milliseconds(text), (1...3_600_000).contains(value) else {
            throw .usage("\(name) is \(text.quoted); it must be a duration from 1ms to 1h")
        }
        return value
    }

    /// Refuses variables that look like ours and are not, but for what Kubernetes sets by itself
    /// beside a service of our name.
    private static func checkEnvironment(
        _ environment: [String: String]
    ) throws(CommandFailure) {
        let known = Set(
            ConfigurationKey.allCases.map(\.environmentName)
                + [
                    "EVIDENT_CONFIG", "EVIDENT_TOKEN", "EVIDENT_URL", "EVIDENT_VKEY",
                    "EVIDENT_POLICY",
                ])
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix("EVIDENT_") {
            let isServiceLink =
                name == "EVIDENT_PORT" || name.hasPrefix("EVIDENT_PORT_")
                || name.hasPrefix("EVIDENT_SERVICE_")
            guard known.contains(name) || isServiceLink else {
                throw .usage("\(name) is not a setting of this version")
            }
            guard !value.isEmpty else {
                throw .usage("\(name) is empty", advice: "Give it a value or unset it.")
            }
        }
    }

    private static func inMemory(
        _ flags: [ConfigurationKey: String]
    ) -> [AbsoluteConfigKey: ConfigValue] {
        Dictionary(
            uniqueKeysWithValues: flags.map { key, value in
                (AbsoluteConfigKey(key.components), ConfigValue(.string(value), isSecret: false))
            })
    }

    private static func fileProvider(
        _ path: String, isNamed: Bool
    ) async throws -> (any ConfigProvider)? {
        guard let bytes = try PrivateFile.read(path, limit: 1 << 20) else {
            if isNamed { throw FileError(.missing, path, "there is no such file") }
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure.usage("\(path): is not UTF-8 text")
        }
        let keys = try ConfigurationFile(parsing: text, path: path).keys
        // A file of comments alone is no YAML mapping, and says nothing.
        if keys.isEmpty { return nil }
        if !isNamed, let line = keys[ConfigurationKey.data.rawValue] {
            throw CommandFailure.usage(
                "\(path):\(line): data cannot stand in the data folder's own file",
                advice: "Give it as --data or EVIDENT_DATA, or name the file with --config.")
        }
        let location = InMemoryProvider(
            values: ["filePath": ConfigValue(.string(path), isSecret: false)])
        do {
            return try await FileProvider<YAMLSnapshot>(config: ConfigReader(provider: location))
        } catch {
            throw CommandFailure.usage("\(path): is not valid YAML: \(error)")
        }
    }
}

/// Reads keys by their type, with an error that names the key and what it must be.
struct ConfigurationValues {
    let reader: ConfigReader

    /// The text that someone gave for a key; nil where the default holds.
    func given(_ key: ConfigurationKey) throws(CommandFailure) -> String? {
        guard let text = reader.string(forKey: ConfigKey(key.components)) else { return nil }
        guard !text.isEmpty else { throw .usage("\(key.rawValue) is empty") }
        return text
    }

    func read<Value>(
        _ key: ConfigurationKey, _ form: String, _ parse: (String) -> Value?
    ) throws(CommandFailure) -> Value {
        let text = try given(key) ?? key.defaultText
        guard let value = parse(text) else {
            throw .usage("\(key.rawValue) is \(text.quoted); it must be \(form)")
        }
        return value
    }

    func count(_ key: ConfigurationKey, _ range: ClosedRange<Int>) throws(CommandFailure) -> Int {
        try read(key, "a number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func bytes(_ key: ConfigurationKey, _ range: ClosedRange<Int>) throws(CommandFailure) -> Int {
        try read(key, "a number of bytes (64KiB, 8MiB) within its bounds") { text in
            Quantities.bytes(text).flatMap { Int(exactly: $0) }
                .flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func duration(_ key: ConfigurationKey) throws(CommandFailure) -> Duration {
        try read(key, "a duration from 100ms to 1h") { text in
            Quantities.milliseconds(text).flatMap { value in
                (100...3_600_000).contains(value) ? .milliseconds(Int64(value)) : nil
            }
        }
    }
}

/// Host and port to listen on.
///
/// An IPv6 address stands in brackets.
struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.allSatisfy({ $0.isASCII && !$0.isWhitespace }) else { return nil }
        self.init(host: String(host), port: port)
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension String {
    /// The text in quotes, cut after 40 characters, for messages.
    var quoted: String { count > 40 ? "\"\(prefix(40))…\"" : "\"\(self)\"" }
}
