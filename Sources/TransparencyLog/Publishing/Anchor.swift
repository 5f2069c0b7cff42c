// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Why the anchor could not be read or written.
package struct AnchorError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The system refused an operation.
        case inputOutput = "input_output"
        /// An older head was to replace a newer one: a defect of this program.
        case backwards
        /// Another process uses this anchor.
        case locked
        /// A write has failed before: what a later one reports cannot be believed.
        case failed
    }

    package let code: Code
    package let message: String

    package var description: String { "\(message) [\(code.rawValue)]" }
}

/// The newest published head, kept apart from the database, so that a database that was set back
/// is noticed at the next start.
///
/// Two slots are written in turn, each by one overwrite and one fdatasync (about 0.1 ms): whatever
/// a crash does to the one being written, the other holds the head before it. It lies best on
/// another volume than the database. Whoever can write both can hide a rollback from it; then only
/// witnesses, monitors and the holders of receipts see it.
///
/// One thread uses it: the publisher's.
package final class Anchor: Sendable {
    private let file: any AnchorFile
    private let current: Mutex<Current>

    private struct Current {
        var slot: AnchorSlot?
        /// After a failed fdatasync the page cache may show what is not on the disk, and a second
        /// one may succeed without writing it: so the first failure is the last write.
        var hasFailed = false
    }

    /// Something was written here, and neither slot is whole any more.
    package let isDamaged: Bool

    /// The newest state; nil before the first write.
    package var state: AnchorState? { current.withLock { $0.slot?.state } }

    /// Goes on from the bytes that the file holds.
    init(_ file: any AnchorFile, holding bytes: [UInt8]) {
        let slots = stride(from: 0, to: bytes.count, by: AnchorSlot.byteCount).compactMap {
            AnchorSlot(Array(bytes[$0..<min($0 + AnchorSlot.byteCount, bytes.count)]))
        }
        self.file = file
        current = Mutex(Current(slot: slots.max { $0.sequence < $1.sequence }))
        // The first write goes to the second slot: only that one may be torn by a crash before
        // there is anything to lose.
        isDamaged =
            slots.isEmpty && bytes.prefix(AnchorSlot.byteCount).contains { $0 != 0 }
    }

    /// An anchor that is forgotten with the process, for a store that is too.
    package static func volatile() -> Anchor { Anchor(VolatileAnchorFile(), holding: []) }

    /// Opens the anchor at `path`, or makes an empty one, readable by its owner alone.
    package static func open(path: String) throws(AnchorError) -> Anchor {
        let file = try AnchorFileOnDisk(path: path)
        return Anchor(file, holding: try file.read())
    }

    /// Lets another process use the file; called when nothing is written any more.
    package func release() {
        file.release()
    }

    /// Writes the first state into both slots.
    package func initialise(_ state: AnchorState) throws(AnchorError) {
        try write(state)
        try write(state)
    }

    /// Replaces the older slot.
    ///
    /// Returns when the new one is on stable storage. After a failure nothing more is written.
    package func write(_ state: AnchorState) throws(AnchorError) {
        let (last, hasFailed) = current.withLock { ($0.slot, $0.hasFailed) }
        guard !hasFailed else {
            throw AnchorError(code: .failed, message: "the anchor failed before; restart the log")
        }
        if let last, state.treeHeadTimeMS < last.state.treeHeadTimeMS {
            throw AnchorError(code: .backwards, message: "the anchor only moves forward")
        }
        let slot = AnchorSlot(sequence: (last?.sequence ?? 0) + 1, state: state)
        guard let bytes = slot.bytes else {
            throw AnchorError(code: .inputOutput, message: "the checkpoint exceeds a slot")
        }
        do {
            try file.write(bytes, at: Int(slot.sequence % 2) * AnchorSlot.byteCount)
        } catch {
            current.withLock { $0.hasFailed = true }
            throw error
        }
        current.withLock { $0.slot = slot }
    }
}
