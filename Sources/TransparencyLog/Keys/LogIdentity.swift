// SPDX-License-Identifier: Apache-2.0

package import AuditChain
import LogCrypto
import LogStorage

/// What a log is and stays: its name, the grain of its public times, and its chain's epochs.
package struct LogIdentity: Hashable, Sendable {
    /// One epoch of the chain key.
    package struct Epoch: Hashable, Sendable {
        /// The first index whose MAC is made with the epoch's key.
        package let first: UInt64
        /// HMAC(K_e, "evident.kcv.v1")[0..<8].
        package let checkValue: [UInt8]

        package init(first: UInt64, checkValue: [UInt8]) {
            self.first = first
            self.checkValue = checkValue
        }
    }

    package let origin: Origin
    /// Milliseconds, 1...3,600,000: public times are multiples of it.
    package let granularityMS: UInt64
    package let chain: [Epoch]

    package init(origin: Origin, granularityMS: UInt64, chain: [Epoch]) {
        self.origin = origin
        self.granularityMS = granularityMS
        self.chain = chain
    }

    /// The file's text: canonical JSON and a newline.
    var json: [UInt8] {
        let chain = chain.map { epoch in
            "{\"first\":\(epoch.first),\"kcv\":\"\(Hex.encode(epoch.checkValue))\"}"
        }
        let text =
            "{\"chain\":[\(chain.joined(separator: ","))],\"granularity_ms\":\(granularityMS),"
            + "\"origin\":\"\(origin.text)\"}\n"
        return Array(text.utf8)
    }

    /// Reads the file, and refuses what it would not have written.
    static func load(path: String) throws -> LogIdentity {
        guard let bytes = try PrivateFile.read(path, limit: 64 << 10) else {
            throw KeyError("there is no \(path)")
        }
        guard let identity = parse(bytes), identity.json == bytes else {
            throw KeyError("\(path) has been changed: restore it from a backup")
        }
        return identity
    }

    private static func parse(_ bytes: [UInt8]) -> LogIdentity? {
        guard let value = try? JSONValue.parse(bytes),
            case .string(let name)? = value["origin"], let origin = try? Origin(name),
            case .number(let granularity)? = value["granularity_ms"],
            (1...3_600_000).contains(granularity),
            case .array(let epochs)? = value["chain"], !epochs.isEmpty
        else { return nil }
        var chain: [Epoch] = []
        for epoch in epochs {
            guard case .number(let first)? = epoch["first"],
                let first = UInt64(exactly: first),
                case .string(let text)? = epoch["kcv"], let checkValue = Hex.decode(text)
            else { return nil }
            chain.append(Epoch(first: first, checkValue: checkValue))
        }
        return LogIdentity(
            origin: origin, granularityMS: UInt64(granularity), chain: chain)
    }
}
