// SPDX-License-Identifier: Apache-2.0
#include "CRE2.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

struct cre2_pattern {
    re2::RE2 expression;
    cre2_pattern(const re2::StringPiece &text, const re2::RE2::Options &options)
        : expression(text, options) {}
};

struct cre2_set {
    re2::RE2::Set set;
    explicit cre2_set(const re2::RE2::Options &options)
        : set(options, re2::RE2::UNANCHORED) {}
};

namespace {

constexpr int largest_span_count = 8;

re2::RE2::Options options(int64_t max_memory) {
    re2::RE2::Options options;
    options.set_max_mem(max_memory);
    // Patterns and texts belong to others: nothing of them goes to standard error.
    options.set_log_errors(false);
    return options;
}

void write(const std::string &text, char *message, size_t capacity) {
    if (capacity == 0) return;
    size_t count = text.size() < capacity - 1 ? text.size() : capacity - 1;
    std::memcpy(message, text.data(), count);
    message[count] = 0;
}

}  // namespace

extern "C" {

cre2_pattern *cre2_pattern_new(const char *pattern, size_t count, int64_t max_memory,
                               char *message, size_t capacity) {
    try {
        auto made = std::make_unique<cre2_pattern>(re2::StringPiece(pattern, count),
                                                   options(max_memory));
        if (made->expression.ok()) return made.release();
        write(made->expression.error(), message, capacity);
    } catch (...) {
        write("out of memory", message, capacity);
    }
    return nullptr;
}

void cre2_pattern_delete(cre2_pattern *pattern) { delete pattern; }

int cre2_pattern_groups(const cre2_pattern *pattern) {
    return pattern->expression.NumberOfCapturingGroups();
}

cre2_status cre2_pattern_find(const cre2_pattern *pattern, const char *text, size_t count,
                              size_t from, cre2_span *spans, int span_count) {
    if (span_count > largest_span_count || from > count) return CRE2_FAILED;
    try {
        re2::StringPiece found[largest_span_count];
        if (!pattern->expression.Match(re2::StringPiece(text, count), from, count,
                                       re2::RE2::UNANCHORED, found, span_count)) {
            return CRE2_NOT_FOUND;
        }
        for (int place = 0; place < span_count; place++) {
            bool took_part = found[place].data() != nullptr;
            spans[place].start = took_part ? found[place].data() - text : SIZE_MAX;
            spans[place].end = took_part ? spans[place].start + found[place].size() : SIZE_MAX;
        }
        return CRE2_FOUND;
    } catch (...) {
        return CRE2_FAILED;
    }
}

cre2_set *cre2_set_new(int64_t max_memory) {
    try {
        return new cre2_set(options(max_memory));
    } catch (...) {
        return nullptr;
    }
}

void cre2_set_delete(cre2_set *set) { delete set; }

int cre2_set_add(cre2_set *set, const char *pattern, size_t count) {
    try {
        return set->set.Add(re2::StringPiece(pattern, count), nullptr);
    } catch (...) {
        return -1;
    }
}

cre2_status cre2_set_compile(cre2_set *set) {
    try {
        return set->set.Compile() ? CRE2_FOUND : CRE2_BAD_PATTERN;
    } catch (...) {
        return CRE2_FAILED;
    }
}

cre2_status cre2_set_any(const cre2_set *set, const char *text, size_t count) {
    try {
        re2::RE2::Set::ErrorInfo info{re2::RE2::Set::kNoError};
        if (set->set.Match(re2::StringPiece(text, count), nullptr, &info)) return CRE2_FOUND;
        return info.kind == re2::RE2::Set::kNoError ? CRE2_NOT_FOUND : CRE2_FAILED;
    } catch (...) {
        return CRE2_FAILED;
    }
}

cre2_status cre2_set_all(const cre2_set *set, const char *text, size_t count, uint8_t *hits,
                         size_t hit_count) {
    try {
        std::vector<int> numbers;
        re2::RE2::Set::ErrorInfo info{re2::RE2::Set::kNoError};
        if (!set->set.Match(re2::StringPiece(text, count), &numbers, &info)) {
            return info.kind == re2::RE2::Set::kNoError ? CRE2_NOT_FOUND : CRE2_FAILED;
        }
        for (int number : numbers) {
            if (static_cast<size_t>(number) < hit_count) hits[number] = 1;
        }
        return CRE2_FOUND;
    } catch (...) {
        return CRE2_FAILED;
    }
}

}  // extern "C"
