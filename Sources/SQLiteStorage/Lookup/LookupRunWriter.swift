// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// Writes one run: blocks as entries come, the rest at the end.
///
/// The order of effects, and what a crash after each leaves:
/// 1. blocks and trailer to `NAME.tmp`: a temporary file, which the next opening removes;
/// 2. fdatasync, rename, folder sync: a whole run, beside those that it replaces, if it is a merge.
///    The next opening prefers the wider run;
/// 3. (the caller) the replaced runs are unlinked: as after 2 until the last is gone.
struct LookupRunWriter {
    private static let writeByteCount = 64 * LookupBlock.byteCount

    private let folder: LookupFolder
    private let file: LookupFile
    private let name: String
    private var index: LookupRunIndex
    private var builder: LookupBlockBuilder
    private var unwritten: [UInt8] = []
    private var written: UInt64 = 0

    /// A run over `range` with at most `submissionKeys` keys of that field.
    private init(
        range: Range<UInt64>, submissionKeys: UInt64, in folder: LookupFolder
    ) throws(LookupFailure) {
        self.folder = folder
        name = LookupRun.name(for: range)
        do throws(StoreError) {
            file = try LookupFile.create(folder.file(name + Self.temporarySuffix))
        } catch {
            throw .store(error)
        }
        index = LookupRunIndex(range: range, submissionKeys: submissionKeys)
        builder = LookupBlockBuilder(runFirst: range.lowerBound)
        unwritten.reserveCapacity(Self.writeByteCount)
    }

    static let temporarySuffix = ".tmp"

    /// Makes a run of what `body` adds; nothing is left behind when it fails.
    static func write(
        range: Range<UInt64>, submissionKeys: UInt64, in folder: LookupFolder,
        _ body: (inout LookupRunWriter) throws(LookupFailure) -> Void
    ) throws(LookupFailure) -> LookupRun {
        var writer = try LookupRunWriter(range: range, submissionKeys: submissionKeys, in: folder)
        do throws(LookupFailure) {
            try body(&writer)
            return try writer.finish()
        } catch {
            folder.remove(writer.name + temporarySuffix)
            throw error
        }
    }

    /// Adds an entry that is not below any before it; one that is equal is left out.
    mutating func add(_ entry: LookupEntry) throws(LookupFailure) {
        if entry == builder.last { return }
        if builder.isFull { try endBlock() }
        if builder.isEmpty { index.firstEntries.append(entry) }
        builder.append(entry)
        index.entryCount += 1
        if LookupKey(rawValue: entry.key).isSubmissionKey {
            index.bloom.insert(entry.key)
            index.submissionKeyCount += 1
        }
    }

    private mutating func endBlock() throws(LookupFailure) {
        let block = builder.take()
        index.checksums.append(LookupBlock.checksum(block))
        unwritten += block
        if unwritten.count >= Self.writeByteCount { try writeOut() }
    }

    private mutating func writeOut() throws(LookupFailure) {
        do throws(StoreError) {
            try file.write(unwritten, at: written)
        } catch {
            throw .store(error)
        }
        written += UInt64(unwritten.count)
        unwritten.removeAll(keepingCapacity: true)
    }

    private mutating func finish() throws(LookupFailure) -> LookupRun {
        if !builder.isEmpty { try endBlock() }
        unwritten += index.encoded
        try writeOut()
        do throws(StoreError) {
            try file.synchronize()
            try folder.rename(name + Self.temporarySuffix, to: name)
            return try LookupRun(name: name, in: folder)
        } catch {
            throw .store(error)
        }
    }
}

extension LookupRun {
    /// Writes a tail as a run.
    static func write(
        _ tail: LookupTail, in folder: LookupFolder
    ) throws(LookupFailure) -> LookupRun {
        let keys = UInt64(tail.entryCount(of: .submissionKey))
        return try LookupRunWriter.write(range: tail.range, submissionKeys: keys, in: folder) {
            (writer) throws(LookupFailure) in
            try tail.forEachSorted { (entry) throws(LookupFailure) in try writer.add(entry) }
        }
    }

    /// Makes one run of adjacent ones, given in order, by a streaming merge.
    ///
    /// Memory: a block of each run and the new run's fences and filter.
    static func merge(
        _ runs: [LookupRun], in folder: LookupFolder
    ) throws(LookupFailure) -> LookupRun {
        var range = runs[0].range
        for run in runs.dropFirst() {
            precondition(run.range.lowerBound == range.upperBound, "merged runs are adjacent")
            range = range.lowerBound..<run.range.upperBound
        }
        let keys = runs.reduce(0) { $0 + $1.index.submissionKeyCount }
        return try LookupRunWriter.write(range: range, submissionKeys: keys, in: folder) {
            (writer) throws(LookupFailure) in
            var merged = try LookupMerge(runs)
            while let entry = try merged.next() { try writer.add(entry) }
        }
    }
}
