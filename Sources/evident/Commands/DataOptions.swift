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
        var given = flags.compactMapValues(\.self)
        if let data { given[.data] = data }
        return try await ServerConfiguration.load(flags: given, file: config)
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

/// What lies where in a data folder.
enum LogFolder {
    static func keys(_ folder: String) -> String { "\(folder)/keys" }
    static func store(_ folder: String) -> String { "\(folder)/store" }
    static func tokens(_ folder: String) -> String { "\(folder)/tokens.json" }
    static func settings(_ folder: String) -> String { "\(folder)/evident.yaml" }
    static func reads(_ folder: String) -> String { "\(folder)/reads.ndjson" }
    static func adminSocket(_ folder: String) -> String { "\(folder)/admin.sock" }
}
