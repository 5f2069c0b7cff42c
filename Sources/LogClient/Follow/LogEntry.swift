// SPDX-License-Identifier: Apache-2.0

public import AuditChain

/// What an entry of a log is to a reader that knows version 1.
public enum LogEntry: Hashable, Sendable {
    /// A leaf of version 1.
    case leaf(Leaf)

    /// An entry of another kind: in the tree, and not read.
    case unknown

    /// It claims to be a leaf of version 1 and is not exactly that.
    case malformed

    /// Reads one entry.
    public init(_ bytes: UnsafeRawBufferPointer) {
        if !Self.claimsVersion1(bytes) {
            self = .unknown
        } else if let leaf = try? Leaf(decoding: bytes) {
            self = .leaf(leaf)
        } else {
            self = .malformed
        }
    }

    /// Whether an entry's header is that of an RFC 6962 timed entry of type 0x8000.
    private static func claimsVersion1(_ entry: UnsafeRawBufferPointer) -> Bool {
        entry.count >= 12 && entry[0] == 0 && entry[1] == 0 && entry[10] == 0x80 && entry[11] == 0
    }
}
