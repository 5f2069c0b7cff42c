// SPDX-License-Identifier: Apache-2.0

/// What a log does with new records.
package enum LogMode: Hashable, Sendable {
    /// Takes them.
    case sequencing
    /// Takes none any more: its last record says so, and its last head is final.
    case frozen
    /// Takes none and signs nothing: it was opened to be looked at, after it had refused to start.
    case evidence(EvidenceFinding)
}

/// How store and anchor stand to each other in a log that is only looked at.
package enum EvidenceFinding: Hashable, Sendable, CustomStringConvertible {
    /// The store ends before the newest signed head.
    case storeIsBehind(stored: UInt64, signed: UInt64)
    /// The store holds another history than the newest signed head.
    case storeDiffers(stored: UInt64, signed: UInt64)
    /// There is no signed head of this log to compare the store with.
    case noSignedHead(stored: UInt64)
    /// The stored tree is that of the signed head, or has grown from it.
    case storeAgrees(stored: UInt64, signed: UInt64)

    /// One sentence, without a full stop.
    package var description: String {
        switch self {
        case .storeIsBehind(let stored, let signed):
            "the store ends at \(stored) leaves, and a head of \(signed) was signed"
        case .storeDiffers(let stored, let signed):
            "the store's \(stored) leaves are another history than the signed head of \(signed)"
        case .noSignedHead(let stored):
            "the store has \(stored) leaves, and no signed head is here to compare them with"
        case .storeAgrees(let stored, let signed):
            "the store's \(stored) leaves agree with the signed head of \(signed)"
        }
    }
}
