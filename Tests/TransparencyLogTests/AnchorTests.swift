// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import Testing

@testable import TransparencyLog

struct AnchorTests {
    private static let state = AnchorState(
        note: "example.com/log\n7\nAAAA\n\n— example.com/log AAAA\n", treeHeadTimeMS: 1_780_000)

    @Test("A slot reads back as it was written")
    func roundTrip() throws {
        let slot = AnchorSlot(sequence: 41, state: Self.state)
        let bytes = try #require(slot.bytes)
        #expect(bytes.count == AnchorSlot.byteCount)
        #expect(AnchorSlot(bytes) == slot)
    }

    @Test("A slot with any byte changed, or cut anywhere, is not believed")
    func damage() throws {
        let bytes = try #require(AnchorSlot(sequence: 41, state: Self.state).bytes)
        for offset in bytes.indices {
            var bumped = bytes
            bumped[offset] &+= 1
            #expect(AnchorSlot(bumped) == nil, "byte \(offset)")
            #expect(AnchorSlot(Array(bytes[..<offset])) == nil)
        }
    }

    @Test("A note that exceeds a slot is refused, not cut")
    func oversized() {
        let note = String(repeating: "x", count: AnchorSlot.byteCount)
        let state = AnchorState(note: note, treeHeadTimeMS: 0)
        #expect(AnchorSlot(sequence: 1, state: state).bytes == nil)
        #expect(throws: AnchorError.self) { try Anchor.volatile().write(state) }
    }

    @Test("The file keeps the newest state, whichever of its slots is lost")
    func slots() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/anchor"
        let states = (1...5).map { AnchorState(note: "head \($0)\n", treeHeadTimeMS: UInt64($0)) }
        do {
            let anchor = try Anchor.open(path: path)
            #expect(anchor.state == nil && !anchor.isDamaged)
            try anchor.initialise(states[0])
            for state in states.dropFirst() { try anchor.write(state) }
        }
        #expect(try Anchor.open(path: path).state == states[4])
        // Sequence 6 lies in slot 0, sequence 5 in slot 1.
        for (lost, left) in [(0, states[3]), (1, states[4])] {
            let copy = folder.path + "/copy\(lost)"
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[lost * AnchorSlot.byteCount + 100] ^= 1
            try bytes.write(to: URL(filePath: copy))
            #expect(try Anchor.open(path: copy).state == left)
        }
        try Data(repeating: 7, count: 8_192).write(to: URL(filePath: path))
        let damaged = try Anchor.open(path: path)
        #expect(damaged.state == nil && damaged.isDamaged)
    }

    @Test(
        "After a write that failed none is tried again, and the state stays",
        arguments: [FaultyAnchorFile.Fault.failsBefore, .failsAfterPersisting])
    func failedWrite(fault: FaultyAnchorFile.Fault) throws {
        let file = FaultyAnchorFile(VolatileAnchorFile())
        let anchor = Anchor(file, holding: [])
        try anchor.write(AnchorState(note: "a\n", treeHeadTimeMS: 10))
        file.next(fault)
        for code in [AnchorError.Code.inputOutput, .failed, .failed] {
            let error = #expect(throws: AnchorError.self) {
                try anchor.write(AnchorState(note: "b\n", treeHeadTimeMS: 11))
            }
            #expect(error?.code == code)
        }
        #expect(file.writesAfterFault == 0 && anchor.state?.note == "a\n")
    }

    @Test("The time of the newest tree head signature never moves back")
    func backwards() throws {
        let anchor = Anchor.volatile()
        try anchor.write(AnchorState(note: "a\n", treeHeadTimeMS: 10))
        #expect(throws: AnchorError.self) {
            try anchor.write(AnchorState(note: "b\n", treeHeadTimeMS: 9))
        }
    }
}
