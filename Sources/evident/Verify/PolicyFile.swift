// SPDX-License-Identifier: Apache-2.0

import LogStorage
import SignedNote

/// A policy in a file.
enum PolicyFile {
    /// Reads a file of the form that c2sp.org/tlog-policy gives.
    static func read(_ path: String) throws(CommandFailure) -> WitnessPolicy {
        let bytes: [UInt8]?
        do {
            bytes = try PrivateFile.read(
                path, limit: WitnessPolicy.maxBytes + 1, followingLinks: true)
        } catch {
            throw CommandFailure(.inputOutput, "\(error)")
        }
        guard let bytes else {
            throw CommandFailure(.inputOutput, "\(path): there is no such file")
        }
        do {
            return try WitnessPolicy(parsing: bytes)
        } catch {
            throw .usage(
                "\(path) is not a witness policy: \(error)",
                advice: "Its form is that of https://c2sp.org/tlog-policy.")
        }
    }
}
