// SPDX-License-Identifier: Apache-2.0

public import AuditChain

/// Why a file is not a receipt or an evidence bundle; its content is never told.
///
/// A place is written as in `fields[2].digest`; a file of another form proves nothing either way.
public enum ProofFileError: Error, Hashable, Sendable {
    /// The file is no JSON object by the rules of the record format.
    case json(JSONError)

    /// This member is not there.
    case missing(String)

    /// The object here (the file itself: the empty place) has a member that the format has not.
    case unknownMember(in: String)

    /// The value here is not of the form that the format asks for.
    case malformed(String)

    /// The field at this place cannot be one of a record.
    case field(place: Int, CommitmentError)

    /// The field `v` is hidden or absent, so the record's version is not known.
    case versionHidden

    /// A file that cannot be read is no evidence of tampering.
    public var verdict: Verdict { .unverifiable }
}

/// Why a file is not a receipt.
public typealias ReceiptError = ProofFileError
