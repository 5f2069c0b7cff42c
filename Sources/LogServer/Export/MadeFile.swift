// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import LogCrypto

/// A file that is made and sent as it is made: how much of it there is, and its hash.
///
/// Where the client has its beginning already, that is made again, compared by its hash, and not
/// sent.
final class MadeFile {
    /// What a client says that it has.
    struct Beginning: Hashable, Sendable {
        let bytes: UInt64
        let sha256: Digest
    }

    private(set) var count: UInt64 = 0
    private var stream: SHA256Stream? = SHA256Stream()
    private var had: SHA256Stream?
    private let beginning: Beginning?

    /// - Parameter beginning: nil where all is to be sent.
    init(after beginning: Beginning? = nil) {
        self.beginning = beginning.flatMap { $0.bytes > 0 ? $0 : nil }
        had = self.beginning == nil ? nil : SHA256Stream()
    }

    /// Throws ``ProblemCode/exportChanged`` where the client's beginning is not the file's.
    func write(_ bytes: [UInt8], to writer: inout any ResponseBodyWriter) async throws {
        guard !bytes.isEmpty else { return }
        stream?.update(bytes)
        let start = count
        count += UInt64(bytes.count)
        let skipped = try skipped(bytes, at: start)
        guard skipped < bytes.count else { return }
        try await writer.write(ByteBuffer(bytes: bytes[skipped...]))
    }

    /// How many of the bytes the client has.
    private func skipped(_ bytes: [UInt8], at start: UInt64) throws(Problem) -> Int {
        guard let beginning, start < beginning.bytes else { return 0 }
        let known = Int(min(UInt64(bytes.count), beginning.bytes - start))
        had?.update(Array(bytes[..<known]))
        guard start + UInt64(known) == beginning.bytes else { return known }
        guard let had = had.take(), had.finalize() == beginning.sha256 else {
            throw Problem(.exportChanged)
        }
        return known
    }

    /// The hash of all that was made; asked for once, and nothing is written after it.
    ///
    /// Throws ``ProblemCode/exportChanged`` where the client has more than there is.
    func finish() throws(Problem) -> Digest {
        guard had == nil else { throw Problem(.exportChanged) }
        guard let stream = stream.take() else { preconditionFailure("the file has ended") }
        return stream.finalize()
    }
}
