// SPDX-License-Identifier: Apache-2.0
// Compares ways to store and look up log entries on SQLite. docs/decisions/0002 has the results.
//
//     storage_shapes ENTRIES LOOKUPS RECORDS BATCH DIR
//     ENTRIES  rows | segments       one row an entry, or sealed blobs of 256 behind open rows
//     LOOKUPS  none | btree | fts | runs
//
// Each record has 400 bytes of text, a 118-byte leaf, 32-byte seed, form digest and submission
// key, and five look-up keys: leaf hash, submission key, tenant (20 values), type (50), actor
// (5,000). Each commit first looks up every new submission key (never found), as a server must.
// One run stops after 36 s and says how far it came.

#include "storage_shapes.h"

enum { TEXT = 400, LEAF = 118, CONTENT = TEXT + 64, WIDTH = 256 };
static const double LIMIT_SECONDS = 36;

static sqlite3 *db;
static int segments, mode;
static uint8_t text[1 << 16];

double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

void fail(const char *what) {
    fprintf(stderr, "storage_shapes: %s: %s\n", what, db ? sqlite3_errmsg(db) : strerror(errno));
    exit(4);
}

static void run(const char *sql) {
    if (sqlite3_exec(db, sql, 0, 0, 0) != SQLITE_OK) fail(sql);
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *s;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, 0) != SQLITE_OK) fail(sql);
    return s;
}

static void step(sqlite3_stmt *s) {
    if (sqlite3_step(s) != SQLITE_DONE) fail(sqlite3_sql(s));
    sqlite3_reset(s);
}

// What every record is made of follows from its index, so that a look-up can be checked.
static void digest(uint64_t index, uint64_t field, uint8_t out[32]) {
    uint64_t in[2] = {index, field};
    SHA256((uint8_t *)in, sizeof in, out);
}

static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

static uint64_t value_key(uint64_t field, uint64_t value) {
    return field << 48 | mix(field * 1000003 + value + 1) >> 16;
}

static uint64_t digest_key(uint64_t field, const uint8_t d[32]) {
    uint64_t head;
    memcpy(&head, d, 8);
    return field << 48 | __builtin_bswap64(head) >> 16;
}

static uint64_t actor(uint64_t index) {  // skewed: half of all records come from 1 % of actors
    uint64_t r = mix(index * 7 + 3);
    return r & 1 ? r / 2 % 50 : r / 2 % 5000;
}

struct record { uint8_t leaf[LEAF], submission[32], content[CONTENT]; uint64_t keys[KEYS]; };

static void make(uint64_t i, struct record *r) {
    uint8_t leaf_hash[32];
    digest(i, 2, r->submission);
    memcpy(r->leaf, r->submission, 32);
    memcpy(r->leaf + 32, text + i % 60000, LEAF - 32);
    SHA256(r->leaf, LEAF, leaf_hash);
    memcpy(r->content, text + i % 60001, TEXT);
    memcpy(r->content + TEXT, leaf_hash, 32);
    memcpy(r->content + TEXT + 32, r->submission, 32);
    r->keys[0] = digest_key(1, leaf_hash);
    r->keys[1] = digest_key(2, r->submission);
    r->keys[2] = value_key(16, mix(i) % 20);
    r->keys[3] = value_key(17, mix(i + 9) % 50);
    r->keys[4] = value_key(18, actor(i));
}

// -- look-ups in the database --------------------------------------------------------------------

static sqlite3_stmt *put_lookup, *get_lookup;

static void open_lookups(void) {
    if (mode == BTREE) {
        run("CREATE TABLE lookup (key INTEGER, idx INTEGER, PRIMARY KEY (key, idx)) WITHOUT ROWID");
        put_lookup = prepare("INSERT INTO lookup VALUES (?, ?)");
        get_lookup = prepare("SELECT idx FROM lookup WHERE key = ? ORDER BY idx DESC LIMIT ?");
    } else if (mode == FTS) {
        run("CREATE VIRTUAL TABLE lookup USING fts5(k, content='', detail=none, columnsize=0,"
            " tokenize='ascii')");
        put_lookup = prepare("INSERT INTO lookup (rowid, k) VALUES (?, ?)");
        get_lookup =
            prepare("SELECT rowid FROM lookup WHERE lookup MATCH ? ORDER BY rowid DESC LIMIT ?");
    } else if (mode == RUNS) {
        runs_open();
    }
}

static void add_lookups(uint64_t i, const struct record *r) {
    if (mode == BTREE) {
        for (int k = 0; k < KEYS; k++) {
            sqlite3_bind_int64(put_lookup, 1, r->keys[k]);
            sqlite3_bind_int64(put_lookup, 2, i);
            step(put_lookup);
        }
    } else if (mode == FTS) {
        char tokens[KEYS * 15 + 1];
        for (int k = 0; k < KEYS; k++) sprintf(tokens + k * 15, "%014lx ", r->keys[k]);
        sqlite3_bind_int64(put_lookup, 1, i);
        sqlite3_bind_text(put_lookup, 2, tokens, -1, SQLITE_STATIC);
        step(put_lookup);
    }
}

// Fills `out` with at most `limit` indexes, newest first, and returns how many.
static int look_up(uint64_t key, uint64_t *out, int limit) {
    if (mode == RUNS) return runs_get(key, out, limit);
    char token[20];
    if (mode == FTS) {
        sprintf(token, "\"%014lx\"", key);
        sqlite3_bind_text(get_lookup, 1, token, -1, SQLITE_STATIC);
    } else {
        sqlite3_bind_int64(get_lookup, 1, key);
    }
    sqlite3_bind_int(get_lookup, 2, limit);
    int n = 0;
    while (sqlite3_step(get_lookup) == SQLITE_ROW) out[n++] = sqlite3_column_int64(get_lookup, 0);
    sqlite3_reset(get_lookup);
    return n;
}

// -- entries -------------------------------------------------------------------------------------

static sqlite3_stmt *put_entry, *put_content, *drop_entry, *drop_content, *put_segment;
static struct record open_segment[WIDTH];

static void open_entries(void) {
    run("CREATE TABLE entry (idx INTEGER PRIMARY KEY, leaf BLOB, submission BLOB);"
        "CREATE TABLE content (idx INTEGER PRIMARY KEY, bytes BLOB);"
        "CREATE TABLE segment"
        " (n INTEGER PRIMARY KEY, leaves BLOB, submissions BLOB, content BLOB)");
    put_entry = prepare("INSERT INTO entry VALUES (?, ?, ?)");
    put_content = prepare("INSERT INTO content VALUES (?, ?)");
    drop_entry = prepare("DELETE FROM entry WHERE idx >= ?");
    drop_content = prepare("DELETE FROM content WHERE idx >= ?");
    put_segment = prepare("INSERT INTO segment VALUES (?, ?, ?, ?)");
}

static void put_row(uint64_t i, const struct record *r) {
    sqlite3_bind_int64(put_entry, 1, i);
    sqlite3_bind_blob(put_entry, 2, r->leaf, LEAF, SQLITE_STATIC);
    sqlite3_bind_blob(put_entry, 3, r->submission, 32, SQLITE_STATIC);
    step(put_entry);
    sqlite3_bind_int64(put_content, 1, i);
    sqlite3_bind_blob(put_content, 2, r->content, CONTENT, SQLITE_STATIC);
    step(put_content);
}

static void seal(uint64_t n) {
    static uint8_t leaves[WIDTH * LEAF], submissions[WIDTH * 32], content[WIDTH * CONTENT];
    for (int k = 0; k < WIDTH; k++) {
        memcpy(leaves + k * LEAF, open_segment[k].leaf, LEAF);
        memcpy(submissions + k * 32, open_segment[k].submission, 32);
        memcpy(content + k * CONTENT, open_segment[k].content, CONTENT);
    }
    sqlite3_bind_int64(put_segment, 1, n);
    sqlite3_bind_blob(put_segment, 2, leaves, sizeof leaves, SQLITE_STATIC);
    sqlite3_bind_blob(put_segment, 3, submissions, sizeof submissions, SQLITE_STATIC);
    sqlite3_bind_blob(put_segment, 4, content, sizeof content, SQLITE_STATIC);
    step(put_segment);
    sqlite3_bind_int64(drop_entry, 1, n * WIDTH);
    step(drop_entry);
    sqlite3_bind_int64(drop_content, 1, n * WIDTH);
    step(drop_content);
}

static void put_batch(uint64_t first, const struct record *batch, int count) {
    uint64_t open_from = (first + count) / WIDTH * WIDTH;  // what stays open after this commit
    for (int k = 0; k < count; k++) {
        uint64_t i = first + k;
        add_lookups(i, &batch[k]);
        if (!segments || i >= open_from) put_row(i, &batch[k]);
        if (!segments) continue;
        open_segment[i % WIDTH] = batch[k];
        if (i % WIDTH == WIDTH - 1) seal(i / WIDTH);
    }
}

// -- the run -------------------------------------------------------------------------------------

static int ascending(const void *a, const void *b) {
    double x = *(double *)a, y = *(double *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *name, double *times, int n) {
    qsort(times, n, sizeof *times, ascending);
    printf("  %s p50 %.0f p99 %.0f us", name, times[n / 2] * 1e6, times[n * 99 / 100] * 1e6);
}

static void measure_reads(uint64_t size) {
    enum { TRIES = 4000 };
    static double times[TRIES];
    uint64_t found[50];
    for (int t = 0; t < TRIES && mode != NONE; t++) {
        static struct record r;
        uint64_t i = mix(t) % size;
        make(i, &r);
        double start = now();
        int n = look_up(r.keys[0], found, 2);
        times[t] = now() - start;
        if (n != 1 || found[0] != i) { fprintf(stderr, "wrong look-up of %lu\n", i); exit(1); }
    }
    if (mode != NONE) print_times("leaf hash", times, TRIES);
    for (int t = 0; t < TRIES && mode != NONE; t++) {
        double start = now();
        look_up(value_key(18, t % 5000), found, 50);
        times[t] = now() - start;
    }
    if (mode != NONE) print_times("50 of an actor", times, TRIES);
    sqlite3_stmt *get = prepare("SELECT bytes FROM content WHERE idx = ?");
    for (int t = 0; t < TRIES; t++) {
        uint64_t i = mix(t + 77) % (size / WIDTH * WIDTH);
        static uint8_t content[CONTENT];
        double start = now();
        if (segments) {
            sqlite3_blob *blob;
            if (sqlite3_blob_open(db, "main", "segment", "content", i / WIDTH, 0, &blob))
                fail("blob");
            if (sqlite3_blob_read(blob, content, CONTENT, i % WIDTH * CONTENT)) fail("read");
            sqlite3_blob_close(blob);
        } else {
            sqlite3_bind_int64(get, 1, i);
            if (sqlite3_step(get) != SQLITE_ROW) fail("read");
            memcpy(content, sqlite3_column_blob(get, 0), CONTENT);
            sqlite3_reset(get);
        }
        times[t] = now() - start;
    }
    sqlite3_finalize(get);
    print_times("content", times, TRIES);
}

static uint64_t fill(uint64_t records, int batch_size, double *early, double *late) {
    struct record *batch = malloc(sizeof *batch * batch_size);
    double start = now(), marks[64] = {0}, making = 0;
    uint64_t size = 0, slice = 50000, found;
    while (size < records && now() - start - making < LIMIT_SECONDS) {
        double before = now();  // the time to make records is not the store's
        for (int k = 0; k < batch_size; k++) make(size + k, &batch[k]);
        making += now() - before;
        run("BEGIN IMMEDIATE");
        for (int k = 0; k < batch_size && mode != NONE; k++)
            if (look_up(batch[k].keys[1], &found, 1)) fail("a new submission key was found");
        put_batch(size, batch, batch_size);
        run("COMMIT");
        if (mode == RUNS)
            for (int k = 0; k < batch_size; k++) runs_add(size + k, batch[k].keys);
        size += batch_size;
        if (size / slice > (size - batch_size) / slice)
            marks[size / slice] = now() - start - making;
    }
    int last = size / slice, first = 6 < last ? 6 : last, back = last > 6 ? last - 6 : 0;
    *early = first * slice / marks[first];
    *late = (last - back) * slice / (marks[last] - marks[back]);
    free(batch);
    return size;
}

int main(int argc, char **argv) {
    if (argc != 6) { fprintf(stderr, "see the head of storage_shapes.c\n"); return 3; }
    const char *names[] = {"none", "btree", "fts", "runs"};
    segments = !strcmp(argv[1], "segments");
    while (mode < RUNS && strcmp(argv[2], names[mode])) mode++;
    if (chdir(argv[5])) fail(argv[5]);
    for (size_t k = 0; k < sizeof text; k++) text[k] = 32 + mix(k) % 90;
    if (sqlite3_open("log.db", &db)) fail("open");
    run("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000");
    open_entries();
    open_lookups();
    double early, late, begun = now();
    uint64_t size = fill(strtoull(argv[3], 0, 10), atoi(argv[4]), &early, &late);
    double filled = now() - begun;
    long run_bytes = mode == RUNS ? runs_settle() : 0;
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    struct stat file;
    stat("log.db", &file);
    printf("%-8s %-5s commits of %4s: %.2f M  %4.0f k/s at first  %4.0f k/s at the end  x%.2f"
           "  %4.0f B a record (%.1f in runs)  %.0f s\n  ", segments ? "segments" : "rows",
           names[mode], argv[4], size / 1e6, early / 1e3, late / 1e3, late / early,
           (double)(file.st_size + run_bytes) / size, (double)run_bytes / size, filled);
    measure_reads(size);
    printf("\n");
    return 0;
}
