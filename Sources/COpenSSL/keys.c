// SPDX-License-Identifier: Apache-2.0

#include "internal.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

static const char p256_name[] = "prime256v1";
enum { point_size = 65 };

struct evp_pkey_st *copenssl_ed25519_private(const void *seed, void *public_out) {
    copenssl_algorithms();
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    size_t count = 32;
    if (key != NULL && EVP_PKEY_get_raw_public_key(key, public_out, &count) == 1) return key;
    EVP_PKEY_free(key);
    ERR_clear_error();
    return NULL;
}

struct evp_pkey_st *copenssl_ed25519_public(const void *bytes) {
    copenssl_algorithms();
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, 32);
    if (key == NULL) ERR_clear_error();
    return key;
}

/// A P-256 key from its parts; `scalar` is null for a public key.
static EVP_PKEY *p256_key(const BIGNUM *scalar, const uint8_t *point) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (context == NULL || builder == NULL) goto done;
    if (!OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, p256_name, 0)
        || !OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, point_size))
        goto done;
    if (scalar != NULL
        && !OSSL_PARAM_BLD_push_BN_pad(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar, 32))
        goto done;
    parameters = OSSL_PARAM_BLD_to_param(builder);
    if (parameters == NULL || EVP_PKEY_fromdata_init(context) != 1) goto done;
    if (EVP_PKEY_fromdata(
            context, &key, scalar == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, parameters)
        != 1)
        key = NULL;
done:
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    if (key == NULL) ERR_clear_error();
    return key;
}

struct evp_pkey_st *copenssl_p256_private(const void *scalar, void *point_out) {
    copenssl_algorithms();
    EVP_PKEY *key = NULL;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
    // A number that is marked as secure travels in memory that is wiped when freed.
    BIGNUM *number = BN_secure_new();
    if (point == NULL || number == NULL || BN_bin2bn(scalar, 32, number) == NULL) goto done;
    BN_set_flags(number, BN_FLG_CONSTTIME);
    if (BN_is_zero(number) || BN_cmp(number, EC_GROUP_get0_order(group)) >= 0) goto done;
    if (EC_POINT_mul(group, point, number, NULL, NULL, NULL) != 1
        || EC_POINT_point2oct(
               group, point, POINT_CONVERSION_UNCOMPRESSED, point_out, point_size, NULL)
            != point_size)
        goto done;
    key = p256_key(number, point_out);
done:
    BN_clear_free(number);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    if (key == NULL) ERR_clear_error();
    return key;
}

struct evp_pkey_st *copenssl_p256_public(const void *point) {
    copenssl_algorithms();
    return p256_key(NULL, point);
}

void copenssl_key_free(struct evp_pkey_st *key) {
    EVP_PKEY_free(key);
}

/// ECDSA hashes the message first; Ed25519 does its own hashing.
static const char *digest_name(EVP_PKEY *key) {
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? "SHA256" : NULL;
}

size_t copenssl_sign(
    struct evp_pkey_st *key, const void *message, size_t count, void *out, size_t capacity) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t written = capacity;
    if (context == NULL
        || EVP_DigestSignInit_ex(context, NULL, digest_name(key), NULL, NULL, key, NULL) != 1
        || EVP_DigestSign(context, out, &written, message, count) != 1) {
        ERR_clear_error();
        written = 0;
    }
    EVP_MD_CTX_free(context);
    return written;
}

int copenssl_verify(
    struct evp_pkey_st *key, const void *signature, size_t signature_count, const void *message,
    size_t count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int valid = context != NULL
        && EVP_DigestVerifyInit_ex(context, NULL, digest_name(key), NULL, NULL, key, NULL) == 1
        && EVP_DigestVerify(context, signature, signature_count, message, count) == 1;
    EVP_MD_CTX_free(context);
    // A wrong signature leaves its reason in the queue.
    if (!valid) ERR_clear_error();
    return valid;
}
