// SPDX-License-Identifier: Apache-2.0

import LogStorage

extension Gzip {
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
