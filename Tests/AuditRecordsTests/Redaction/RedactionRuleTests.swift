// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AuditRecords

@Suite("Redaction: each rule alone")
struct RedactionRuleTests {
    static let everything = RedactionPack.allCases.flatMap(\.recognisers)

    @Test("Every rule passes its own samples", arguments: everything.indices)
    func samples(_ rule: Int) throws {
        try Self.compiled.check(rule)
    }

    static let compiled: CompiledRules = {
        guard let parts = try? RedactionBench.everything.parts(),
            let compiled = try? CompiledRules(parts)
        else { preconditionFailure("the rules do not compile") }
        return compiled
    }()

    @Test("Ids are unique and have the form that placeholders allow")
    func ids() {
        let ids = Self.everything.map(\.id)
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy(Placeholder.isName))
        #expect(Set(ids).isDisjoint(with: Placeholder.reserved))
    }
}
