// SPDX-License-Identifier: Apache-2.0

// SHA256_Init and its kin are deprecated in favour of EVP, which costs half as much again for the
// short messages of a log; they are the very code that the default provider calls.
#define OPENSSL_SUPPRESS_DEPRECATED 1

#include "internal.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

static struct copenssl_algorithms algorithms;
static pthread_once_t fetched = PTHREAD_ONCE_INIT;
static pthread_key_t context_key;
static _Thread_local EVP_MD_CTX *thread_context;

static void free_thread_context(void *context) {
    thread_context = NULL;
    EVP_MD_CTX_free(context);
}

static void fetch(void) {
    // Threads may still hash while the process exits, so libcrypto must not tear itself down.
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    if (pthread_key_create(&context_key, free_thread_context) != 0) return;
    algorithms.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    algorithms.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    const OSSL_PROVIDER *provider =
        algorithms.sha256 == NULL ? NULL : EVP_MD_get0_provider(algorithms.sha256);
    algorithms.is_plain =
        provider != NULL && strcmp(OSSL_PROVIDER_get0_name(provider), "default") == 0;
    ERR_clear_error();
}

const struct copenssl_algorithms *copenssl_algorithms(void) {
    pthread_once(&fetched, fetch);
    return &algorithms;
}

struct evp_md_ctx_st *copenssl_sha256_stream_new(void) {
    const EVP_MD *sha256 = copenssl_algorithms()->sha256;
    EVP_MD_CTX *context = sha256 == NULL ? NULL : EVP_MD_CTX_new();
    if (context == NULL) return NULL;
    if (EVP_DigestInit_ex2(context, sha256, NULL) == 1) return context;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return NULL;
}

static EVP_MD_CTX *make_thread_context(void) {
    EVP_MD_CTX *context = copenssl_sha256_stream_new();
    if (context == NULL) return NULL;
    if (pthread_setspecific(context_key, context) != 0) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    thread_context = context;
    return context;
}

/// This thread's context, ready for a new message.
static EVP_MD_CTX *restarted(void) {
    EVP_MD_CTX *context = thread_context;
    if (context == NULL && (context = make_thread_context()) == NULL) return NULL;
    return EVP_DigestInit_ex2(context, NULL, NULL) == 1 ? context : NULL;
}

static int finish(EVP_MD_CTX *context, void *out) {
    return EVP_DigestFinal_ex(context, out, NULL) == 1;
}

/// The digest of one message.
///
/// Through EVP where the system's configuration names another provider than the default one; else
/// by the same code without it.
static int hash(const void *bytes, size_t count, void *out) {
    if (copenssl_algorithms()->is_plain) {
        SHA256_CTX state;
        return SHA256_Init(&state) == 1 && SHA256_Update(&state, bytes, count) == 1
            && SHA256_Final(out, &state) == 1;
    }
    EVP_MD_CTX *context = restarted();
    if (context == NULL) return 0;
    return EVP_DigestUpdate(context, bytes, count) == 1 && finish(context, out);
}

int copenssl_sha256(const void *bytes, size_t count, void *out) {
    return hash(bytes, count, out);
}

int copenssl_sha256_prefixed(uint8_t prefix, const void *bytes, size_t count, void *out) {
    // One update of a small copy is cheaper than two updates.
    uint8_t joined[512];
    if (count < sizeof joined) {
        joined[0] = prefix;
        if (count > 0) memcpy(joined + 1, bytes, count);
        return hash(joined, count + 1, out);
    }
    EVP_MD_CTX *context = restarted();
    if (context == NULL) return 0;
    return EVP_DigestUpdate(context, &prefix, 1) == 1
        && EVP_DigestUpdate(context, bytes, count) == 1 && finish(context, out);
}

int copenssl_sha256_pair(uint8_t prefix, const void *left, const void *right, void *out) {
    if (left == NULL || right == NULL) return 0;
    uint8_t joined[65];
    joined[0] = prefix;
    memcpy(joined + 1, left, 32);
    memcpy(joined + 33, right, 32);
    return hash(joined, sizeof joined, out);
}

int copenssl_sha256_stream_update(struct evp_md_ctx_st *stream, const void *bytes, size_t count) {
    return EVP_DigestUpdate(stream, bytes, count) == 1;
}

int copenssl_sha256_stream_final(struct evp_md_ctx_st *stream, void *out) {
    return finish(stream, out);
}

void copenssl_sha256_stream_free(struct evp_md_ctx_st *stream) {
    EVP_MD_CTX_free(stream);
}
