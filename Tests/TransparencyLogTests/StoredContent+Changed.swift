// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage

extension StoredContent {
    /// Whole content of which something was altered.
    func changed(record: [UInt8]? = nil, seed: Digest? = nil) -> StoredContent {
        guard case .whole(let own, let formDigest) = opening else {
            preconditionFailure("only whole content is altered here")
        }
        return StoredContent(
            record: record ?? self.record, seed: seed ?? own, formDigest: formDigest)
    }
}
