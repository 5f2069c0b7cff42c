// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Synchronization

/// Counts the open connections of a server, all together and by address.
final class ConnectionGate: Sendable {
    enum Admission: Equatable {
        case admitted(address: UInt64?)
        /// Over a cap, and to be told so.
        case refused(ConnectionFailure)
        /// Over a cap while too many others are being told so.
        case dropped
    }

    private struct Counts {
        var admitted = 0
        var refused = 0
        var byAddress: [UInt64: Int] = [:]
    }

    private let limits: ConnectionLimits
    private let counts = Mutex(Counts())

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    /// Connections that are being served.
    var open: Int { counts.withLock { $0.admitted } }

    /// Decides about a new connection.
    ///
    /// Whatever is admitted or refused is to be given to ``ended(_:)`` once.
    func admit(_ remote: SocketAddress?) -> Admission {
        let address = remote.flatMap(Self.key)
        return counts.withLock { counts in
            guard let failure = failure(counts, address) else {
                counts.admitted += 1
                if let address { counts.byAddress[address, default: 0] += 1 }
                return .admitted(address: address)
            }
            guard counts.refused < limits.refusals else { return .dropped }
            counts.refused += 1
            return .refused(failure)
        }
    }

    /// A connection has been closed.
    func ended(_ admission: Admission) {
        counts.withLock { counts in
            switch admission {
            case .admitted(let address):
                counts.admitted -= 1
                guard let address, let count = counts.byAddress[address] else { return }
                counts.byAddress[address] = count > 1 ? count - 1 : nil
            case .refused: counts.refused -= 1
            case .dropped: break
            }
        }
    }

    private func failure(_ counts: Counts, _ address: UInt64?) -> ConnectionFailure? {
        if let address, counts.byAddress[address, default: 0] >= limits.connectionsPerAddress {
            return .tooManyConnectionsOfAddress
        }
        return counts.admitted >= limits.connections ? .tooManyConnections : nil
    }

    /// What counts as one address: an IPv4 address, or the /64 of an IPv6 address, which is what
    /// one subscriber has.
    ///
    /// Nil for a Unix socket.
    static func key(_ address: SocketAddress) -> UInt64? {
        guard let text = address.ipAddress else { return nil }
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            return bytes.prefix(4).reduce(0xffff) { $0 << 8 | UInt64($1) }
        }
        guard inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        let words = [bytes.prefix(8), bytes.suffix(8)].map {
            $0.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        }
        let isMappedIPv4 = words[0] == 0 && words[1] >> 32 == 0xffff
        return isMappedIPv4 ? words[1] : words[0]
    }
}
