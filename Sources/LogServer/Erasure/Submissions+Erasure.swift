// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
package import TransparencyLog

/// What the log's own records say of erasures and holds: the log itself parses none.
extension Submissions {
    package func erasureComplete(_ request: UInt64) -> Submission {
        governance(.erasureComplete(request))
    }

    package func erasureDeferred(_ request: UInt64, by holds: [UInt64]) -> Submission {
        governance(.erasureDeferred(request, by: holds))
    }

    package func types(_ kind: ErasureStatement.Kind) -> [String] {
        switch kind {
        case .announcement: ["erasure.request", "retention.prune"]
        case .completion: ["erasure.complete"]
        case .deferral: ["erasure.deferred"]
        case .hold: ["hold.place", "hold.release"]
        }
    }

    package func statement(_ record: [UInt8], at index: UInt64) -> ErasureStatement? {
        guard let value = try? JSONValue.parse(record, limits: .disclosed),
            value["tenant"]?.text == "_log", let details = value["details"]
        else { return nil }
        switch value["type"]?.text {
        case "erasure.request":
            return StoredRecords.removed(details).map {
                .announced(.init(request: index, removals: $0))
            }
        case "retention.prune":
            return StoredRecords.pruned(details).map {
                .announced(
                    .init(
                        request: index, removals: $0, isPrune: true,
                        firstContent: (details["checkpoint"]?["size"]
                            ?? details["first_content"])?.unsigned))
            }
        case "erasure.complete": return details["request"]?.unsigned.map { .completed($0) }
        case "erasure.deferred": return details["request"]?.unsigned.map { .deferred($0) }
        case "hold.release": return details["hold"]?.unsigned.map { .released($0) }
        case "hold.place": return .held(Self.hold(index, details))
        default: return nil
        }
    }

    /// A hold whose filters cannot be read keeps everything.
    private static func hold(_ index: UInt64, _ details: JSONValue) -> StandingHold {
        guard let hold = LegalHold(index: index, details: details) else {
            return StandingHold(index: index) { _, _ in true }
        }
        return StandingHold(index: index) { index, record in
            (try? RecordTerms.read(canonical: record)).map { hold.covers(index, $0) } ?? true
        }
    }
}
