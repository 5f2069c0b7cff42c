// SPDX-License-Identifier: Apache-2.0

import CSQLite
import LogCrypto
import LogStorage

/// One prepared statement.
///
/// Parameters count from 1, columns from 0.
///
/// Bytes are bound without a copy: the caller keeps them in place until `reset`.
struct Statement {
    let handle: OpaquePointer

    func bind(_ parameter: Int32, _ value: Int64) {
        sqlite3_bind_int64(handle, parameter, value)
    }

    /// An index, size or time.
    ///
    /// Above 2^63 − 1 it is clamped there, where every CHECK refuses it.
    func bind(_ parameter: Int32, _ value: UInt64) {
        sqlite3_bind_int64(handle, parameter, Int64(clamping: value))
    }

    func bind(_ parameter: Int32, _ bytes: UnsafeRawBufferPointer) {
        csqlite_bind_blob_static(handle, parameter, bytes.baseAddress, Int32(bytes.count))
    }

    func bind(_ parameter: Int32, text: String) {
        var text = text
        text.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { characters in
                guard let start = characters.baseAddress else {
                    csqlite_bind_text(handle, parameter, "", 0)
                    return
                }
                csqlite_bind_text(handle, parameter, start, Int32(characters.count))
            }
        }
    }

    /// Whether there is a row.
    func step() throws(StoreError) -> Bool {
        let code = sqlite3_step(handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw error(code)
        }
    }

    /// Runs a statement that gives no rows, and makes it ready for the next time.
    func run() throws(StoreError) {
        defer { reset() }
        _ = try step()
    }

    func reset() { sqlite3_reset(handle) }

    func error(_ code: Int32) -> StoreError {
        let connection = sqlite3_db_handle(handle)
        let text = sqlite3_errmsg(connection).map { String(cString: $0) } ?? ""
        return StoreError(sqlite: code, detail: "SQLite \(code): \(text)")
    }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// A number that the schema keeps from being negative.
    func unsigned(_ column: Int32) throws(StoreError) -> UInt64 {
        guard let value = UInt64(exactly: integer(column)) else {
            throw StoreError(.corrupt, "the database holds a negative number; run fsck")
        }
        return value
    }

    /// The bytes of a column, valid until the next step or reset.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(
            start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }

    func text(_ column: Int32) -> String {
        sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
    }

    func digest(_ column: Int32) -> Digest? { Digest(bytes(column)) }
}
