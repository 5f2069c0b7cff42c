// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import LogCrypto
import NIOCore
import SignedNote
import TransparencyLog

/// The key of COSE receipts, where SCITT's verifiers look for it.
struct ReceiptKeyRoutes: Sendable {
    let log: Log

    var routes: [Route] {
        [
            Route(
                .get, "/.well-known/scitt-keys", access: .anyone,
                Operation(
                    "getReceiptKeys", "The key of RFC 9942 receipts",
                    "A COSE_KeySet of one key, the one that /v1/log names es256-receipt; its id is"
                        + " the RFC 9679 thumbprint. A verifier that pins keys takes them from"
                        + " elsewhere.",
                    successes: [
                        Operation.Success(
                            status: 200, description: "The set, in CBOR.",
                            content: [(MediaTypes.cbor, nil)])
                    ])
            ) { [log] _ in
                .uncached(
                    ByteBuffer(bytes: log.keys.receiptSigner.key.keySet), type: MediaTypes.cbor,
                    public: true)
            }
        ]
    }
}
