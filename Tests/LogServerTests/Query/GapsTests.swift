// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdTesting
import Testing

@testable import LogServer

@Suite("Gaps")
struct GapsTests {
    private static func counted(_ seq: Int, _ more: String = "") -> String {
        #"{"type":"x.test.event","actor":{"id":"a","type":"agent"},"#
            + #""producer":{"id":"p1","seq":\#(seq)}\#(more)}"#
    }

    private static func call(_ type: String, _ id: String) -> String {
        #"{"type":"\#(type)","actor":{"id":"a","type":"agent"},"#
            + (type == "tool.call" ? "" : #""outcome":"success","#)
            + #""tool":{"name":"t","call_id":"\#(id)"},"trace":{"run_id":"r"}}"#
    }

    @Test("A number that never came is shown to its own tenant, and to auditors")
    func missing() async throws {
        let fixture = try await ServerFixture()
        for seq in [1, 2, 5] {
            #expect(try await fixture.submit(Self.counted(seq)).status == .created)
        }
        for (asker, count) in [(ServerFixture.Asker.reader, 1), (.auditor, 1), (.foreignReader, 0)]
        {
            let answer = try await fixture.send(.get, "/v1/audit/gaps", as: asker).json()
            #expect(answer["complete"] as? Bool == true)
            let gaps = try (answer["gaps"] as? [[String: Any]]).unwrap()
            #expect(gaps.count == count)
            guard let gap = gaps.first else { continue }
            #expect(gap["finding"] as? String == "missing" && gap["producer"] as? String == "p1")
            #expect(gap["first_seq"] as? Int == 3 && gap["last_seq"] as? Int == 4)
            let producers = try (answer["producers"] as? [[String: Any]]).unwrap()
            #expect(producers.first?["missing"] as? Int == 2)
        }
        let other = try await fixture.send(.get, "/v1/audit/gaps?producer=p2", as: .reader).json()
        #expect((other["gaps"] as? [[String: Any]])?.isEmpty == true)
    }

    @Test("An intent without its outcome is open until that comes")
    func pairs() async throws {
        let fixture = try await ServerFixture()
        for id in ["c1", "c2"] {
            #expect(try await fixture.submit(Self.call("tool.call", id)).status == .created)
        }
        #expect(try await fixture.submit(Self.call("tool.result", "c1")).status == .created)
        let answer = try await fixture.send(.get, "/v1/audit/gaps", as: .reader).json()
        let open = try (answer["unpaired"] as? [[String: Any]]).unwrap()
        #expect(open.compactMap { $0["id"] as? String } == ["c2"])
        #expect(open.first?["finding"] as? String == "open" && open.first?["index"] as? Int == 2)
        #expect((answer["pairs"] as? [String: Any])?["pairs"] as? Int == 1)
    }

    @Test("A filter that would make gaps is no parameter here", arguments: ["type=x", "since=x"])
    func parameters(_ query: String) async throws {
        let fixture = try await ServerFixture()
        let answer = try await fixture.send(.get, "/v1/audit/gaps?\(query)", as: .auditor)
        #expect(try answer.code() == "unknown_parameter")
    }
}
