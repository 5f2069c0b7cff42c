// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogStorage
import SignedNote
import TransparencyLog

/// The settings of the witnesses that a log asks.
struct WitnessSection: Sendable, Equatable {
    /// The path of a policy; nil asks nobody.
    let policy: String?
    let onFailure: WitnessSettings.FailureMode
    let interval: Duration
    let timeout: Duration
    let wait: Duration
    let refresh: Duration

    init(_ values: ConfigurationValues) throws {
        policy = try values.given(.witnessPolicy)
        onFailure = try values.read(.witnessOnFailure, "open or closed") {
            WitnessSettings.FailureMode(rawValue: $0)
        }
        interval = try values.duration(.witnessInterval)
        timeout = try values.duration(.witnessTimeout)
        wait = try values.duration(.witnessWait)
        refresh = try values.duration(.witnessRefresh)
    }

    /// The settings of the log that `key` signs for; nil if no witnesses are to be asked.
    ///
    /// - Parameter data: the log's folder, for what is to be kept; nil keeps nothing.
    func settings(
        for key: VerifierKey, data: String?, transport: @escaping WitnessTransport
    ) throws(CommandFailure) -> WitnessSettings? {
        guard let path = policy else { return nil }
        let policy = try PolicyFile.read(path)
        try Self.check(policy, path, key)
        var settings = WitnessSettings(policy: policy, transport: transport)
        settings.onFailure = onFailure
        settings.interval = interval
        settings.timeout = timeout
        settings.wait = wait
        settings.refresh = refresh
        settings.archiveFolder = data.map(LogFolder.witnessed)
        settings.evidenceFolder = data.map(LogFolder.evidence)
        return settings
    }

    private static func check(
        _ policy: WitnessPolicy, _ path: String, _ key: VerifierKey
    ) throws(CommandFailure) {
        guard policy.logs.isEmpty || policy.logs.contains(where: { $0.key == key }) else {
            throw .usage("\(path) names logs, and this one is not among them")
        }
        for url in policy.witnesses.compactMap(\.url) {
            let parsed = URL(string: url)
            guard let parsed, ["http", "https"].contains(parsed.scheme),
                parsed.host?.isEmpty == false, parsed.query == nil, parsed.fragment == nil,
                parsed.user == nil
            else {
                throw .usage(
                    "\(path): \(url.quoted) is not the address of a witness",
                    advice: "It is the submission prefix, such as https://witness.example.net/w1.")
            }
        }
        let asked = policy.witnesses.filter { $0.url != nil }.map(\.key)
        guard policy.isSatisfied(by: Set(asked)) else {
            throw .usage(
                "\(path): the witnesses that have an address cannot meet the quorum",
                advice: "Add the address behind the key in each line of a witness.")
        }
    }
}
