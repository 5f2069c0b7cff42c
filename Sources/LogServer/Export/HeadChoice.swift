// SPDX-License-Identifier: Apache-2.0

import TransparencyLog

/// The head under which something is proven, as the parameter `head` asks.
enum HeadChoice: String, Sendable {
    case newest, witnessed

    static let parameter = Operation.Parameter.query(
        "head", ["enum": ["newest", "witnessed"]],
        "The head that all is proven under: the newest one, or the newest one that met the"
            + " witness policy, which later records are not in. [newest]")

    static let problems: [ProblemCode] = [.witnessesNotConfigured, .notWitnessed]

    init(_ query: Query) throws(Problem) {
        guard let choice = HeadChoice(rawValue: query["head"] ?? "newest") else {
            throw .invalidParameter("head", "Ask for newest or witnessed.")
        }
        self = choice
    }

    func head(of log: Log) async throws -> EvidenceHead {
        guard self == .witnessed else { return try await log.evidenceHead() }
        guard log.witnessSettings != nil else { throw Problem(.witnessesNotConfigured) }
        guard let head = log.witnessedEvidenceHead else { throw Problem(.notWitnessed) }
        return head
    }
}
