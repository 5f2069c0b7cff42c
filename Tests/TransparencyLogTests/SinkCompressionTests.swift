// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogStorage
import LogTesting
import Testing

@testable import TransparencyLog

struct SinkCompressionTests {
    private let temporary: TemporaryFolder
    private let path: String

    init() throws {
        temporary = try TemporaryFolder()
        path = "\(temporary.path)/s"
        try SinkSamples.fill(SinkSamples.folder(path, bytes: 700), to: 10)
    }

    private static let first = SinkName(first: 0)

    private func bytes(_ name: String) throws -> [UInt8] {
        try #require(try PrivateFile.read("\(path)/\(name)"))
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws {
        try PrivateFile.replace("\(path)/\(name)", with: bytes)
    }

    private func run(
        before limitMS: UInt64 = .max, isOpen: (UInt64) -> Bool = { _ in false },
        mayGoOn: () -> Bool = { true }
    ) throws -> [SinkName: SinkCompressor.Refusal?] {
        var reports: [SinkName: SinkCompressor.Refusal?] = [:]
        try SinkCompressor(folder: path).run(
            sealedBefore: limitMS, isOpen: isOpen, mayGoOn: mayGoOn
        ) { reports[$0] = .some($1) }
        return reports
    }

    private func files() throws -> [String] {
        try SinkFiles.names(in: path).filter { $0.hasPrefix("audit-") }.sorted()
    }

    private func drafts() throws -> [String] {
        try SinkFiles.names(in: path).filter { $0.contains("draft") }
    }

    @Test("Sealed segments are compressed, the open one is not, and the sink goes on behind them")
    func compresses() throws {
        let before = try bytes("\(Self.first)")
        let reports = try run()
        #expect(reports.count == 3 && reports.values.allSatisfy { $0 == nil })
        let names = try SinkFiles.segments(in: path)
        #expect(try files() == names[..<3].map(\.compressed) + ["\(names[3])"])
        let reader = try GzipReader()
        reader.feed(try bytes(Self.first.compressed))
        #expect(try reader.next() == before && reader.isWhole)
        #expect(try run().isEmpty && drafts().isEmpty)
        // The newest one too, as where it was sealed and nothing came since.
        do { try SinkSamples.folder(path, bytes: 1).rotate(nowMS: 0) }
        #expect(try run().count == 1)
        let again = try SinkSamples.folder(path)
        #expect(again.next.index == 10)
        try SinkSamples.fill(again, to: 12)
        let last = try SinkFiles.scan("\(path)/\(SinkName(first: 10))")
        let sealed = try SinkFiles.scan(names[3], in: path)
        #expect(last.scan.header?.beginning == .sealed)
        #expect(last.scan.header?.previous?.sha256 == sealed.seal?.sha256)
    }

    @Test("One is left alone while it is young, open, or not sealed")
    func leavesAlone() throws {
        #expect(try run(before: 1).isEmpty)
        #expect(try run(isOpen: { _ in true }).isEmpty)
        let whole = try bytes("\(Self.first)")
        try write("\(Self.first)", whole.dropLast())
        #expect(try run().keys.contains(Self.first) == false)
        // A trailer that is not of these lines.
        var changed = whole
        changed[40] ^= 1
        try write("\(Self.first)", changed)
        let compressor = SinkCompressor(folder: path)
        var refusals = 0
        for _ in 0..<3 {
            try compressor.run(sealedBefore: .max, isOpen: { _ in false }, mayGoOn: { true }) {
                if case .notSealed = $1 { refusals += $0 == Self.first ? 1 : 0 }
            }
        }
        #expect(refusals == 1)
        #expect(try bytes("\(Self.first)") == changed && drafts().isEmpty)
    }

    @Test("A run that was stopped anywhere is finished by the next one, and nothing is lost")
    func stopped() throws {
        let whole = try bytes("\(Self.first)")
        var steps = 0
        #expect(throws: CancellationError.self) {
            try run(mayGoOn: {
                steps += 1
                return steps < 3
            })
        }
        #expect(try bytes("\(Self.first)") == whole && drafts().isEmpty)
        try write(".evident-sink-draft.gz", [1, 2, 3])
        _ = try run()
        // As if it had been killed before the plain one went.
        try write("\(Self.first)", whole)
        #expect(try run().keys.sorted() == [Self.first])
        #expect(try files().contains("\(Self.first)") == false && drafts().isEmpty)
        #expect(try SinkFiles.scan(Self.first, in: path).seal != nil)
    }

    @Test("A draft that reads back as something else takes nothing's place")
    func readBack() throws {
        let second = try SinkFiles.segments(in: path)[1]
        let (whole, other) = (try bytes("\(Self.first)"), try bytes("\(second)"))
        let right = try #require(Gzip.compress(whole))
        let wrong = [try #require(Gzip.compress(other)), Array(right.dropLast(9)), []]
        for found in wrong {
            var isFirst = true
            #expect(throws: (any Error).self) {
                try run(mayGoOn: {
                    // The volume gives other bytes than it was given.
                    if isFirst { try? write(".evident-sink-draft.gz", found) }
                    isFirst = false
                    return true
                })
            }
            #expect(try bytes("\(Self.first)") == whole && drafts().isEmpty)
            #expect(try !files().contains(Self.first.compressed))
        }
    }

    @Test("What bears the compressed form's name and is another file, replaces nothing")
    func stranger() throws {
        let whole = try bytes("\(Self.first)")
        let second = try SinkFiles.segments(in: path)[1]
        let other = try #require(Gzip.compress(try bytes("\(second)")))
        let right = try #require(Gzip.compress(whole))
        for stranger in [other, right.dropLast(), [], Array("text".utf8)] {
            try write(Self.first.compressed, Array(stranger))
            guard case .otherCompressed?? = try run()[Self.first] else {
                Issue.record("it was taken for the compressed form")
                continue
            }
            #expect(try bytes("\(Self.first)") == whole)
            #expect(try bytes(Self.first.compressed) == Array(stranger))
        }
        // Two members, as other programs write them, are the same text.
        let one = try #require(Gzip.compress(Array(whole[..<300])))
        let two = try #require(Gzip.compress(Array(whole[300...])))
        try write(Self.first.compressed, one + two)
        #expect(try run().keys.contains(Self.first))
        #expect(try files().contains("\(Self.first)") == false)
    }

    @Test("A compressed segment that is cut or changed is found")
    func damage() throws {
        _ = try run()
        let name = Self.first.compressed
        let good = try bytes(name)
        for count in good.indices {
            try write(name, Array(good[..<count]))
            #expect(try SinkFiles.scan(Self.first, in: path).seal == nil)
        }
        for place in good.indices.dropFirst(10) {
            var changed = good
            changed[place] ^= 1
            try write(name, changed)
            #expect(try SinkFiles.scan(Self.first, in: path).seal == nil, "byte \(place)")
        }
    }
}
