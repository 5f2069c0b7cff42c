// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
package import SignedNote

/// A witness: cosigns the heads of the logs that it knows, each only if it extends the one before.
///
/// Source: https://c2sp.org/tlog-witness.
package final class CosigningWitness: Sendable {
    package let verifierKey: VerifierKey
    private let logs: [String: WitnessedLog]
    private let byHash: [String: WitnessedLog]
    private let pool: BlockingPool
    private let clock: @Sendable () -> ClockReading

    /// A witness of some logs, by their keys, whose names are their origins.
    ///
    /// - Parameter folder: where it remembers what it has cosigned; made if it is not there.
    package init(
        signer: CosignatureSigner, logs keys: [VerifierKey], folder: String,
        clock: @escaping @Sendable () -> ClockReading = { SystemClock.read() }
    ) throws {
        try PrivateFile.makeFolder(folder)
        verifierKey = signer.verifierKey
        self.clock = clock
        var logs: [String: WitnessedLog] = [:]
        for key in keys where logs[key.name] == nil {
            let own = keys.filter { $0.name.utf8.elementsEqual(key.name.utf8) }
            logs[key.name] = try WitnessedLog(
                origin: key.name, keys: own, folder: folder, signer: signer)
        }
        self.logs = logs
        byHash = Dictionary(
            uniqueKeysWithValues: logs.values.map {
                (SHA256.hash(Array($0.origin.utf8)).hex, $0)
            })
        pool = BlockingPool(threads: 4, waitingLimit: 1_024)
    }

    /// The origins of the logs that it knows, sorted.
    package var origins: [String] { logs.keys.sorted() }

    /// Whether it can cosign for every log that it knows.
    package var isReady: Bool { !logs.values.contains { $0.hasFailed } }

    /// Answers the body of an add-checkpoint request.
    package func add(_ body: [UInt8]) async -> AddCheckpointAnswer {
        let request: AddCheckpointRequest
        do {
            request = try AddCheckpointRequest(parsing: body)
        } catch .wrongEmptyRoot {
            return .refused(.inconsistent)
        } catch {
            return .refused(.malformed)
        }
        guard let log = logs[request.checkpoint.origin],
            log.origin.utf8.elementsEqual(request.checkpoint.origin.utf8)
        else { return .refused(.unknownOrigin) }
        let now = clock().wallMS / 1_000
        do {
            return try await pool.run { log.answer(request, nowSeconds: now) }
        } catch {
            return .refused(.unavailable)
        }
    }

    /// The newest cosigned checkpoint of the log whose origin has this SHA-256, in hex; nil for an
    /// unknown log, and before the first.
    package func checkpoint(originHash hash: Substring) -> String? {
        byHash[String(hash)]?.newest?.serialized
    }

    /// Finishes what was begun.
    package func close() {
        pool.close()
    }
}
