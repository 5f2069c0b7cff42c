// SPDX-License-Identifier: Apache-2.0
#ifndef CZLIB_H
#define CZLIB_H

#include <stdbool.h>
#include <stddef.h>

/// The most bytes that `czlib_gzip` may write for `count` bytes of input.
size_t czlib_gzip_bound(size_t count);

/// Writes `input` as one gzip member (RFC 1952) to `output`, which has room for `capacity` bytes.
/// Returns the bytes written; 0 if zlib failed.
size_t czlib_gzip(const void *input, size_t count, void *output, size_t capacity);

/// gzip data that is written or read in pieces.
typedef struct czlib_stream czlib_stream;

/// What a step of a stream came to.
enum { czlib_goes_on = 0, czlib_member_ended = 1, czlib_failed = -1 };

/// A stream that writes one member, or null if there is no memory for it.
czlib_stream *czlib_deflater(void);

/// A stream that reads members, or null if there is no memory for it.
czlib_stream *czlib_inflater(void);

void czlib_free(czlib_stream *stream);

/// Takes input and gives output, until one of them is used up or a member ends.
///
/// `*count` and `*capacity`, each below 2^31, become what is left of them. With `finish` a deflater
/// is told that no input follows. An inflater that came to a member's end begins the next one.
int czlib_step(czlib_stream *stream, const void *input, size_t *count, void *output,
               size_t *capacity, bool finish);

#endif
