// SPDX-License-Identifier: Apache-2.0

public import AuditChain

/// How much is taken from a producer at once.
public struct RecordLimits: Hashable, Sendable {
    /// Of one record as it is sent.
    public var record: JSONLimits
    /// Items of one batch.
    public var itemCount: Int
    /// Bytes of one batch, all items together.
    public var batchByteCount: Int
    /// Bytes of the value of one top-level member, as canonical text, after redaction.
    public var fieldByteCount: Int

    /// Limits of one's own; `fieldByteCount` is at least 256.
    public init(
        record: JSONLimits = .record, itemCount: Int = 1000, batchByteCount: Int = 8 << 20,
        fieldByteCount: Int = 16 << 10
    ) {
        precondition(fieldByteCount >= 256, "a field holds at least what replaces a larger one")
        self.record = record
        self.itemCount = itemCount
        self.batchByteCount = batchByteCount
        self.fieldByteCount = fieldByteCount
    }

    /// 64 KiB a record, 16 KiB a field, 1,000 items and 8 MiB a batch.
    public static let `default` = RecordLimits()
}
