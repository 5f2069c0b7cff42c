// SPDX-License-Identifier: Apache-2.0
// A prototype of sorted runs built behind the commit, for storage_shapes.c only: it writes, syncs
// and merges as the real ones do, but has neither checksums nor recovery.

#include "storage_shapes.h"

enum { TAIL = 32768, FAN_OUT = 8, BLOCK = 4096, MOST_RUNS = 128, BEHIND = 8, SLOTS = TAIL * 2 };
enum { BLOOM_BITS = 12, PROBES = 6 };

struct pair { uint64_t key, index; };
struct tail { int count; struct pair *pairs; int32_t *next, *heads; };
struct run {
    int fd, blocks, tier;
    uint64_t first, count, keys;
    struct pair *fences;
    uint64_t *bloom, bloom_blocks;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct tail live, waiting[BEHIND];
static int waiting_count, runs_count, idle;
static struct run *runs[MOST_RUNS];

// The tail chains equal hashes newest first, so that its look-up needs no sort.
static struct tail new_tail(void) {
    struct tail t = {0, malloc(sizeof(struct pair) * TAIL * KEYS), malloc(4 * TAIL * KEYS),
                     malloc(4 * SLOTS)};
    memset(t.heads, 0xff, 4 * SLOTS);
    return t;
}

static void free_tail(struct tail *t) { free(t->pairs); free(t->next); free(t->heads); }

static uint32_t slot(uint64_t key) { return (key ^ key >> 31) * 0x9E3779B97F4A7C15 >> 48; }

static int tail_get(struct tail *t, uint64_t key, uint64_t *out, int limit) {
    int n = 0;
    for (int32_t at = t->heads[slot(key)]; at >= 0 && n < limit; at = t->next[at])
        if (t->pairs[at].key == key) out[n++] = t->pairs[at].index;
    return n;
}

static uint64_t *bloom_word(const struct run *r, uint64_t key, int probe, uint64_t *bit) {
    uint64_t h = key * 0x9E3779B97F4A7C15;
    uint64_t at = (h >> (probe * 9)) & 511, block = ((h >> 32) * r->bloom_blocks) >> 32;
    *bit = 1ULL << (at & 63);
    return &r->bloom[block * 8 + at / 64];
}

static int may_hold(const struct run *r, uint64_t key) {
    uint64_t bit;
    if (key >> 48 != 2) return 1;
    for (int p = 0; p < PROBES; p++)
        if (!(*bloom_word(r, key, p, &bit) & bit)) return 0;
    return 1;
}

// -- blocks: varint key delta, varint index delta (from the last of an equal key, else the run) --

static uint8_t *put(uint8_t *at, uint64_t v) {
    while (v >= 128) { *at++ = v | 128; v >>= 7; }
    *at++ = v;
    return at;
}

static const uint8_t *get(const uint8_t *at, uint64_t *v) {
    *v = 0;
    for (int shift = 0;; shift += 7) {
        *v |= (uint64_t)(*at & 127) << shift;
        if (*at++ < 128) return at;
    }
}

struct writer { struct run *run; FILE *file; uint8_t block[BLOCK]; uint8_t *at; struct pair last; };

static void end_block(struct writer *w) {
    memset(w->at, 0, w->block + BLOCK - w->at);
    if (fwrite(w->block, BLOCK, 1, w->file) != 1) fail("write");
    w->run->blocks++;
    w->at = w->block + 2;
}

static void put_pair(struct writer *w, struct pair p) {
    struct run *r = w->run;
    int fresh = w->at == w->block + 2;
    if (w->at > w->block + BLOCK - 20) { end_block(w); fresh = 1; }
    if (fresh) { r->fences[r->blocks] = p; w->last = p; memset(w->block, 0, 2); }
    uint64_t delta = p.key - w->last.key;
    w->at = put(w->at, delta);
    w->at = put(w->at, delta || fresh ? p.index - r->first : p.index - w->last.index);
    w->last = p;
    ++*(uint16_t *)w->block;
    r->keys++;
    uint64_t bit;
    if (p.key >> 48 == 2)
        for (int i = 0; i < PROBES; i++) {
            uint64_t *word = bloom_word(r, p.key, i, &bit);
            *word |= bit;
        }
}

static int decode(const struct run *r, const uint8_t *block, struct pair *out) {
    int n = *(const uint16_t *)block;
    const uint8_t *at = block + 2;
    uint64_t key = 0, delta, value;
    for (int i = 0; i < n; i++) {
        at = get(at, &delta);
        at = get(at, &value);
        key = i ? key + delta : 0;
        out[i].index = i && !delta ? out[i - 1].index + value : r->first + value;
        out[i].key = key;
    }
    return n;
}

static struct writer *begin_run(uint64_t first, uint64_t count, int tier) {
    struct writer *w = calloc(1, sizeof *w);
    w->run = calloc(1, sizeof *w->run);
    *w->run = (struct run){.tier = tier, .first = first, .count = count};
    w->run->fences = malloc(sizeof(struct pair) * (count * KEYS / 150 + 2));
    w->run->bloom_blocks = count * BLOOM_BITS / 512 + 1;
    w->run->bloom = calloc(w->run->bloom_blocks, 64);
    char name[64];
    sprintf(name, "%lu-%lu.run", first, count);
    if (!(w->file = fopen(name, "w+"))) fail(name);
    w->at = w->block + 2;
    return w;
}

static struct run *end_run(struct writer *w) {
    end_block(w);
    struct run *r = w->run;
    fwrite(r->fences, sizeof(struct pair), r->blocks, w->file);
    fwrite(r->bloom, 64, r->bloom_blocks, w->file);
    fflush(w->file);
    fdatasync(fileno(w->file));
    r->fd = dup(fileno(w->file));
    fclose(w->file);
    free(w);
    return r;
}

static int by_key(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static struct run *flush_tail(struct tail *t) {
    uint64_t first = t->pairs[0].index;
    int n = t->count * KEYS;
    struct pair *sorted = malloc(sizeof *sorted * n);
    memcpy(sorted, t->pairs, sizeof *sorted * n);
    qsort(sorted, n, sizeof *sorted, by_key);
    struct writer *w = begin_run(first, t->count, 0);
    for (int i = 0; i < n; i++) put_pair(w, sorted[i]);
    free(sorted);
    return end_run(w);
}

static struct run *merge(struct run **from) {
    static struct pair pairs[FAN_OUT][BLOCK];
    int at[FAN_OUT] = {0}, n[FAN_OUT] = {0}, block[FAN_OUT] = {0};
    uint64_t count = 0, left = 0;
    for (int i = 0; i < FAN_OUT; i++) { count += from[i]->count; left += from[i]->keys; }
    struct writer *w = begin_run(from[0]->first, count, from[0]->tier + 1);
    uint8_t bytes[BLOCK];
    for (; left; left--) {
        int least = -1;
        for (int i = 0; i < FAN_OUT; i++) {
            if (at[i] == n[i] && block[i] < from[i]->blocks) {
                off_t start_at = (off_t)block[i]++ * BLOCK;
                if (pread(from[i]->fd, bytes, BLOCK, start_at) != BLOCK) fail("read");
                n[i] = decode(from[i], bytes, pairs[i]);
                struct pair start = from[i]->fences[block[i] - 1];
                for (int k = 0; k < n[i]; k++) pairs[i][k].key += start.key;
                at[i] = 0;
            }
            if (at[i] < n[i] && (least < 0 || pairs[i][at[i]].key < pairs[least][at[least]].key))
                least = i;
        }
        put_pair(w, pairs[least][at[least]++]);
    }
    return end_run(w);
}

static void *background(void *unused) {
    setpriority(PRIO_PROCESS, 0, 5);
    pthread_mutex_lock(&lock);
    for (;;) {
        if (waiting_count) {
            struct tail t = waiting[0];
            pthread_mutex_unlock(&lock);
            struct run *r = flush_tail(&t);
            pthread_mutex_lock(&lock);
            runs[runs_count++] = r;
            memmove(waiting, waiting + 1, sizeof *waiting * --waiting_count);
            free_tail(&t);
        } else if (runs_count >= FAN_OUT &&
                   runs[runs_count - FAN_OUT]->tier == runs[runs_count - 1]->tier) {
            struct run *from[FAN_OUT];
            memcpy(from, runs + runs_count - FAN_OUT, sizeof from);
            pthread_mutex_unlock(&lock);
            struct run *r = merge(from);
            pthread_mutex_lock(&lock);
            runs_count -= FAN_OUT;
            runs[runs_count++] = r;
            for (int i = 0; i < FAN_OUT; i++) {
                char name[64];
                sprintf(name, "%lu-%lu.run", from[i]->first, from[i]->count);
                unlink(name);
                close(from[i]->fd);
                free(from[i]->fences);
                free(from[i]->bloom);
                free(from[i]);
            }
        } else {
            idle = 1;
            pthread_cond_broadcast(&changed);
            pthread_cond_wait(&changed, &lock);
            continue;
        }
        pthread_cond_broadcast(&changed);
    }
    return unused;
}

void runs_open(void) {
    pthread_t thread;
    live = new_tail();
    pthread_create(&thread, 0, background, 0);
}

void runs_add(uint64_t index, const uint64_t keys[KEYS]) {
    pthread_mutex_lock(&lock);
    for (int k = 0; k < KEYS; k++) {
        int at = live.count * KEYS + k;
        live.pairs[at] = (struct pair){keys[k], index};
        live.next[at] = live.heads[slot(keys[k])];
        live.heads[slot(keys[k])] = at;
    }
    if (++live.count == TAIL) {
        while (waiting_count == BEHIND) pthread_cond_wait(&changed, &lock);
        waiting[waiting_count++] = live;
        live = new_tail();
        idle = 0;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
}

static int run_get(const struct run *r, uint64_t key, uint64_t *out, int limit) {
    if (!may_hold(r, key)) return 0;
    int low = 0, high = r->blocks;  // the last block that starts at or below the key
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (r->fences[middle].key <= key) low = middle; else high = middle;
    }
    int n = 0;
    for (; low >= 0 && n < limit; low--) {
        uint8_t bytes[BLOCK];
        static struct pair pairs[BLOCK];
        if (pread(r->fd, bytes, BLOCK, (off_t)low * BLOCK) != BLOCK) fail("read");
        for (int i = decode(r, bytes, pairs) - 1; i >= 0 && n < limit; i--)
            if (pairs[i].key + r->fences[low].key == key) out[n++] = pairs[i].index;
        if (r->fences[low].key < key) break;
    }
    return n;
}

int runs_get(uint64_t key, uint64_t *out, int limit) {
    pthread_mutex_lock(&lock);  // held across reads here; the real index takes a snapshot
    int n = tail_get(&live, key, out, limit);
    for (int i = waiting_count - 1; i >= 0; i--)
        n += tail_get(&waiting[i], key, out + n, limit - n);
    for (int i = runs_count - 1; i >= 0; i--) n += run_get(runs[i], key, out + n, limit - n);
    pthread_mutex_unlock(&lock);
    return n;
}

long runs_settle(void) {
    pthread_mutex_lock(&lock);
    while (waiting_count || !idle) pthread_cond_wait(&changed, &lock);
    long bytes = 0;
    for (int i = 0; i < runs_count; i++) {
        struct stat file;
        fstat(runs[i]->fd, &file);
        bytes += file.st_size;
    }
    fprintf(stderr, "  %d runs\n", runs_count);
    pthread_mutex_unlock(&lock);
    return bytes;
}
