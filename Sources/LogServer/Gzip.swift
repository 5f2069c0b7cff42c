// SPDX-License-Identifier: Apache-2.0

import CZlib

/// Compression of entry bundles for who asks for it: they are text for the most part, where hash
/// tiles are random bytes.
enum Gzip {
    /// One gzip member (RFC 1952); nil if zlib fails.
    ///
    /// Cost: about 0.5 ms for a full bundle.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        let compressed = [UInt8](
            unsafeUninitializedCapacity: czlib_gzip_bound(bytes.count)
        ) { memory, count in
            count = czlib_gzip(bytes, bytes.count, memory.baseAddress, memory.count)
        }
        return compressed.isEmpty ? nil : compressed
    }

    /// Whether an Accept-Encoding field asks for gzip (RFC 9110, section 12.5.3).
    static func isAccepted(by field: String) -> Bool {
        field.split(separator: ",").contains { coding in
            let parts = coding.split(separator: ";").map {
                $0.filter { $0 != " " && $0 != "\t" }.lowercased()
            }
            guard let name = parts.first, name == "gzip" || name == "x-gzip" else { return false }
            return !parts.dropFirst().contains {
                $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0
            }
        }
    }
}
