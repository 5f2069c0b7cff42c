// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `evident erase` and `evident hold` as a person runs them, without a server.
struct EraseCommandTests {
    private static let original = Result { try TestLog.stopped(records: 300) }

    private static func copy() throws -> TestLog { try original.get().copy() }

    private func files(_ log: TestLog) throws -> [String] {
        let root = log.folder("data")
        let names = try #require(FileManager.default.enumerator(atPath: root))
        return names.compactMap { $0 as? String }.map { "\(root)/\($0)" }
    }

    /// In how many files a text stands.
    private func count(_ text: String, _ log: TestLog) throws -> Int {
        try files(log).count { path in
            FileManager.default.contents(atPath: path)?.range(of: Data(text.utf8)) != nil
        }
    }

    @Test("Content goes from every file, and every check still passes and says so")
    func erases() throws {
        let log = try Self.copy()
        #expect(try count(#""details":{"n":7}"#, log) > 0)
        let dry = try log.run("erase", "--data", "data", "--record", "8", "--because", "test")
        #expect(dry.status == 0 && dry.output == "8\n", "\(dry.output) \(dry.errors)")
        #expect(try count(#""details":{"n":7}"#, log) > 0)
        let whole = try log.run(
            "erase", "--data", "data", "--record", "8", "--because", "test", "--yes")
        #expect(whole.status == 0, "\(whole.errors)")
        let field = try log.run(
            "erase", "--data", "data", "--record", "9", "--field", "details", "--because", "test",
            "--yes")
        #expect(field.status == 0, "\(field.errors)")
        #expect(try count(#""details":{"n":7}"#, log) == 0)
        #expect(try count(#""details":{"n":8}"#, log) == 0)
        #expect(try count(#""details":{"n":9}"#, log) > 0)
        let chain = try log.run("verify", "chain", "--data", "data")
        #expect(chain.status == 0 && chain.output.contains("1 erased"), "\(chain.output)")
        let fsck = try log.run("fsck", "--data", "data", "--lookups")
        #expect(fsck.status == 0, "\(fsck.output) \(fsck.errors)")
    }

    @Test("A hold blocks it, over restarts, until it is released")
    func holds() throws {
        let log = try Self.copy()
        let placed = try log.run(
            "hold", "place", "--data", "data", "--from-index", "5", "--to-index", "9",
            "--because", "case-1")
        #expect(placed.status == 0, "\(placed.errors)")
        let index = placed.output.trimmingCharacters(in: .newlines)
        let list = try log.run("hold", "list", "--data", "data")
        #expect(list.output.hasPrefix(index) && list.output.contains("case-1"))
        let arguments = ["erase", "--data", "data", "--record", "8", "--because", "test", "--yes"]
        let blocked = try Program.run(arguments, in: log.folder)
        #expect(blocked.status != 0 && blocked.errors.contains("409"), "\(blocked.errors)")
        let released = try log.run(
            "hold", "release", index, "--data", "data", "--because", "closed")
        #expect(released.status == 0, "\(released.errors)")
        #expect(try Program.run(arguments, in: log.folder).status == 0)
    }
}
