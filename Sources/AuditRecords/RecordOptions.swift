// SPDX-License-Identifier: Apache-2.0

/// What is done with input that the format or the limits would refuse.
public struct RecordOptions: Hashable, Sendable {
    /// What happens to a member whose value is larger than the limit.
    public enum Oversize: String, Sendable, CaseIterable {
        /// The record is refused.
        case refuse
        /// A free-form value is replaced by its size and a salted digest; any other is refused.
        case truncate
    }

    /// Numbers in free-form members that the record format refuses (too large, too precise, not
    /// finite) become strings of the same text, and are counted as `redactions.number_as_text`.
    public var numbersAsText: Bool
    /// What happens to a member whose value is too large.
    public var onOversize: Oversize

    /// Options of one's own.
    public init(numbersAsText: Bool = false, onOversize: Oversize = .refuse) {
        self.numbersAsText = numbersAsText
        self.onOversize = onOversize
    }

    /// Everything is refused that does not fit.
    public static let `default` = RecordOptions()
}
