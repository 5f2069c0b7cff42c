// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AuditRecords

@Suite("Redaction: hosts, and kerno's forms")
struct RedactionHostTests {
    private static let kerno = RedactionPolicy(
        id: "kerno", packs: [.coreSecrets, .corePII, .host], placeholders: .kerno)

    @Test(
        "Process ids go with their word, and counts of them stay",
        arguments: [
            ("killed pid=1234", "killed <pid-redacted>"), ("PID: 99 gone", "<pid-redacted> gone"),
            ("pid 1234", "<pid-redacted>"), ("process id 7", "<pid-redacted>"),
            ("pid count is 99", "pid count is 99"), ("stupid 1234", "stupid 1234"),
            ("from 192.0.2.7:443", "from <ip-redacted>:443"),
            ("[2001:db8::1]:443", "[<ip-redacted>]:443"), ("::ffff:192.0.2.7", "<ip-redacted>"),
            ("open /etc/shadow failed", "open /etc/<redacted> failed"),
            ("\"/srv/o neil/x y\" gone", "\"/srv/<redacted>\" gone"),
            ("/mnt/a /srv/b /data/c", "/mnt/<redacted> /srv/<redacted> /data/<redacted>"),
            (#"C:\Users\x\y.txt"#, "<path-redacted>"), ("x@example.com", "<email-redacted>"),
        ])
    func forms(_ text: String, _ wanted: String) throws {
        let bench = try RedactionBench(Self.kerno)
        let result = try bench.value(text)
        #expect(result.text == wanted)
        #expect(try bench.value(result.text).counts.isEmpty)
    }

    @Test(
        "A remote address is an address or a path, and what cannot be read goes whole",
        arguments: [
            ("192.0.2.7:80", "<ip-redacted>", "192.0.2.0/24"),
            ("192.0.2.7", "<ip-redacted>", "192.0.2.0/24"),
            ("[2001:db8:1:2::7]:80", "<ip-redacted>", "2001:db8:1::/48"),
            ("fe80::1%eth0", "<ip-redacted>", "fe80:0:0::/48"),
            ("[::ffff:192.0.2.7]:80", "<ip-redacted>", "192.0.2.0/24"),
            ("/run/evident.sock", "<path-redacted>", "<path-redacted>"),
            ("@", "<path-redacted>", "<path-redacted>"), ("", "<path-redacted>", "<path-redacted>"),
            ("somewhere:80", "<path-redacted>", "<path-redacted>"),
        ])
    func remote(_ text: String, _ replaced: String, _ generalised: String) {
        let address = RemoteAddress(text)
        #expect(address.redacted(.kerno) == replaced)
        #expect(address.redacted(.kerno, generalise: true) == generalised)
    }

    @Test("The default policy leaves paths and addresses: an audit log is asked for them")
    func standard() throws {
        let bench = try RedactionBench()
        for text in ["/etc/passwd", "192.0.2.7", "2001:db8::1", "pid 12", "db.internal"] {
            #expect(try bench.value(text).counts.isEmpty)
        }
    }
}
