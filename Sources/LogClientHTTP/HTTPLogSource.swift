// SPDX-License-Identifier: Apache-2.0

import AuditChain
public import LogClient
public import Merkle

/// A log read over HTTP, by https://c2sp.org/tlog-tiles.
public struct HTTPLogSource: LogSource {
    private let endpoint: LogEndpoint

    /// Bytes of the largest checkpoint that is taken: room for a hundred signatures.
    static let checkpointLimit = 1 << 20

    /// Bytes of the largest tile: 256 entries of 65,535 bytes and their lengths.
    static let tileLimit = 256 * 65_537

    /// Reads the log at an address.
    public init(endpoint: LogEndpoint) {
        self.endpoint = endpoint
    }

    /// The signed note at `/checkpoint`; nil if there is none.
    public func checkpoint() async throws -> [UInt8]? {
        try await bytes("/checkpoint", limit: Self.checkpointLimit)
    }

    /// The bytes of a tile; nil if the log does not serve it.
    public func tile(_ tile: Tile) async throws -> [UInt8]? {
        try await bytes("/\(tile.path)", limit: Self.tileLimit)
    }

    private func bytes(_ path: String, limit: Int) async throws(EndpointError) -> [UInt8]? {
        let answer = try await endpoint.request("GET", path, limit: limit)
        switch answer.status {
        case 200: return answer.body
        case 404, 410: return nil
        default: throw answer.error(asking: path, of: endpoint)
        }
    }
}

extension LogEndpoint {
    /// The Ed25519 verifier key that the log shows of itself at `/v1/log`.
    ///
    /// It proves nothing about who runs the log: a key to rely on comes from somewhere else, or is
    /// pinned at first sight and never changed.
    public func verifierKey() async throws(EndpointError) -> String {
        guard let key = try await verifierKeys()?.first else {
            throw EndpointError(.unexpectedAnswer, "\(name)/v1/log does not show a verifier key")
        }
        return key
    }

    /// Whether the log says that this is one of its verifier keys, by `/v1/log`.
    public func shows(verifierKey key: String) async throws(EndpointError) -> Bool {
        try await verifierKeys()?.contains(key) ?? false
    }

    private func verifierKeys() async throws(EndpointError) -> [String]? {
        let answer = try await request("GET", "/v1/log", limit: 1 << 20)
        guard answer.status == 200 else { throw answer.error(asking: "/v1/log", of: self) }
        return answer.verifierKeys
    }
}

extension LogEndpoint {
    /// To what the log says that it rounds its leaves' times, in milliseconds; nil if it says
    /// nothing that can be understood.
    public func granularityMS() async -> UInt64? {
        let answer = try? await request("GET", "/v1/log", limit: 1 << 20)
        return answer?.object?["granularity_ms"]?.unsigned
    }
}

extension HTTPAnswer {
    /// The keys with a `vkey` in the answer of `/v1/log`.
    var verifierKeys: [String]? {
        object?["keys"]?.elements?.compactMap { $0["vkey"]?.text }
    }
}
