// SPDX-License-Identifier: Apache-2.0

/// What may be chosen about a store.
///
/// Nothing here touches durability, which is not for sale.
package struct SQLiteOptions: Sendable {
    /// Read-only connections at once; each takes up to 4 MiB.
    package var readers = 4
    /// Milliseconds that a read waits for a connection before it is refused.
    package var readerWaitMS = 5000
    /// Bytes of write-ahead log after which its pages are moved into the database.
    package var checkpointBytes = 16 << 20
    /// Bytes that must be free on the volume before a commit begins, at most a twentieth of the
    /// volume: a database that meets a full volume in the middle of a commit has to stop.
    package var reserveBytes: UInt64 = 256 << 20

    package init() {}
}
