// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogStorage
import StorageTesting

@testable import SQLiteStorage

/// A folder with a store in it, which goes away with the value.
final class StoreFixture: Sendable {
    static let origin = "log.example.com/store"
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appending(path: "evident-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path(percentEncoded: false)
        try SQLiteStore.create(directory: path, origin: Self.origin)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var folder: StoreFolder { StoreFolder(path: path) }

    func open(_ options: SQLiteOptions = SQLiteOptions()) throws -> SQLiteStore {
        try SQLiteStore.open(
            directory: path, origin: Self.origin, options: options,
            lookupKeys: SampleLog.recordKeys)
    }

    /// Fills the store with batches of these sizes, and closes it.
    @discardableResult
    func fill(_ batches: [Int]) throws -> SampleLog {
        let store = try open()
        defer { store.close() }
        var log = SampleLog()
        for count in batches { try store.commit(log.next(count)) }
        return log
    }

    /// A connection as any other program would have it: no setting of ours, no lock of ours.
    func foreignConnection() throws -> Connection {
        try Connection(path: folder.database, .write)
    }

    /// Changes the database as somebody would who is not stopped by its rules: the rules are
    /// taken away for the moment, and put back word for word.
    func tamper(_ statements: String...) throws {
        let connection = try foreignConnection()
        defer { connection.close() }
        let rules = try connection.rows(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ) { (row) throws(StoreError) in (row.text(0), row.text(1)) }
        try connection.execute("PRAGMA ignore_check_constraints = 1")
        try connection.beginWriting()
        for (name, _) in rules { try connection.execute("DROP TRIGGER \(name)") }
        for statement in statements { try connection.execute(statement) }
        for (_, sql) in rules { try connection.execute(sql) }
        guard connection.commit().code == 0 else { throw StoreError(.inputOutput, "no commit") }
    }

    func fileNames() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    func byteCount(_ file: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file)
        return (attributes?[.size] as? Int) ?? 0
    }
}

/// The code of the `StoreError` that `body` throws; nil if it throws none.
func storeErrorCode(_ body: () throws -> Void) -> StoreError.Code? {
    storeError(body)?.code
}

func storeError(_ body: () throws -> Void) -> StoreError? {
    do {
        try body()
        return nil
    } catch {
        return error as? StoreError
    }
}
