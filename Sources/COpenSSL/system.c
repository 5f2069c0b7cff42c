// SPDX-License-Identifier: Apache-2.0

#include "internal.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <string.h>

/// Random bytes drawn ahead by this thread, for small requests: a draw costs the same for 1,024
/// bytes as for 32. What is handed out is wiped here.
static __thread struct {
    unsigned char bytes[1024];
    size_t left;
} drawn;

static int take_drawn(void *out, size_t count) {
    if (drawn.left < count) {
        if (RAND_bytes(drawn.bytes, sizeof drawn.bytes) != 1) return 0;
        drawn.left = sizeof drawn.bytes;
    }
    drawn.left -= count;
    memcpy(out, drawn.bytes + drawn.left, count);
    OPENSSL_cleanse(drawn.bytes + drawn.left, count);
    return 1;
}

int copenssl_random(void *out, size_t count, int secret) {
    copenssl_algorithms();
    if (count > INT_MAX) return 0;
    if (!secret && count <= 64) {
        int taken = take_drawn(out, count);
        if (!taken) ERR_clear_error();
        return taken;
    }
    int done = secret ? RAND_priv_bytes(out, (int)count) : RAND_bytes(out, (int)count);
    if (done != 1) ERR_clear_error();
    return done == 1;
}

void copenssl_cleanse(void *bytes, size_t count) {
    OPENSSL_cleanse(bytes, count);
}

static int provided_by_fips(const OSSL_PROVIDER *provider) {
    return provider != NULL && strcmp(OSSL_PROVIDER_get0_name(provider), "fips") == 0;
}

static int signature_is_fips(const char *name) {
    EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, name, NULL);
    int fips = signature != NULL && provided_by_fips(EVP_SIGNATURE_get0_provider(signature));
    EVP_SIGNATURE_free(signature);
    ERR_clear_error();
    return fips;
}

int copenssl_is_fips(enum copenssl_algorithm algorithm) {
    const struct copenssl_algorithms *fetched = copenssl_algorithms();
    switch (algorithm) {
    case copenssl_algorithm_sha256:
        return fetched->sha256 != NULL
            && provided_by_fips(EVP_MD_get0_provider(fetched->sha256));
    case copenssl_algorithm_hmac:
        return fetched->hmac != NULL && provided_by_fips(EVP_MAC_get0_provider(fetched->hmac));
    case copenssl_algorithm_ecdsa:
        return signature_is_fips("ECDSA");
    case copenssl_algorithm_ed25519:
        return signature_is_fips("ED25519");
    }
    return 0;
}
