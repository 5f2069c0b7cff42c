// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Why epochs do not make a schedule.
public enum ChainScheduleError: Error, Hashable, Sendable {
    /// There is no epoch, or the first one does not begin at index 0.
    case noFirstEpoch
    /// The epoch at this place does not begin after the one before it.
    case notRising(epoch: Int)
    /// The epoch at this place uses the key of an earlier one: a retired key never MACs again.
    case repeatedKey(epoch: Int)
}

/// Which chain key is in force at which index.
///
/// A verifier takes the key from here by index, never from the row it verifies. Kept with the keys,
/// not with the records.
public struct ChainSchedule: Sendable {
    /// One key and the first index that it MACs.
    public struct Epoch: Sendable {
        /// The first index that the key MACs.
        public let first: UInt64
        /// The key of all indexes up to the next epoch's first.
        public let key: ChainKey

        /// An epoch that begins at `first`.
        public init(first: UInt64, key: ChainKey) {
            self.first = first
            self.key = key
        }
    }

    /// In order, the first one beginning at 0, first indexes strictly rising.
    public let epochs: [Epoch]

    /// Checks that the epochs follow one another.
    public init(_ epochs: [Epoch]) throws(ChainScheduleError) {
        guard let first = epochs.first, first.first == 0 else { throw .noFirstEpoch }
        for place in epochs.indices.dropFirst() {
            guard epochs[place - 1].first < epochs[place].first else {
                throw .notRising(epoch: place)
            }
            let checkValue = epochs[place].key.checkValue
            guard epochs[..<place].allSatisfy({ $0.key.checkValue != checkValue }) else {
                throw .repeatedKey(epoch: place)
            }
        }
        self.epochs = epochs
    }

    /// A log whose key was never changed.
    public init(_ key: ChainKey) {
        epochs = [Epoch(first: 0, key: key)]
    }

    /// The schedule with one more epoch, which begins at `first`.
    public func adding(_ key: ChainKey, from first: UInt64) throws(ChainScheduleError) -> Self {
        try ChainSchedule(epochs + [Epoch(first: first, key: key)])
    }

    /// The place in ``epochs`` of the epoch that an index falls in.
    ///
    /// Cost: O(number of epochs), and none for an index of the newest one.
    public func epoch(at index: UInt64) -> Int {
        epochs.lastIndex { $0.first <= index } ?? 0
    }

    /// The key that MACs an index.
    public func key(at index: UInt64) -> ChainKey {
        epochs[epoch(at: index)].key
    }

    /// What the MAC at index 0 is chained to.
    public func genesis(_ origin: Origin) -> Digest {
        epochs[0].key.genesis(origin)
    }
}
