// SPDX-License-Identifier: Apache-2.0

#include "internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>

enum { max_idle = 16 };

/// A context is one thread's at a time: it is taken from `idle`, used, and put back. `keyed` is
/// never used itself, only copied when `idle` is empty. Freeing a context wipes its key.
struct copenssl_hmac {
    pthread_mutex_t lock;
    EVP_MAC_CTX *keyed;
    EVP_MAC_CTX *idle[max_idle];
    int idle_count;
};

struct copenssl_hmac *copenssl_hmac_new(const void *key, size_t count) {
    EVP_MAC *hmac = copenssl_algorithms()->hmac;
    struct copenssl_hmac *made = hmac == NULL ? NULL : calloc(1, sizeof *made);
    if (made == NULL) return NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    made->keyed = EVP_MAC_CTX_new(hmac);
    if (made->keyed != NULL && EVP_MAC_init(made->keyed, key, count, parameters) == 1
        && pthread_mutex_init(&made->lock, NULL) == 0) {
        return made;
    }
    EVP_MAC_CTX_free(made->keyed);
    free(made);
    ERR_clear_error();
    return NULL;
}

static EVP_MAC_CTX *take(struct copenssl_hmac *key) {
    EVP_MAC_CTX *context = NULL;
    pthread_mutex_lock(&key->lock);
    if (key->idle_count > 0) context = key->idle[--key->idle_count];
    pthread_mutex_unlock(&key->lock);
    return context != NULL ? context : EVP_MAC_CTX_dup(key->keyed);
}

static void put_back(struct copenssl_hmac *key, EVP_MAC_CTX *context) {
    pthread_mutex_lock(&key->lock);
    if (key->idle_count < max_idle) {
        key->idle[key->idle_count++] = context;
        context = NULL;
    }
    pthread_mutex_unlock(&key->lock);
    EVP_MAC_CTX_free(context);
}

int copenssl_hmac_code(struct copenssl_hmac *key, const void *bytes, size_t count, void *out) {
    EVP_MAC_CTX *context = take(key);
    if (context == NULL) return 0;
    size_t written = 0;
    // Without a key, init starts a new message under the context's own.
    int done = EVP_MAC_init(context, NULL, 0, NULL) == 1
        && EVP_MAC_update(context, bytes, count) == 1
        && EVP_MAC_final(context, out, &written, 32) == 1 && written == 32;
    put_back(key, context);
    if (!done) ERR_clear_error();
    return done;
}

void copenssl_hmac_free(struct copenssl_hmac *key) {
    while (key->idle_count > 0) EVP_MAC_CTX_free(key->idle[--key->idle_count]);
    EVP_MAC_CTX_free(key->keyed);
    pthread_mutex_destroy(&key->lock);
    free(key);
}
