// SPDX-License-Identifier: Apache-2.0

import AuditRecords

/// What a token's holder may do.
package enum Role: String, Sendable, CaseIterable {
    /// Submits records; fetches receipts and proofs of its own, never content.
    case producer
    /// Reads the records of one tenant.
    case reader
    /// Reads and verifies the records of all tenants.
    case auditor
    /// Runs the log; reads no records.
    case `operator`
}

/// Whose records a credential is about.
package enum TenantScope: Hashable, Sendable, CustomStringConvertible {
    case only(String)
    case all

    /// Reads a tenant's name, or `*` for all.
    package init?(_ text: String) {
        if text == "*" {
            self = .all
        } else if TenantGrant.isValid(tenant: text) {
            self = .only(text)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .only(let tenant): tenant
        case .all: "*"
        }
    }

    /// What the preparation of a record is told.
    var grant: TenantGrant {
        switch self {
        case .only(let tenant): .only(tenant)
        case .all: .any
        }
    }

    func covers(_ tenant: String) -> Bool {
        switch self {
        case .only(let own): own.utf8.elementsEqual(tenant.utf8)
        case .all: true
        }
    }
}

/// Who is asking, as its token says.
///
/// The name stays when the token is replaced.
package struct Credential: Hashable, Sendable {
    package let name: String
    package let role: Role
    package let tenant: TenantScope

    /// Nil if the role does not go with the scope: a reader has one tenant, an auditor and an
    /// operator have all, a producer either.
    package init?(name: String, role: Role, tenant: TenantScope) {
        let fits =
            switch (role, tenant) {
            case (.producer, _), (.reader, .only), (.auditor, .all), (.operator, .all): true
            case (.reader, .all), (.auditor, .only), (.operator, .only): false
            }
        guard fits, Self.isName(name) else { return nil }
        self.name = name
        self.role = role
        self.tenant = tenant
    }

    /// 1 to 64 of `A-Z a-z 0-9 . _ -`.
    private static func isName(_ name: String) -> Bool {
        1...64 ~= name.utf8.count
            && name.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "._-".utf8.contains(byte)
            }
    }
}
