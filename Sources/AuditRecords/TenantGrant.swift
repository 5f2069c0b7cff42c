// SPDX-License-Identifier: Apache-2.0

/// The tenants that a credential may write for.
public enum TenantGrant: Hashable, Sendable {
    /// This one; a record that names another is refused.
    case only(String)
    /// All but the log's own; each record names its tenant.
    case any

    /// The tenant of the log's own records, which no credential holds and no body names.
    public static let log = "_log"

    /// Whether a credential may hold that tenant: 1 to 64 of `[a-z0-9._-]`, not starting with `_`.
    public static func isValid(tenant: String) -> Bool {
        var tenant = tenant
        return tenant.withUTF8 { Grammar.isTenant(UnsafeRawBufferPointer($0)) }
    }
}
