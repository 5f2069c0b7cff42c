// SPDX-License-Identifier: Apache-2.0
#ifndef CRE2_H
#define CRE2_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// RE2 behind C: patterns that match in time linear in the text, whatever the pattern.
//
// Everything compiled may be used from several threads at once. No exception leaves a function.

/// What a call came to.
typedef enum {
    CRE2_NOT_FOUND = 0,
    CRE2_FOUND = 1,
    /// The pattern breaks RE2's syntax, or is larger than the memory it may take.
    CRE2_BAD_PATTERN = 2,
    /// Out of memory, or the set's automaton outgrew its limit: whether there is a match is not known.
    CRE2_FAILED = 3,
} cre2_status;

/// One compiled pattern.
typedef struct cre2_pattern cre2_pattern;
/// Several patterns that are looked for in one pass.
typedef struct cre2_set cre2_set;

/// Offsets of the bytes from `start` up to `end`; both SIZE_MAX for a group that took no part.
typedef struct {
    size_t start;
    size_t end;
} cre2_span;

/// Compiles a pattern that may take `max_memory` bytes.
///
/// Returns NULL on failure, with what is wrong in `message` (cut to `capacity`, ended by NUL).
cre2_pattern *cre2_pattern_new(const char *pattern, size_t count, int64_t max_memory,
                               char *message, size_t capacity);
void cre2_pattern_delete(cre2_pattern *pattern);

/// Capturing groups of a pattern.
int cre2_pattern_groups(const cre2_pattern *pattern);

/// Finds the leftmost match at or after `from`; the text before it still counts for `^` and `\b`.
///
/// `spans` has room for `span_count` spans: the match, then its groups.
cre2_status cre2_pattern_find(const cre2_pattern *pattern, const char *text, size_t count,
                              size_t from, cre2_span *spans, int span_count);

/// An empty set that may take `max_memory` bytes; NULL if there is no memory.
cre2_set *cre2_set_new(int64_t max_memory);
void cre2_set_delete(cre2_set *set);

/// Adds a pattern; returns its number from 0, or -1 if it cannot be parsed.
int cre2_set_add(cre2_set *set, const char *pattern, size_t count);

/// Ends the adding; CRE2_FOUND when the set is ready.
cre2_status cre2_set_compile(cre2_set *set);

/// Whether any pattern of the set matches anywhere; allocates nothing once warm.
cre2_status cre2_set_any(const cre2_set *set, const char *text, size_t count);

/// Which patterns match anywhere: marks `hits[number]` with 1 for each.
///
/// `hits` has `hit_count` bytes, at least one a pattern, all zero before.
cre2_status cre2_set_all(const cre2_set *set, const char *text, size_t count, uint8_t *hits,
                         size_t hit_count);

#ifdef __cplusplus
}
#endif

#endif
