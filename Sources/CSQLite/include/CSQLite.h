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

#endif
