// SPDX-License-Identifier: Apache-2.0

#include "CSQLite.h"

#include <string.h>

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

// MARK: What no cell of a table uses

/// One walk over a table's pages, in the database's own file: its format is SQLite's, "Database File
/// Format", 1.6.
typedef struct {
    sqlite3_file *file;
    unsigned char *page;
    sqlite3_int64 fileSize;
    int pageSize;
    sqlite3_int64 first, last;
    int changes;
} Walk;

static int two(const unsigned char *bytes) { return bytes[0] << 8 | bytes[1]; }

static unsigned four(const unsigned char *bytes) {
    return (unsigned)two(bytes) << 16 | (unsigned)two(bytes + 2);
}

/// A varint of at most nine bytes; -1 where it runs beyond `end`.
static int varint(const unsigned char *bytes, const unsigned char *end, sqlite3_int64 *value) {
    sqlite3_uint64 found = 0;
    for (int i = 0; i < 9 && bytes + i < end; i++) {
        if (i == 8) {
            *value = (sqlite3_int64)(found << 8 | bytes[i]);
            return 0;
        }
        found = found << 7 | (bytes[i] & 0x7f);
        if (bytes[i] < 0x80) {
            *value = (sqlite3_int64)found;
            return 0;
        }
    }
    return -1;
}

static int zero_range(Walk *walk, sqlite3_int64 offset, int start, int end) {
    int isZero = 1;
    for (int i = start; i < end && isZero; i++) isZero = walk->page[i] == 0;
    if (isZero) return SQLITE_OK;
    memset(walk->page + start, 0, (size_t)(end - start));
    walk->changes++;
    return walk->file->pMethods->xWrite(
        walk->file, walk->page + start, end - start, offset + start);
}

/// The gap between the pointers to cells and the cells, and what is free between the cells.
static int zero_leaf(Walk *walk, sqlite3_int64 offset, int header) {
    const unsigned char *page = walk->page;
    int pointers = header + 8 + 2 * two(page + header + 3), cells = two(page + header + 5);
    if (cells == 0) cells = 65536;
    if (pointers > cells || cells > walk->pageSize) return SQLITE_CORRUPT;
    int code = zero_range(walk, offset, pointers, cells);
    for (int block = two(page + header + 1); code == SQLITE_OK && block != 0;) {
        if (block < cells || block + 4 > walk->pageSize) return SQLITE_CORRUPT;
        int next = two(page + block), size = two(page + block + 2);
        if (size < 4 || block + size > walk->pageSize || (next != 0 && next < block + size))
            return SQLITE_CORRUPT;
        code = zero_range(walk, offset, block + 4, block + size);
        block = next;
    }
    return code;
}

static int walk_page(Walk *walk, unsigned number, int depth) {
    sqlite3_int64 offset = ((sqlite3_int64)number - 1) * walk->pageSize;
    if (number == 0 || depth > 20 || offset + walk->pageSize > walk->fileSize)
        return SQLITE_CORRUPT;
    int code = walk->file->pMethods->xRead(walk->file, walk->page, walk->pageSize, offset);
    if (code != SQLITE_OK) return code;
    int header = number == 1 ? 100 : 0;
    if (walk->page[header] == 0x0d) return zero_leaf(walk, offset, header);
    if (walk->page[header] != 0x05) return SQLITE_CORRUPT;
    int count = two(walk->page + header + 3);
    if (header + 12 + 2 * count > walk->pageSize) return SQLITE_CORRUPT;
    // The page is read over by what is below it.
    unsigned *children = sqlite3_malloc64(sizeof *children * (sqlite3_uint64)(count + 1));
    if (!children) return SQLITE_NOMEM;
    int wanted = 0;
    sqlite3_int64 before = 0, key = 0;
    for (int i = 0; i < count && code == SQLITE_OK; i++) {
        int cell = two(walk->page + header + 12 + 2 * i);
        if (cell + 5 > walk->pageSize
            || varint(walk->page + cell + 4, walk->page + walk->pageSize, &key) != 0) {
            code = SQLITE_CORRUPT;
        } else if (key >= walk->first && (i == 0 || before < walk->last)) {
            children[wanted++] = four(walk->page + cell);
        }
        before = key;
    }
    if (count == 0 || before < walk->last) children[wanted++] = four(walk->page + header + 8);
    for (int i = 0; i < wanted && code == SQLITE_OK; i++)
        code = walk_page(walk, children[i], depth + 1);
    sqlite3_free(children);
    return code;
}

int csqlite_zero_unused(
    sqlite3 *connection, unsigned root, sqlite3_int64 first, sqlite3_int64 last) {
    Walk walk = {.first = first, .last = last};
    unsigned char head[100];
    int code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &walk.file);
    if (code != SQLITE_OK) return code;
    if (!walk.file || !walk.file->pMethods) return SQLITE_MISUSE;
    code = walk.file->pMethods->xFileSize(walk.file, &walk.fileSize);
    if (code != SQLITE_OK) return code;
    code = walk.file->pMethods->xRead(walk.file, head, sizeof head, 0);
    if (code != SQLITE_OK) return code;
    walk.pageSize = two(head + 16) == 1 ? 65536 : two(head + 16);
    // Pages with bytes that SQLite does not use are not ours.
    if (walk.pageSize < 512 || head[20] != 0) return SQLITE_CORRUPT;
    walk.page = sqlite3_malloc(walk.pageSize);
    if (!walk.page) return SQLITE_NOMEM;
    code = walk_page(&walk, root, 0);
    sqlite3_free(walk.page);
    if (code == SQLITE_OK && walk.changes > 0)
        code = walk.file->pMethods->xSync(walk.file, SQLITE_SYNC_NORMAL);
    // What was read before is not written again as it was.
    sqlite3_db_release_memory(connection);
    return code;
}
