// SPDX-License-Identifier: Apache-2.0

// The part of libcrypto that this package uses, as a few functions over plain bytes. Algorithms
// are fetched once through the EVP interface, so that whichever provider the system's OpenSSL
// configuration names (the FIPS provider too) serves them. Where that is libcrypto's own default
// provider, SHA-256 of one message is called without EVP, which is the same code.
//
// Functions that return int give 1 for success and 0 for failure, and leave nothing in OpenSSL's
// error queue. All of them may be called from any thread.

#ifndef COPENSSL_H
#define COPENSSL_H

#include <stddef.h>
#include <stdint.h>

/// An incomplete type: libcrypto's EVP_PKEY.
struct evp_pkey_st;
/// An incomplete type: libcrypto's EVP_MD_CTX.
struct evp_md_ctx_st;
/// A key for HMAC-SHA-256, with contexts ready for as many threads as have used it at once.
struct copenssl_hmac;

// SHA-256. `out` takes 32 bytes. Each thread reuses one context, which dies with the thread.

int copenssl_sha256(const void *_Nullable bytes, size_t count, void *_Nonnull out);

/// SHA-256 of one byte and then of `bytes`.
int copenssl_sha256_prefixed(
    uint8_t prefix, const void *_Nullable bytes, size_t count, void *_Nonnull out);

/// SHA-256 of one byte, 32 bytes and 32 bytes.
int copenssl_sha256_pair(
    uint8_t prefix, const void *_Nullable left, const void *_Nullable right, void *_Nonnull out);

struct evp_md_ctx_st *_Nullable copenssl_sha256_stream_new(void);
int copenssl_sha256_stream_update(
    struct evp_md_ctx_st *_Nonnull stream, const void *_Nullable bytes, size_t count);
int copenssl_sha256_stream_final(struct evp_md_ctx_st *_Nonnull stream, void *_Nonnull out);
void copenssl_sha256_stream_free(struct evp_md_ctx_st *_Nonnull stream);

// HMAC-SHA-256. `out` takes 32 bytes.

struct copenssl_hmac *_Nullable copenssl_hmac_new(const void *_Nonnull key, size_t count);
int copenssl_hmac_code(
    struct copenssl_hmac *_Nonnull key, const void *_Nullable bytes, size_t count,
    void *_Nonnull out);
void copenssl_hmac_free(struct copenssl_hmac *_Nonnull key);

// Keys. Each function that makes one gives null for bytes that are no key.

/// `seed` and `public_out` have 32 bytes.
struct evp_pkey_st *_Nullable copenssl_ed25519_private(
    const void *_Nonnull seed, void *_Nonnull public_out);
struct evp_pkey_st *_Nullable copenssl_ed25519_public(const void *_Nonnull bytes);

/// `scalar` has 32 bytes, big-endian; `point_out` takes 65, the uncompressed point.
struct evp_pkey_st *_Nullable copenssl_p256_private(
    const void *_Nonnull scalar, void *_Nonnull point_out);
struct evp_pkey_st *_Nullable copenssl_p256_public(const void *_Nonnull point);

void copenssl_key_free(struct evp_pkey_st *_Nonnull key);

/// Writes a signature of at most `capacity` bytes and gives its length, or 0 for a failure.
/// A P-256 key signs by ECDSA with SHA-256, in DER.
size_t copenssl_sign(
    struct evp_pkey_st *_Nonnull key, const void *_Nullable message, size_t count,
    void *_Nonnull out, size_t capacity);
int copenssl_verify(
    struct evp_pkey_st *_Nonnull key, const void *_Nullable signature, size_t signature_count,
    const void *_Nullable message, size_t count);

// The rest.

/// Fills `out` from libcrypto's generator, which the system's seeds. `secret` takes the one that
/// is kept apart for secrets.
int copenssl_random(void *_Nonnull out, size_t count, int secret);

/// Overwrites with zeros, in a way that no compiler removes.
void copenssl_cleanse(void *_Nonnull bytes, size_t count);

enum copenssl_algorithm {
    copenssl_algorithm_sha256,
    copenssl_algorithm_hmac,
    copenssl_algorithm_ecdsa,
    copenssl_algorithm_ed25519,
};

/// Whether the provider that serves an algorithm is the one named "fips".
int copenssl_is_fips(enum copenssl_algorithm algorithm);

#endif
