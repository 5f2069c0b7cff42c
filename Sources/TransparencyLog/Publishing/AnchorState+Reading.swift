// SPDX-License-Identifier: Apache-2.0

import Glibc

extension AnchorState {
    /// What the anchor at `path` holds, for checks beside a running log: nothing is locked, made
    /// or written.
    ///
    /// A slot that is being written meanwhile is not whole, and then the other one is the answer.
    /// Nil if there is no file, or no whole slot in it.
    package static func read(path: String) throws(AnchorError) -> AnchorState? {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(path)
        }
        defer { Glibc.close(file) }
        var bytes = [UInt8](repeating: 0, count: 2 * AnchorSlot.byteCount)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count >= 0 else { throw failure(path) }
        let slots = stride(from: 0, to: count, by: AnchorSlot.byteCount).compactMap {
            AnchorSlot(Array(bytes[$0..<min($0 + AnchorSlot.byteCount, count)]))
        }
        return slots.max { $0.sequence < $1.sequence }?.state
    }

    private static func failure(_ path: String) -> AnchorError {
        AnchorError(
            code: .inputOutput,
            message: "cannot read the anchor \(path): \(String(cString: strerror(errno)))")
    }
}
