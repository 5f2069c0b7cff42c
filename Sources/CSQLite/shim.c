// SPDX-License-Identifier: Apache-2.0

#include "CSQLite.h"

int csqlite_bind_blob_static(sqlite3_stmt *statement, int column, const void *bytes, int count) {
    // A null pointer would bind NULL, which is not the same as no bytes.
    return sqlite3_bind_blob(statement, column, bytes ? bytes : "", count, SQLITE_STATIC);
}

int csqlite_bind_text(sqlite3_stmt *statement, int column, const char *text, int count) {
    return sqlite3_bind_text(statement, column, text, count, SQLITE_TRANSIENT);
}

int csqlite_db_config(sqlite3 *connection, int option, int value, int *actual) {
    return sqlite3_db_config(connection, option, value, actual);
}

static int keep_pages(void *pages, sqlite3 *connection, const char *name, int count) {
    (void)connection;
    (void)name;
    *(int *)pages = count;
    return SQLITE_OK;
}

void csqlite_count_wal_pages(sqlite3 *connection, int *pages) {
    sqlite3_wal_hook(connection, keep_pages, pages);
}
