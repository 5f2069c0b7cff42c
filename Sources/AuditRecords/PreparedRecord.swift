// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// A record with all work done that needs no index: ready for its place in the log.
public struct PreparedRecord: Sendable {
    /// The record as it is stored and hashed, stamps included.
    public let canonical: [UInt8]
    /// The secret of the commitment, to be stored beside the record and destroyed with it.
    public let seed: Digest
    /// The salted commitment to ``canonical``.
    public let commitment: Digest
    /// What the producer sent, in canonical form, without anything that the log added.
    ///
    /// Two submissions under one key say the same if their forms are equal.
    public let form: [UInt8]
    /// `SHA256(0x05 ‖ seed ‖ form)`, by which a later submission is compared with this one.
    public let formDigest: Digest
    /// A lower-case UUID.
    public let id: String
    /// Whether the producer chose the id; if not, a repeat has another one.
    public let idFromProducer: Bool
    /// The tenant that the record belongs to.
    public let tenant: String
    /// What kind of event it records.
    public let type: String
    /// Who did it.
    public let actorID: String?
}
