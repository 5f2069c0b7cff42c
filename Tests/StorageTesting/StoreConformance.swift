// SPDX-License-Identifier: Apache-2.0

package import LogStorage

/// What every store must do.
///
/// A check throws ``ConformanceFailure`` if the store does otherwise.
///
/// It knows no test framework: a store's own tests run each of `checks` on a store of its own.
package struct StoreConformance: Sendable, CustomStringConvertible {
    /// A sentence, which says what holds.
    package let description: String
    package let run: @Sendable (StoreUnderTest) throws -> Void

    package static let checks =
        growthChecks + transactionChecks + readingChecks + concurrencyChecks + removalChecks

    init(_ description: String, _ run: @escaping @Sendable (StoreUnderTest) throws -> Void) {
        self.description = description
        self.run = run
    }
}

/// One store, empty at first, and how to open it again.
package struct StoreUnderTest: Sendable {
    /// Opens the store.
    ///
    /// Called again only after the one before was closed.
    package let open: @Sendable () throws -> any LogStore
    /// Whether what was committed is there at the next opening.
    package let outlivesItsProcess: Bool

    package init(
        outlivesItsProcess: Bool, open: @escaping @Sendable () throws -> any LogStore
    ) {
        self.outlivesItsProcess = outlivesItsProcess
        self.open = open
    }

    /// Runs `body` on the store, opened for it alone.
    func use<Result>(_ body: (any LogStore) throws -> Result) throws -> Result {
        let store = try open()
        defer { store.close() }
        return try body(store)
    }
}

/// What a store did wrong.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String
}

func expect(_ isSo: Bool, _ what: @autoclosure () -> String) throws {
    guard isSo else { throw ConformanceFailure(description: what()) }
}

func expectEqual<Value: Equatable>(
    _ got: Value, _ want: Value, _ what: @autoclosure () -> String
) throws {
    // The values are long; the sentence says enough.
    guard got == want else { throw ConformanceFailure(description: "\(what()) differs") }
}

/// Checks that `body` throws a `StoreError` of this code.
func expectError(_ code: StoreError.Code, _ what: String, _ body: () throws -> Void) throws {
    do {
        try body()
    } catch let error as StoreError where error.code == code {
        return
    } catch {
        throw ConformanceFailure(description: "\(what): \(error) instead of \(code)")
    }
    throw ConformanceFailure(description: "\(what): nothing thrown instead of \(code)")
}

extension LogStore {
    /// Commits the next batch of a sample log, with the credentials that its entries name.
    package func commit(_ batch: SequencedBatch) throws {
        try transaction { transaction in
            for name in ["a", "b", "c"] {
                _ = try transaction.number(of: StoredCredential(tenant: "t", name: name))
            }
            try transaction.append(batch)
        }
    }
}
