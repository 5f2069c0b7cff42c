// SPDX-License-Identifier: Apache-2.0

package import SignedNote

/// Whom a log asks to cosign its heads, how often, and what follows if they do not.
package struct WitnessSettings: Sendable {
    /// What a log does while its witnesses do not meet the policy.
    package enum FailureMode: String, Sendable {
        /// It takes records, and shows heads without their cosignatures.
        case open
        /// Every submission waits for the witnesses; while they are missing, none is taken.
        case closed
    }

    /// Who must cosign.
    package let policy: WitnessPolicy
    /// Asks one witness.
    package let transport: WitnessTransport
    package var onFailure = FailureMode.open
    /// The shortest time from one round to the next.
    package var interval = Duration.seconds(5)
    /// How long one request may take.
    package var timeout = Duration.seconds(10)
    /// How long a submission waits for a witnessed head.
    package var wait = Duration.seconds(15)
    /// After how long an unchanged head is cosigned again.
    package var refresh = Duration.seconds(1_800)
    /// The folder of the checkpoints that met the policy; nil keeps them as long as the process.
    package var archiveFolder: String?
    /// The folder where contradicting heads are kept; nil only logs that there are any.
    package var evidenceFolder: String?

    package init(policy: WitnessPolicy, transport: @escaping WitnessTransport) {
        self.policy = policy
        self.transport = transport
    }
}

/// One request to a witness.
package struct WitnessCall: Sendable {
    package let url: String
    /// What is posted; nil to get.
    package let body: [UInt8]?
    package let timeout: Duration
}

/// What a witness said, of which nothing is believed yet.
package struct WitnessReply: Sendable {
    package let status: Int
    package let contentType: String?
    package let body: [UInt8]

    package init(status: Int, contentType: String?, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// Sends one request to a witness.
///
/// It follows no redirect, reads at most ``AddCheckpointAnswer/maxBytes`` and one byte more, and
/// returns within the time that the call allows.
package typealias WitnessTransport =
    @Sendable (WitnessCall) async throws(WitnessFailure) -> WitnessReply

/// Why a witness did not cosign; a stable code.
package enum WitnessFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No connection, or one that broke.
    case unreachable
    /// No whole answer in time.
    case timedOut
    /// The answer is not of the protocol's form, or is too large.
    case malformedAnswer
    /// A status that says why not.
    case refused(status: Int)
    /// No line by the witness's key, or one that does not verify.
    case wrongSignature
    /// The cosignature's time is more than five minutes from this log's.
    case clock
    /// The witness and the log did not agree on a size to start from.
    case sizesDisagree
    /// The witness says that it knows a tree that this log's does not extend, and shows none.
    case contradicts
    /// A proof could not be made.
    case noProof

    package var description: String {
        switch self {
        case .unreachable: "unreachable"
        case .timedOut: "timed_out"
        case .malformedAnswer: "malformed_answer"
        case .refused(let status): "refused_\(status)"
        case .wrongSignature: "wrong_signature"
        case .clock: "clock"
        case .sizesDisagree: "sizes_disagree"
        case .contradicts: "contradicts"
        case .noProof: "no_proof"
        }
    }
}

extension WitnessSettings {
    package var intervalMS: UInt64 { UInt64(clamping: interval.milliseconds) }
    package var timeoutMS: UInt64 { UInt64(clamping: timeout.milliseconds) }
    package var waitMS: UInt64 { UInt64(clamping: wait.milliseconds) }
    package var refreshMS: UInt64 { UInt64(clamping: refresh.milliseconds) }
}
