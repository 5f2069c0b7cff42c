// SPDX-License-Identifier: Apache-2.0
#include "CZlib.h"

#include <zlib.h>

enum { header_and_trailer = 18, gzip_window = 15 + 16, memory_level = 8 };

size_t czlib_gzip_bound(size_t count) {
    return compressBound(count) + header_and_trailer;
}

size_t czlib_gzip(const void *input, size_t count, void *output, size_t capacity) {
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    stream.next_in = (Bytef *)input;
    stream.avail_in = (uInt)count;
    stream.next_out = output;
    stream.avail_out = (uInt)capacity;
    int status = deflate(&stream, Z_FINISH);
    size_t written = status == Z_STREAM_END ? stream.total_out : 0;
    deflateEnd(&stream);
    return written;
}
