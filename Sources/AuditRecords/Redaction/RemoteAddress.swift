// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The other end of a connection, as servers write it: `192.0.2.7:80`, `[2001:db8::1%eth0]:80`,
/// `/run/x.sock`, `@`.
public enum RemoteAddress: Hashable, Sendable {
    /// Four bytes.
    case ipv4([UInt8])
    /// Sixteen bytes; an address that is mapped from IPv4 is ``ipv4(_:)``. A zone is dropped.
    case ipv6([UInt8])
    /// A socket of the file system, or one without a name.
    case unix
    /// Anything else.
    case unknown

    /// Reads an address with or without a port.
    public init(_ text: String) {
        guard !text.isEmpty, text != "@", !text.hasPrefix("/"), !text.hasPrefix("unix:") else {
            self = .unix
            return
        }
        var host = Array(text.utf8)[...]
        if host.first == UInt8(ascii: "[") {
            host = host.dropFirst().prefix { $0 != UInt8(ascii: "]") }
        } else if host.count(where: { $0 == UInt8(ascii: ":") }) == 1 {
            host = host.prefix { $0 != UInt8(ascii: ":") }
        }
        host = host.prefix { $0 != UInt8(ascii: "%") }
        if let bytes = Self.packedIPv4(host) {
            self = .ipv4(bytes)
        } else if let bytes = Self.packedIPv6(host) {
            let isMapped = bytes.starts(with: Array(repeating: 0, count: 10) + [0xFF, 0xFF])
            self = isMapped ? .ipv4(Array(bytes.suffix(4))) : .ipv6(bytes)
        } else {
            self = .unknown
        }
    }

    /// What a log may keep of it.
    ///
    /// Generalised, an address becomes its /24 or /48; otherwise, and whatever cannot be read, is
    /// wholly replaced: an address by `<ip-redacted>`, all else by `<path-redacted>` (kerno's
    /// rule), or by `<redacted:ipv4>` and the like.
    public func redacted(_ style: PlaceholderStyle = .plain, generalise: Bool = false) -> String {
        switch self {
        case .ipv4(let bytes):
            generalise ? Self.network(ipv4: bytes) : Placeholder.text("ipv4", style)
        case .ipv6(let bytes):
            generalise ? Self.network(ipv6: bytes) : Placeholder.text("ipv6", style)
        case .unix, .unknown: Placeholder.text("unix_path", style)
        }
    }

    static func network(ipv4 bytes: [UInt8]) -> String {
        "\(bytes[0]).\(bytes[1]).\(bytes[2]).0/24"
    }

    static func network(ipv6 bytes: [UInt8]) -> String {
        let groups = stride(from: 0, to: 6, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "::/48"
    }

    static func packedIPv4(_ text: some Collection<UInt8>) -> [UInt8]? {
        packed(text, AF_INET, count: 4)
    }

    static func packedIPv6(_ text: some Collection<UInt8>) -> [UInt8]? {
        packed(text, AF_INET6, count: 16)
    }

    private static func packed(
        _ text: some Collection<UInt8>, _ family: Int32, count: Int
    ) -> [UInt8]? {
        guard text.count < 64, !text.contains(0) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        let terminated = text.map { CChar(bitPattern: $0) } + [0]
        return inet_pton(family, terminated, &bytes) == 1 ? bytes : nil
    }
}
