// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import TransparencyLog

extension JSONWriter {
    /// A receipt as the formats have it, beside it what the server adds for this request.
    ///
    /// - Parameters:
    ///   - withCheckpoint: false for an item of a batch, whose items share one checkpoint.
    mutating func receipt(
        _ record: SequencedRecord, withCheckpoint: Bool = true, erased: Bool = false,
        isWitnessed: Bool? = nil, opening: Opening? = nil
    ) {
        open()
        member("receipt", "evident/v1")
        member("index", record.index)
        member("timestamp_ms", record.leaf.timestampMS)
        member("commitment", hex: record.leaf.commitment)
        member("record_hash", hex: record.leaf.mac)
        member("inclusion", base64: record.proof.hashes)
        if withCheckpoint { member("checkpoint", record.checkpoint) }
        if erased { member("content", "erased") }
        if let isWitnessed { member("witnessed", isWitnessed) }
        if let opening { self.opening(opening) }
        close()
    }

    private mutating func opening(_ opening: Opening) {
        name("opening")
        open()
        name("record")
        string(utf8: opening.record)
        member("seed", hex: opening.seed)
        close()
    }
}

/// What recomputes a record's commitment: its text as stored, and its seed.
struct Opening: Sendable {
    let record: [UInt8]
    let seed: Digest
}
