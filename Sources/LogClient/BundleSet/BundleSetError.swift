// SPDX-License-Identifier: Apache-2.0

/// Why a file is not a bundle set that proves what it shows.
///
/// Places, indexes and hashes only: never the content of a record.
public enum BundleSetError: Error, Hashable, Sendable {
    /// This line (the first is 1) is not of the form that any line has.
    case line(UInt64, ProofFileError)
    /// This line is of a kind that has no place here.
    case misplaced(UInt64)
    /// This line is longer than any may be.
    case lineTooLong(UInt64)
    /// The file ends before the set does.
    case endsEarly
    /// Something follows the set's last line.
    case bytesAfterEnd
    /// The range of indexes is not one of the header's tree.
    case rangeBeyondTree
    /// No line covers this leaf before the record after it, or before the set ends.
    case leafMissing(UInt64)
    /// A record lies outside the header's range.
    case outsideRange(UInt64)
    /// A skip in this line leads nowhere, or beyond the tree.
    case emptySkip(UInt64)
    /// The set has another number of records than its end says.
    case recordCount(got: UInt64, want: UInt64)
    /// The list of an erasure record in the set is not of its form.
    case erasure(ErasureError)
    /// What this line shows does not verify.
    case proof(line: UInt64, VerifyError)
    /// The last line is not the log's record of a bundle set, or does not show that it is.
    case notVouched
    /// The record that vouches for the set is older than the set's tree.
    case vouchedTooEarly(index: UInt64, size: UInt64)
    /// The log recorded another file than this one.
    case digestMismatch

    /// Whether this is evidence of tampering, or says nothing either way.
    public var verdict: Verdict {
        switch self {
        case .proof(_, let error): error.verdict
        case .vouchedTooEarly, .digestMismatch: .tampered
        case .line, .misplaced, .lineTooLong, .endsEarly, .bytesAfterEnd, .rangeBeyondTree,
            .leafMissing, .outsideRange, .emptySkip, .recordCount, .erasure, .notVouched:
            .unverifiable
        }
    }
}

extension BundleSetError: CustomStringConvertible {
    /// One sentence for people, without a full stop.
    public var description: String {
        switch self {
        case .line(let line, let error): "line \(line) is not one of a bundle set (\(error))"
        case .misplaced(let line): "line \(line) is not of a kind that belongs there"
        case .lineTooLong(let line): "line \(line) is longer than a line may be"
        case .endsEarly: "the set is cut short"
        case .bytesAfterEnd: "something follows the end of the set"
        case .rangeBeyondTree: "the range of the set is not one of its tree"
        case .leafMissing(let index): "the set says nothing of the leaf at index \(index)"
        case .outsideRange(let index): "the record at index \(index) is outside the set's range"
        case .emptySkip(let line): "line \(line) skips to nowhere"
        case .recordCount(let got, let want): "the set has \(got) records and claims \(want)"
        case .erasure(let error): "an erasure record cannot be read (\(error))"
        case .proof(_, let error): "\(error)"
        case .notVouched: "the last line is not the log's record of a bundle set"
        case .vouchedTooEarly(let index, let size):
            "the set over \(size) leaves is vouched for by record \(index), which is older"
        case .digestMismatch: "the log recorded another file than this one"
        }
    }
}
