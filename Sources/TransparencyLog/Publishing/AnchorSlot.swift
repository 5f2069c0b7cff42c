// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// What the anchor remembers: the newest published head, and the newest time that was signed.
package struct AnchorState: Hashable, Sendable {
    /// The note over the newest published head, with the log's Ed25519 signature.
    package let note: String
    /// The time in the newest tree head signature (0x05), milliseconds; 0 before the first.
    package let treeHeadTimeMS: UInt64

    package init(note: String, treeHeadTimeMS: UInt64) {
        self.note = note
        self.treeHeadTimeMS = treeHeadTimeMS
    }
}

/// One slot of the anchor file: 4,096 bytes that are written as one, and believed only whole.
///
///     "evident-anchor-1" ‖ u64 sequence ‖ u64 treeHeadTimeMS ‖ u16 length ‖ note ‖ zeros ‖
///     SHA-256 of all that precedes
struct AnchorSlot: Hashable {
    static let byteCount = 4_096
    private static let magic = Array("evident-anchor-1".utf8)
    private static let noteLimit = byteCount - magic.count - 18 - Digest.byteCount

    /// Counts the writes: of two good slots, the one with the higher sequence is the newer.
    let sequence: UInt64
    let state: AnchorState

    /// The slot's bytes; nil if the note is longer than a slot can hold.
    var bytes: [UInt8]? {
        let note = Array(state.note.utf8)
        guard note.count <= Self.noteLimit else { return nil }
        var bytes = Self.magic
        bytes.appendBigEndian(sequence)
        bytes.appendBigEndian(state.treeHeadTimeMS)
        bytes.appendBigEndian(UInt16(note.count))
        bytes += note
        bytes += Array(repeating: 0, count: Self.byteCount - Digest.byteCount - bytes.count)
        bytes.append(SHA256.hash(bytes))
        return bytes
    }

    init(sequence: UInt64, state: AnchorState) {
        self.sequence = sequence
        self.state = state
    }

    /// Reads a slot; nil unless writing it again gives the same bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, bytes.starts(with: Self.magic) else { return nil }
        let fields = bytes[Self.magic.count...]
        func integer(at offset: Int, _ width: Int) -> UInt64 {
            fields.dropFirst(offset).prefix(width).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let length = Int(integer(at: 16, 2))
        guard length <= Self.noteLimit,
            let note = String(validating: fields.dropFirst(18).prefix(length), as: UTF8.self)
        else { return nil }
        self.init(
            sequence: integer(at: 0, 8),
            state: AnchorState(note: note, treeHeadTimeMS: integer(at: 8, 8)))
        guard self.bytes == bytes else { return nil }
    }
}
