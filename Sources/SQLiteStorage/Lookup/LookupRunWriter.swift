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
    /// The list that is being put together.
    private var key: UInt64 = 0
    private var indexes: [UInt64] = []
    private var unwritten: [UInt8] = []
    private var written: UInt64 = 0

    /// A run over `range` with at most `submissionKeys` keys of that field.
    private init(
        range: Range<UInt64>, submissionKeys: UInt64, spans: LookupSpans, in folder: LookupFolder
    ) throws(LookupFailure) {
        self.folder = folder
        name = LookupRun.name(for: range)
        do throws(StoreError) {
            file = try LookupFile.create(folder.file(name + Self.temporarySuffix))
        } catch {
            throw .store(error)
        }
        index = LookupRunIndex(range: range, submissionKeys: submissionKeys)
        index.spans = spans
        builder = LookupBlockBuilder(runFirst: range.lowerBound)
        unwritten.reserveCapacity(Self.writeByteCount)
    }

    static let temporarySuffix = ".tmp"

    /// Makes a run of what `body` adds; nothing is left behind when it fails.
    static func write(
        range: Range<UInt64>, submissionKeys: UInt64, spans: LookupSpans, in folder: LookupFolder,
        _ body: (inout LookupRunWriter) throws(LookupFailure) -> Void
    ) throws(LookupFailure) -> LookupRun {
        var writer = try LookupRunWriter(
            range: range, submissionKeys: submissionKeys, spans: spans, in: folder)
        do throws(LookupFailure) {
            try body(&writer)
            return try writer.finish()
        } catch {
            folder.remove(writer.name + temporarySuffix)
            throw error
        }
    }

    /// Lists are put together up to this length.
    private static let mostInList = 8_192

    /// Adds a list, or the next part of the last one; keys and indexes rise.
    mutating func add(
        _ key: UInt64, _ indexes: ArraySlice<UInt64>
    ) throws(LookupFailure) {
        if key != self.key || self.indexes.count >= Self.mostInList {
            try endList()
            self.key = key
        }
        self.indexes += indexes
    }

    private mutating func endList() throws(LookupFailure) {
        var rest = indexes[...]
        if rest.isEmpty { return }
        index.entryCount += UInt64(rest.count)
        if LookupKey(rawValue: key).isSubmissionKey {
            index.bloom.insert(key)
            index.submissionKeyCount += 1
        }
        while let first = rest.first {
            if builder.isFull { try endBlock() }
            if builder.isEmpty { index.firstEntries.append(LookupEntry(key: key, index: first)) }
            rest = rest.dropFirst(builder.append(key, rest))
        }
        indexes.removeAll(keepingCapacity: true)
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
        try endList()
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
        let keys = UInt64(tail.keyCount(of: .submissionKey))
        return try LookupRunWriter.write(
            range: tail.range, submissionKeys: keys, spans: tail.spans, in: folder
        ) { (writer) throws(LookupFailure) in
            try tail.forEachList { (key, indexes) throws(LookupFailure) in
                try writer.add(key, indexes[...])
            }
        }
    }

    /// Makes one run of adjacent ones, given in order, by a streaming merge.
    ///
    /// Memory: a block of each run and the new run's fences and filter.
    static func merge(
        _ runs: [LookupRun], in folder: LookupFolder
    ) throws(LookupFailure) -> LookupRun {
        var range = runs[0].range
        var spans = runs[0].index.spans
        for run in runs.dropFirst() {
            precondition(run.range.lowerBound == range.upperBound, "merged runs are adjacent")
            range = range.lowerBound..<run.range.upperBound
            spans.append(run.index.spans)
        }
        let keys = runs.reduce(0) { $0 + $1.index.submissionKeyCount }
        return try LookupRunWriter.write(
            range: range, submissionKeys: keys, spans: spans, in: folder
        ) { (writer) throws(LookupFailure) in
            var merged = try LookupMerge(runs)
            while let list = try merged.next() { try writer.add(list.key, list.indexes) }
        }
    }
}
