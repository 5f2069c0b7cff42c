// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import TransparencyLog

/// Which log of this machine is meant.
struct DataOptions: ParsableArguments {
    @Option(help: "The log's data folder. [EVIDENT_DATA, else ./evident-data]")
    var data: String?

    @Option(help: "The configuration file. [EVIDENT_CONFIG, else DIR/evident.yaml]")
    var config: String?

    /// The settings of a log that exists; `flags` win over file and environment.
    func configuration(
        _ flags: [ConfigurationKey: String?] = [:]
    ) async throws -> ServerConfiguration {
        try await source(flags).load()
    }

    /// Where the settings of a log come from; `flags` win over file and environment.
    func source(_ flags: [ConfigurationKey: String?] = [:]) -> ConfigurationSource {
        var given = flags.compactMapValues(\.self)
        if let data { given[.data] = data }
        return ConfigurationSource(flags: given, file: config)
    }

    /// The settings of a log that must exist.
    func existing() async throws -> ServerConfiguration {
        let configuration = try await configuration()
        guard LogKeys.exist(in: LogFolder.keys(configuration.data)) else {
            throw CommandFailure.usage(
                "there is no log in \(configuration.data)",
                advice: "Name its folder with --data, or make one: evident init --data DIR "
                    + "--origin NAME")
        }
        return configuration
    }
}

/// Flags and a file's name, of which settings can be read more than once.
struct ConfigurationSource: Sendable {
    let flags: [ConfigurationKey: String]
    /// The file that was named; nil for the folder's own.
    let file: String?

    func load() async throws -> ServerConfiguration {
        try await ServerConfiguration.load(flags: flags, file: file)
    }
}

/// What lies where in a data folder.
enum LogFolder {
    static func keys(_ folder: String) -> String { "\(folder)/keys" }
    static func store(_ folder: String) -> String { "\(folder)/store" }
    static func tokens(_ folder: String) -> String { "\(folder)/tokens.json" }
    static func settings(_ folder: String) -> String { "\(folder)/evident.yaml" }
    static func reads(_ folder: String) -> String { "\(folder)/reads.ndjson" }
    /// Acts that wait for a second operator.
    static func approvals(_ folder: String) -> String { "\(folder)/approvals.json" }
    /// The checkpoints that met the witness policy.
    static func witnessed(_ folder: String) -> String { "\(folder)/witnessed" }
    /// Heads that contradict each other.
    static func evidence(_ folder: String) -> String { "\(folder)/evidence" }
    static func adminSocket(_ folder: String) -> String { "\(folder)/admin.sock" }

    /// The admin socket's path; a socket that a killed server left goes, since whoever calls this
    /// holds the folder's lock, which says that no server lives.
    static func freeAdminSocket(_ folder: String) throws -> String {
        let path = adminSocket(folder)
        guard path.utf8.count <= 107 else {
            throw CommandFailure.usage(
                "\(path) is too long for a socket",
                advice: "Start the server from a folder nearer to it, or move it.")
        }
        unlink(path)
        return path
    }
}
