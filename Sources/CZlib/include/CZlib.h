// SPDX-License-Identifier: Apache-2.0
#ifndef CZLIB_H
#define CZLIB_H

#include <stddef.h>

/// The most bytes that `czlib_gzip` may write for `count` bytes of input.
size_t czlib_gzip_bound(size_t count);

/// Writes `input` as one gzip member (RFC 1952) to `output`, which has room for `capacity` bytes.
/// Returns the bytes written; 0 if zlib failed.
size_t czlib_gzip(const void *input, size_t count, void *output, size_t capacity);

#endif
