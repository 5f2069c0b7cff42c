// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One connection of a run: a socket, what has yet to be sent on it, and its answer so far.
struct LoadConnection {
    let socket: Int32
    var reader = AnswerReader()
    /// When its last request was made, nanoseconds.
    var sentAt: UInt64 = 0
    private var unsent: [UInt8] = []
    private var unsentStart = 0

    /// Connects, waiting for it.
    init(host: String, port: Int) throws(LoadError) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw LoadError(call: "socket", number: errno) }
        self.socket = socket
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw LoadError(call: "inet_pton", number: EINVAL)
        }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw LoadError(call: "connect", number: errno) }
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
        guard fcntl(socket, F_SETFL, O_NONBLOCK) == 0 else {
            throw LoadError(call: "fcntl", number: errno)
        }
    }

    var hasUnsent: Bool { !unsent.isEmpty }

    /// Sends a request, or as much of it as the socket takes now; false if the connection broke.
    mutating func send(_ request: RequestBuffer) -> Bool {
        guard let count = Self.write(request.bytes[...], to: socket) else { return false }
        if count < request.count { (unsent, unsentStart) = (request.bytes, count) }
        return true
    }

    /// Sends what is left of a request.
    mutating func sendRest() -> Bool {
        guard let count = Self.write(unsent[unsentStart...], to: socket) else { return false }
        unsentStart += count
        if unsentStart == unsent.count { (unsent, unsentStart) = ([], 0) }
        return true
    }

    /// The number of bytes that the socket took; nil if the connection broke.
    private static func write(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Int? {
        let count = bytes.withUnsafeBytes {
            Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }
}
