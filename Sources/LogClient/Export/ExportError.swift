// SPDX-License-Identifier: Apache-2.0

/// Why a file is not the export that a manifest tells of, or the manifest is not the log's.
///
/// Places, counts and hashes only: never the content of a record.
public enum ExportError: Error, Hashable, Sendable {
    /// The manifest has not two lines, each with its end.
    case notTwoLines
    /// This line of the manifest (1 or 2) is not of its form.
    case manifest(line: Int, ProofFileError)
    /// The manifest names another tree than its checkpoint.
    case otherTree
    /// The range of indexes is not one of the tree.
    case rangeBeyondTree
    /// How records stand in a file of this format is not known here.
    case unknownFormat
    /// What the manifest shows does not verify.
    case proof(VerifyError)
    /// The second line is not the log's record of an export, or does not show that it is.
    case notVouched
    /// The record that vouches is older than the tree that was read.
    case vouchedTooEarly(index: UInt64, size: UInt64)
    /// The log recorded another manifest than this one.
    case otherManifest
    /// The file is shorter than the one that was exported.
    case cutShort(got: UInt64, want: UInt64)
    /// The file is longer than the one that was exported.
    case tooLong(want: UInt64)
    /// The file is not the one that was exported.
    case otherFile
    /// The file has another number of records than the manifest says.
    case recordCount(got: UInt64, want: UInt64)
    /// The file has another number of erased fields than the manifest says.
    case erasedCount(got: UInt64, want: UInt64)
    /// This line (the first is 1) is not of its form.
    case line(UInt64, ProofFileError)
    /// This line is longer than any may be.
    case lineTooLong(UInt64)
    /// The record at this index is outside the range, or not behind the one before.
    case misplaced(index: UInt64)

    /// Whether this is evidence of tampering, or says nothing either way.
    public var verdict: Verdict {
        switch self {
        case .proof(let error): error.verdict
        case .vouchedTooEarly, .otherManifest, .tooLong, .otherFile, .recordCount, .erasedCount,
            .misplaced, .otherTree:
            .tampered
        case .notTwoLines, .manifest, .rangeBeyondTree, .unknownFormat, .notVouched, .cutShort,
            .line, .lineTooLong:
            .unverifiable
        }
    }
}

extension ExportError: CustomStringConvertible {
    /// One sentence for people, without a full stop.
    public var description: String {
        switch self {
        case .notTwoLines: "the manifest has not the two lines of one"
        case .manifest(let line, let error):
            "line \(line) of the manifest is not one of a manifest (\(error))"
        case .otherTree: "the manifest names another tree than its checkpoint"
        case .rangeBeyondTree: "the range of the export is not one of its tree"
        case .unknownFormat: "the format is not known to this version"
        case .proof(let error): "\(error)"
        case .notVouched: "the manifest is not vouched for by a record of an export"
        case .vouchedTooEarly(let index, let size):
            "the export of \(size) leaves is vouched for by record \(index), which is older"
        case .otherManifest: "the log recorded another manifest than this one"
        case .cutShort(let got, let want): "the file ends after \(got) of \(want) bytes"
        case .tooLong(let want): "something follows the \(want) bytes of the file"
        case .otherFile: "the log recorded another file than this one"
        case .recordCount(let got, let want):
            "the file has \(got) records, and the manifest says \(want)"
        case .erasedCount(let got, let want):
            "the file tells of \(got) erased fields, and the manifest says \(want)"
        case .line(let line, let error): "line \(line) is not one of an export (\(error))"
        case .lineTooLong(let line): "line \(line) is longer than a line may be"
        case .misplaced(let index): "the record at index \(index) is not where it may stand"
        }
    }
}
