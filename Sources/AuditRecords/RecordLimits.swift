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

    /// Limits of one's own.
    public init(
        record: JSONLimits = .record, itemCount: Int = 1000, batchByteCount: Int = 8 << 20
    ) {
        self.record = record
        self.itemCount = itemCount
        self.batchByteCount = batchByteCount
    }

    /// 64 KiB a record, 1,000 items and 8 MiB a batch.
    public static let `default` = RecordLimits()
}
