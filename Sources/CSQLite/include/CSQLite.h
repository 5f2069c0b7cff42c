// SPDX-License-Identifier: Apache-2.0

// The system's SQLite, and what of its interface Swift cannot see: functions of variable length,
// and macros that stand for pointers.

#ifndef CSQLITE_H
#define CSQLITE_H

#include <sqlite3.h>

/// Binds bytes that stay valid and unchanged until the statement is reset.
int csqlite_bind_blob_static(
    sqlite3_stmt *_Nonnull statement, int column, const void *_Nullable bytes, int count);

/// Binds text of `count` bytes of UTF-8, which is copied.
int csqlite_bind_text(
    sqlite3_stmt *_Nonnull statement, int column, const char *_Nonnull text, int count);

/// Sets a connection option to 0 or 1, or with -1 only reads it; `actual` is what it is now.
int csqlite_db_config(sqlite3 *_Nonnull connection, int option, int value, int *_Nonnull actual);

/// Keeps in `*pages` how many pages the write-ahead log holds after each commit.
void csqlite_count_wal_pages(sqlite3 *_Nonnull connection, int *_Nonnull pages);

/// Overwrites with zeros, in the database's file, what no cell uses in the leaves of the table with this
/// root page that may hold keys from `first` to `last`, and synchronises it.
///
/// SQLite moves rows from page to page when it deletes others, and overwrites what it frees, but not what
/// lies between a page's pointers and its cells where it builds that page anew. Only for a connection
/// that alone writes, in no transaction, whose write-ahead log is empty: no reader looks at these bytes.
/// Drops the connection's cache. Returns an SQLite code.
int csqlite_zero_unused(
    sqlite3 *_Nonnull connection, unsigned root, sqlite3_int64 first, sqlite3_int64 last);

#endif
