// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// Verifies a bundle set in one pass, piece by piece as it is read.
///
///     var verifier = BundleSetVerifier(pinned)
///     while let piece = try file.next() { try verifier.read(piece) }
///     let verified = try verifier.finish()
///
/// **Nothing is proven before `finish` returns**: the signed root is met at the end. Memory: one
/// line, the peaks of a tree, and what the set says of erasures.
public struct BundleSetVerifier: ~Copyable {
    private var walk: BundleSetWalk
    private var stream: SHA256Stream? = SHA256Stream()
    private var digest: Digest?
    private var line: [UInt8] = []
    private var lineNumber: UInt64 = 0

    /// Verifies against a pinned log.
    ///
    /// - Parameter erasures: Erasure records that are at hand already; those in the set count too.
    public init(_ pinned: PinnedLog, erasures: ErasureRecords = ErasureRecords()) {
        walk = BundleSetWalk(pinned, erasures)
    }

    /// Whether a file that begins so is a bundle set; `bytes` hold its first line at least.
    public static func begins(_ bytes: [UInt8]) -> Bool {
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") }
        guard case .header? = try? BundleSetLine(parsing: Array(line)) else { return false }
        return true
    }

    /// How many leaves are covered so far, and how many the tree has: how far it has come.
    public var progress: (covered: UInt64, size: UInt64) { (walk.covered, walk.size) }

    /// Takes the next bytes of the file.
    ///
    /// - Parameter take: Called with each line that is complete, before anything of it is proven.
    public mutating func read(
        _ bytes: some Collection<UInt8>,
        _ take: (BundleSetLine) throws(BundleSetError) -> Void = { _ in }
    ) throws(BundleSetError) {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try append(rest[..<end])
            rest = rest[rest.index(after: end)...]
            try take(readLine())
            line.removeAll(keepingCapacity: true)
        }
        try append(rest)
    }

    /// What the set proves, once all of its bytes have been read.
    public consuming func finish() throws(BundleSetError) -> VerifiedBundleSet {
        guard line.isEmpty, let verified = walk.verified else { throw .endsEarly }
        return verified
    }

    private mutating func append(_ bytes: some Collection<UInt8>) throws(BundleSetError) {
        guard !bytes.isEmpty else { return }
        guard walk.stage != .done else { throw .bytesAfterEnd }
        guard bytes.count <= BundleSetLine.byteLimit - line.count else {
            throw .lineTooLong(lineNumber + 1)
        }
        line.append(contentsOf: bytes)
    }

    private mutating func readLine() throws(BundleSetError) -> BundleSetLine {
        guard walk.stage != .done else { throw .bytesAfterEnd }
        lineNumber += 1
        let parsed: BundleSetLine
        do {
            parsed = try BundleSetLine(parsing: line)
        } catch {
            throw .line(lineNumber, error)
        }
        if walk.stage == .vouched {
            // The last line vouches for the bytes before it.
            if let stream = stream.take() { digest = stream.finalize() }
        } else {
            stream?.update(line)
            stream?.update([UInt8(ascii: "\n")])
        }
        try walk.take(parsed, number: lineNumber, digest: digest)
        return parsed
    }
}
