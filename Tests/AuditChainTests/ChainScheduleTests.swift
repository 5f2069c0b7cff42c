// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Testing

@testable import AuditChain

@Suite struct ChainScheduleTests {
    private func key(_ byte: UInt8) throws -> ChainKey {
        try ChainKey(SecretBytes(copying: Array(repeating: byte, count: 32)))
    }

    @Test("A chain key has exactly 32 bytes", arguments: [0, 31, 33, 64])
    func keyLength(count: Int) {
        #expect(throws: ChainKeyError.wrongLength(count)) {
            try ChainKey(SecretBytes(copying: Array(repeating: 1, count: count)))
        }
    }

    @Test("The key of an index is that of the newest epoch that has begun")
    func keyByIndex() throws {
        let schedule = try ChainSchedule(try key(1)).adding(try key(2), from: 5)
            .adding(try key(3), from: 6)
        #expect([0, 4, 5, 6, 7, .max].map { schedule.epoch(at: $0) } == [0, 0, 1, 2, 2, 2])
        #expect(schedule.key(at: 5).checkValue == (try key(2).checkValue))
    }

    @Test("First indexes rise from 0, and no key comes back")
    func refused() throws {
        let (a, b) = (try key(1), try key(2))
        #expect(throws: ChainScheduleError.noFirstEpoch) { try ChainSchedule([]) }
        #expect(throws: ChainScheduleError.noFirstEpoch) {
            try ChainSchedule([.init(first: 1, key: a)])
        }
        #expect(throws: ChainScheduleError.notRising(epoch: 1)) {
            try ChainSchedule(a).adding(b, from: 0)
        }
        #expect(throws: ChainScheduleError.repeatedKey(epoch: 2)) {
            try ChainSchedule(a).adding(b, from: 3).adding(try key(1), from: 4)
        }
    }

    @Test("Every part of the input changes the MAC")
    func sensitivity() throws {
        let key = try key(1)
        let (x, y) = (SHA256.hash([1]), SHA256.hash([2]))
        let all = [
            key.mac(index: 1, timestampMS: 2, commitment: x, previous: y),
            key.mac(index: 2, timestampMS: 2, commitment: x, previous: y),
            key.mac(index: 1, timestampMS: 3, commitment: x, previous: y),
            key.mac(index: 1, timestampMS: 2, commitment: y, previous: y),
            key.mac(index: 1, timestampMS: 2, commitment: x, previous: x),
        ]
        #expect(Set(all).count == all.count)
    }
}
