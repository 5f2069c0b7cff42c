// SPDX-License-Identifier: Apache-2.0
#include "CZlib.h"

#include <stdlib.h>
#include <zlib.h>

enum { header_and_trailer = 18, gzip_window = 15 + 16, memory_level = 8 };

static int begin_gzip(z_stream *stream) {
    return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                        Z_DEFAULT_STRATEGY);
}

size_t czlib_gzip_bound(size_t count) {
    return compressBound(count) + header_and_trailer;
}

size_t czlib_gzip(const void *input, size_t count, void *output, size_t capacity) {
    z_stream stream = {0};
    if (begin_gzip(&stream) != Z_OK) {
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

struct czlib_stream {
    z_stream z;
    bool inflates;
};

static czlib_stream *new_stream(bool inflates) {
    czlib_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return NULL;
    }
    stream->inflates = inflates;
    if ((inflates ? inflateInit2(&stream->z, gzip_window) : begin_gzip(&stream->z)) != Z_OK) {
        free(stream);
        return NULL;
    }
    return stream;
}

czlib_stream *czlib_deflater(void) { return new_stream(false); }

czlib_stream *czlib_inflater(void) { return new_stream(true); }

void czlib_free(czlib_stream *stream) {
    if (stream->inflates) {
        inflateEnd(&stream->z);
    } else {
        deflateEnd(&stream->z);
    }
    free(stream);
}

int czlib_step(czlib_stream *stream, const void *input, size_t *count, void *output,
               size_t *capacity, bool finish) {
    z_stream *z = &stream->z;
    z->next_in = (Bytef *)input;
    z->avail_in = (uInt)*count;
    z->next_out = output;
    z->avail_out = (uInt)*capacity;
    int status = stream->inflates ? inflate(z, Z_NO_FLUSH)
                                  : deflate(z, finish ? Z_FINISH : Z_NO_FLUSH);
    *count = z->avail_in;
    *capacity = z->avail_out;
    // Nothing could be done with what there was: more input or more room is needed.
    if (status == Z_OK || status == Z_BUF_ERROR) {
        return czlib_goes_on;
    }
    if (status != Z_STREAM_END) {
        return czlib_failed;
    }
    if (stream->inflates && inflateReset(z) != Z_OK) {
        return czlib_failed;
    }
    return czlib_member_ended;
}
