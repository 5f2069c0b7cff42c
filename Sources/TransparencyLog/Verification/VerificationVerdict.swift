// SPDX-License-Identifier: Apache-2.0

/// What a verification says is wrong, or cannot be told: a closed set.
package enum VerificationVerdict: Hashable, Sendable {
    /// The record or its seed does not make the commitment in the leaf.
    case contentMismatch
    /// The chain's MAC is not that of the leaf: its time, commitment or MAC was altered.
    case macMismatch
    /// The entry does not follow the one before it: something foreign stands between them, or the
    /// log signed a chain that was broken.
    case linkBroken
    /// Entries or payloads are missing, and no record of the log says that they were removed.
    case sequenceGap
    /// The entry is a copy of an earlier one.
    case duplicateSeq
    /// The entry is one of the log's, and belongs at another index.
    case reordered
    /// Another history than the one that was signed, sound in itself.
    case fork
    /// What is derived from leaves and records, or stands beside them, disagrees with them.
    case derivedColumnMismatch
    /// The newest entries are missing: a signed head covers more than is stored.
    case truncatedTail(expected: UInt64, found: UInt64)
    /// What comes before the range was neither checked nor covered by a signed head.
    case uncorroboratedPrefix
    /// The leaves make another root than the signed one.
    case rootMismatch
    /// A signature by the log's own key is not valid, or the published head is not this log's.
    case checkpointSignatureInvalid
    /// The newest published head is older than one that was shown before.
    case checkpointRollback
    /// Rows lie beyond the head, which no commit covers.
    case tornTail
    /// The chain key is not the one that this log was made with.
    case wrongKey
    /// Something that the verification needs is not there: a chain key, by its epoch, or a head.
    case unverifiable(keyID: String)
    /// What is stored cannot be read: the file is damaged, or its volume fails.
    case unopenable

    /// The stable name, as reports have it.
    package var name: String {
        switch self {
        case .contentMismatch: "content_mismatch"
        case .macMismatch: "mac_mismatch"
        case .linkBroken: "link_broken"
        case .sequenceGap: "sequence_gap"
        case .duplicateSeq: "duplicate_seq"
        case .reordered: "reordered"
        case .fork: "fork"
        case .derivedColumnMismatch: "derived_column_mismatch"
        case .truncatedTail: "truncated_tail"
        case .uncorroboratedPrefix: "uncorroborated_prefix"
        case .rootMismatch: "root_mismatch"
        case .checkpointSignatureInvalid: "checkpoint_signature_invalid"
        case .checkpointRollback: "checkpoint_rollback"
        case .tornTail: "torn_tail"
        case .wrongKey: "wrong_key"
        case .unverifiable: "unverifiable"
        case .unopenable: "unopenable"
        }
    }

    /// Whether it is evidence of tampering, or says nothing either way.
    package var standing: VerificationStanding {
        switch self {
        case .uncorroboratedPrefix, .tornTail, .wrongKey, .unverifiable, .unopenable: .unverifiable
        default: .tampered
        }
    }

    /// Which of two verdicts on one index says more: the lower one.
    ///
    /// A leaf that was altered spoils what is derived from it, and a tree its root.
    var rank: Int {
        switch self {
        case .fork, .wrongKey: 0
        case .truncatedTail, .sequenceGap: 1
        case .reordered: 2
        case .duplicateSeq: 3
        case .linkBroken: 4
        case .macMismatch: 5
        case .contentMismatch: 6
        case .derivedColumnMismatch: 7
        case .unopenable: 8
        case .rootMismatch: 9
        case .checkpointSignatureInvalid, .checkpointRollback: 10
        case .uncorroboratedPrefix, .tornTail, .unverifiable: 11
        }
    }
}

/// What a whole verification amounts to.
package enum VerificationStanding: String, Sendable {
    case verified
    /// Something contradicts what the log committed to or signed.
    case tampered
    /// Nothing is proven either way.
    case unverifiable
}

/// One thing that is wrong: what, where, and how it shows.
///
/// Indexes, names of columns and sizes only: never the content of a record.
package struct VerificationFinding: Hashable, Sendable {
    package var verdict: VerificationVerdict
    /// The first index concerned; nil where it concerns the log as a whole.
    package let index: UInt64?
    /// Where it shows, as the store's schema and the formats name it.
    package let column: String
    /// One sentence, without a full stop.
    package var message: String

    package init(
        _ verdict: VerificationVerdict, _ index: UInt64?, _ column: String, _ message: String
    ) {
        self.verdict = verdict
        self.index = index
        self.column = column
        self.message = message
    }

    /// Whether this one is to be told before another: the lower index, and then the rank.
    ///
    /// What cannot be told comes after all evidence, and what has no index after all that has.
    func precedes(_ other: VerificationFinding) -> Bool {
        key.lexicographicallyPrecedes(other.key)
    }

    private var key: [UInt64] {
        [
            verdict.standing == .tampered ? 0 : 1, index ?? .max, UInt64(verdict.rank),
        ]
    }
}
