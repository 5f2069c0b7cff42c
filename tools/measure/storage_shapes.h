// SPDX-License-Identifier: Apache-2.0
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NONE, BTREE, FTS, RUNS };
enum { KEYS = 5 };

double now(void);
void fail(const char *what);

// Immutable sorted runs outside the database (storage_runs.c).
void runs_open(void);
void runs_add(uint64_t index, const uint64_t keys[KEYS]);
int runs_get(uint64_t key, uint64_t *out, int limit);  // newest first
long runs_settle(void);                                // waits for the background; bytes on disk
