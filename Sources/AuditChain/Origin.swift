// SPDX-License-Identifier: Apache-2.0

/// Why a text does not name a log.
public enum OriginError: Error, Hashable, Sendable {
    /// Not 1 to 255 bytes.
    case wrongLength(Int)
    /// The part before the first `/` or `:` is not a host name in lower case.
    case invalidHost
    /// What follows the `:` is not a port number from 1 to 65535 in plain decimal.
    case invalidPort
    /// No path, an empty segment, a final slash, or a byte outside `[A-Za-z0-9._~-]`.
    case invalidPath
}

/// The name of a log: a host name, an optional port, and a path, as in `log.example.com/audit`.
///
/// 1 to 255 bytes. It is part of every commitment, of the chain and of every checkpoint; it never
/// changes and never serves a second log.
public struct Origin: Hashable, Sendable, CustomStringConvertible {
    /// The name as it stands in a checkpoint.
    public let text: String

    /// Checks the grammar of the name.
    public init(_ text: String) throws(OriginError) {
        let bytes = Array(text.utf8)
        guard 1...255 ~= bytes.count else { throw .wrongLength(bytes.count) }
        let segments = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let authority = segments[0].split(
            separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard Self.isHost(authority[0]) else { throw .invalidHost }
        if authority.count > 1 {
            guard Self.isPort(authority[1]) else { throw .invalidPort }
        }
        guard segments.count > 1, segments.dropFirst().allSatisfy(Self.isSegment) else {
            throw .invalidPath
        }
        self.text = text
    }

    /// The same as ``text``.
    public var description: String { text }

    private static func isHost(_ host: ArraySlice<UInt8>) -> Bool {
        host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            .allSatisfy { label in
                !label.isEmpty && label.first != hyphen && label.last != hyphen
                    && label.allSatisfy { isLowerCase($0) || isDigit($0) || $0 == hyphen }
            }
    }

    private static func isPort(_ port: ArraySlice<UInt8>) -> Bool {
        guard port.allSatisfy(isDigit), port.first != UInt8(ascii: "0") else { return false }
        return UInt16(String(decoding: port, as: UTF8.self)) != nil
    }

    private static func isSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        !segment.isEmpty
            && segment.allSatisfy { byte in
                isLowerCase(byte) || isDigit(byte) || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
                    || "._~-".utf8.contains(byte)
            }
    }

    private static let hyphen = UInt8(ascii: "-")

    private static func isLowerCase(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
