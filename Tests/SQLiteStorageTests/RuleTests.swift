// SPDX-License-Identifier: Apache-2.0

import LogStorage
import StorageTesting
import Testing

@testable import SQLiteStorage

/// The rules that the database enforces by itself, against a program that is not ours.
@Suite struct RuleTests {
    private static let leaf = "zeroblob(70)"
    private static let submission = "zeroblob(40)"
    private static let copyOfSegment = "SELECT 1, hashes, leaves, submissions FROM segment"

    /// Content 7 of it was removed, and content 9 reduced to one field.
    private static func filledStore() throws -> (StoreFixture, SampleLog) {
        let fixture = try StoreFixture()
        let log = try fixture.fill([520])
        let store = try fixture.open()
        defer { store.close() }
        try store.transaction { transaction in
            try transaction.remove(7..<8, by: 510)
            try transaction.reduce(
                9, to: SampleLog.content(9).erasing(["labels"], by: 511).fields(), by: 511)
        }
        return (fixture, log)
    }

    /// A store of 520 entries has two segments, eight open rows and one tile of level 1.
    static let forbidden = [
        "UPDATE meta SET value = 'other.example/log'",
        "DELETE FROM meta",
        "INSERT OR REPLACE INTO meta VALUES ('origin', 'other.example/log')",

        "DELETE FROM head",
        "UPDATE head SET size = 519",
        "UPDATE head SET root = zeroblob(32)",
        "UPDATE head SET size = 521, commit_number = commit_number + 1",
        "UPDATE head SET commit_number = commit_number + 1",
        "INSERT OR REPLACE INTO head SELECT * FROM head",
        "INSERT INTO head SELECT 2, size, root, 1, 1, last_mac, 1, 1 FROM head",

        "UPDATE open_entry SET leaf = \(leaf)",
        "UPDATE open_entry SET submission = \(submission)",
        "UPDATE open_entry SET idx = idx + 1 WHERE idx = 519",
        "DELETE FROM open_entry WHERE idx = 519",
        "DELETE FROM open_entry",
        "INSERT OR REPLACE INTO open_entry VALUES (519, \(leaf), \(submission))",
        "INSERT INTO open_entry VALUES (3, \(leaf), \(submission))",

        "UPDATE segment SET hashes = zeroblob(8192)",
        "UPDATE segment SET number = 7 WHERE number = 1",
        "DELETE FROM segment WHERE number = 1",
        "INSERT OR REPLACE INTO segment \(copyOfSegment) WHERE number = 0",
        "INSERT INTO segment SELECT 2, hashes, leaves, submissions FROM segment WHERE number = 0",

        "UPDATE tile SET hashes = zeroblob(96)",
        "UPDATE tile SET hashes = substr(hashes, 1, 32)",
        "UPDATE tile SET hashes = hashes",
        "UPDATE tile SET number = 1",
        "UPDATE tile SET hashes = CAST(hashes || zeroblob(31) AS BLOB)",
        "UPDATE tile SET hashes = CAST(hashes || zeroblob(8192) AS BLOB)",
        "UPDATE tile SET hashes = CAST(zeroblob(64) || hashes AS BLOB)",
        "DELETE FROM tile",
        "INSERT OR REPLACE INTO tile VALUES (1, 0, zeroblob(32))",
        "INSERT INTO tile VALUES (0, 0, zeroblob(32))",

        "UPDATE content SET record = X'7B7D'",
        "UPDATE content SET seed = zeroblob(32)",
        "UPDATE content SET form = zeroblob(36)",
        "DELETE FROM content WHERE idx = 1",
        "INSERT OR REPLACE INTO content VALUES (1, zeroblob(32), zeroblob(36), X'7B7D')",
        "INSERT INTO content VALUES (NULL, zeroblob(32), zeroblob(36), 'text')",
        "INSERT INTO content VALUES (600, NULL, zeroblob(36), X'7B7D')",
        "INSERT INTO content VALUES (-1, zeroblob(32), zeroblob(36), X'7B7D')",

        "INSERT INTO content SELECT 7, seed, form, record FROM content WHERE idx = 8",
        "DELETE FROM content",
        "INSERT INTO removal VALUES (5, 6, 520)",
        "INSERT INTO removal VALUES (5, 6, 6)",
        "INSERT INTO removal VALUES (5, 9, 511)",
        "INSERT INTO removal VALUES (7, 9, 511)",
        "INSERT OR REPLACE INTO removal VALUES (7, 7, 512)",
        "UPDATE removal SET last = 500",
        "UPDATE removal SET removed_by = 512",
        "DELETE FROM removal",
        "INSERT INTO reduced VALUES (5, zeroblob(50), 520)",
        "INSERT INTO reduced VALUES (5, zeroblob(50), 5)",
        "INSERT INTO reduced VALUES (7, zeroblob(50), 511)",
        "INSERT INTO reduced VALUES (600, zeroblob(50), 511)",
        "INSERT OR REPLACE INTO reduced VALUES (9, zeroblob(50), 512)",
        "UPDATE reduced SET fields = zeroblob(50)",
        "UPDATE reduced SET removed_by = 520",
        "UPDATE reduced SET idx = 10, removed_by = 512",
        "DELETE FROM reduced",

        "UPDATE credential SET name = 'z' WHERE number = 1",
        "DELETE FROM credential WHERE number = 3",
        "INSERT OR REPLACE INTO credential VALUES (4, 't', 'a', 0)",
        "INSERT OR REPLACE INTO credential VALUES (1, 't', 'z', 0)",
        "INSERT INTO credential VALUES (9, 't', 'z', 0)",
    ]

    @Test("No statement changes what is committed", arguments: [true, false])
    func refused(recursiveTriggers: Bool) throws {
        let (fixture, log) = try Self.filledStore()
        let foreign = try fixture.foreignConnection()
        try foreign.execute("PRAGMA recursive_triggers = \(recursiveTriggers ? 1 : 0)")
        for statement in Self.forbidden {
            #expect(
                storeErrorCode { try foreign.execute(statement) } == .constraint, "\(statement)")
        }
        foreign.close()
        let store = try fixture.open()
        defer { store.close() }
        #expect(try store.reader.head() == log.head)
        #expect(try store.reader.leaves(0..<520) == (0..<520).map(SampleLog.leaf))
    }

    /// What another rule would refuse too once content is missing.
    static let forbiddenWhileWhole = ["INSERT OR REPLACE INTO head SELECT * FROM head"]

    static let forbiddenAtFirst = [
        "INSERT INTO head VALUES (1, 1, zeroblob(32), 1, 1, zeroblob(32), 1, 1)",
        "INSERT INTO tile VALUES (1, 0, zeroblob(31))",
        "INSERT INTO credential VALUES (2, 't', 'a', 0)",
    ]

    @Test("Without any one of the rules, some forbidden statement would pass")
    func everyRuleIsNeeded() throws {
        let ((filled, _), empty) = (try Self.filledStore(), try StoreFixture())
        let whole = try StoreFixture()
        try whole.fill([520])
        let connections = try [filled, empty, whole].map { try $0.foreignConnection() }
        let rules = try connections[0].rows(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ) { (row) throws(StoreError) in row.text(0) }
        #expect(rules.count == 29)
        for rule in rules {
            var passed: [String] = []
            for (connection, statements) in zip(
                connections, [Self.forbidden, Self.forbiddenAtFirst, Self.forbiddenWhileWhole])
            {
                try connection.execute("PRAGMA recursive_triggers = 0")
                for statement in statements {
                    try connection.beginWriting()
                    try connection.execute("DROP TRIGGER \(rule)")
                    if storeError({ try connection.execute(statement) }) == nil {
                        passed.append(statement)
                    }
                    try connection.rollback()
                }
            }
            #expect(!passed.isEmpty, "nothing shows that \(rule) is needed")
        }
        for statement in Self.forbiddenAtFirst {
            #expect(
                storeErrorCode { try connections[1].execute(statement) } == .constraint,
                "\(statement)")
        }
        for connection in connections { connection.close() }
    }

    @Test(
        "A head covers no content of another shape, and none that is missing",
        arguments: [
            "(520, zeroblob(31), zeroblob(36), X'7B7D')",
            "(520, zeroblob(32), zeroblob(35), X'7B7D')",
            "(520, zeroblob(32), zeroblob(36), X'7B')",
            "(521, zeroblob(32), zeroblob(36), X'7B7D')",
        ])
    func shape(_ row: String) throws {
        let fixture = try StoreFixture()
        try fixture.fill([520])
        let foreign = try fixture.foreignConnection()
        defer { foreign.close() }
        try foreign.beginWriting()
        let size = row.hasPrefix("(521") ? 522 : 521
        for index in 520..<size {
            try foreign.execute(
                "INSERT INTO open_entry VALUES (\(index), \(Self.leaf), \(Self.submission))")
        }
        try foreign.execute("INSERT INTO content VALUES \(row)")
        #expect(
            storeErrorCode {
                try foreign.execute(
                    "UPDATE head SET size = \(size), commit_number = commit_number + 1")
            } == .constraint)
        try foreign.rollback()
    }

    @Test("What the rules allow: an entry that is not committed, and a longer tile")
    func allowed() throws {
        let fixture = try StoreFixture()
        try fixture.fill([520])
        let foreign = try fixture.foreignConnection()
        defer { foreign.close() }
        try foreign.beginWriting()
        try foreign.execute(
            "INSERT INTO open_entry VALUES (520, \(Self.leaf), \(Self.submission))")
        try foreign.execute(
            "INSERT INTO content VALUES (520, zeroblob(32), zeroblob(36), X'7B7D')")
        try foreign.execute(
            "UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB)")
        try foreign.execute(
            "UPDATE head SET size = 521, commit_number = commit_number + 1, root = zeroblob(32)")
        try foreign.rollback()
    }

    @Test("Open rows go when the segment that equals them is there")
    func sealing() throws {
        let fixture = try StoreFixture()
        try fixture.fill([255, 1])
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(try view.openEntries().isEmpty)
        #expect(try view.segment(0) != nil)
    }
}
