// SPDX-License-Identifier: Apache-2.0

#ifndef COPENSSL_INTERNAL_H
#define COPENSSL_INTERNAL_H

#include "include/COpenSSL.h"

#include <openssl/evp.h>

/// The algorithms fetched once for the process. Null where the provider has none.
struct copenssl_algorithms {
    EVP_MD *sha256;
    EVP_MAC *hmac;
    /// libcrypto's own default provider serves SHA-256.
    int is_plain;
};

/// Fetches at the first call. Every file calls it before it calls libcrypto.
const struct copenssl_algorithms *copenssl_algorithms(void);

#endif
