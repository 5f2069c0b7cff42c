// SPDX-License-Identifier: Apache-2.0

/// What tells one machine, process or account from another.
enum HostRules {
    static let all = [pid, ipv4, ipv6, mac, unixPath, windowsPath, hostname, username]

    private static let bounded = Recogniser.bounded

    private static let pid = Recogniser(
        "pid", .process,
        #"(?i)(?:^|[^A-Za-z0-9])((?:pid|ppid|tid|process(?: id)?)(?:\s*[=:#]\s*|\s+)[0-9]{1,10})(?:$|[^A-Za-z0-9])"#,
        yes: ["pid=1234", "Process 4242 ended", "ppid: 1"],
        no: ["pid count is 99", "rapid 1234", "pid 12345678901"])

    private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    private static let ipv4 = Recogniser(
        "ipv4", .address, bounded(#"(?:\#(octet)\.){3}\#(octet)"#),
        triggers: [#"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"#], .ipv4,
        context: ["version", "ver", "release"],
        yes: ["192.0.2.7", "http://192.0.2.7:8080/x"],
        no: ["v1.2.3.4", "1.2.3.4.5", "256.1.1.1", "version 1.2.3.4", "192.0.2.0/24"])

    private static let ipv6 = Recogniser(
        "ipv6", .address,
        "(?:^|[^A-Za-z0-9:.])((?:[0-9A-Fa-f]{0,4}:){2,7}"
            + #"(?:[0-9A-Fa-f]{1,4}|(?:[0-9]{1,3}\.){3}[0-9]{1,3}|:)?(?:%[0-9A-Za-z._-]{1,16})?)"#
            + "(?:$|[^A-Za-z0-9])",
        triggers: [
            "(?:^|[^A-Za-z0-9:.])(?:[0-9A-Fa-f]{1,4}:){2}",
            "(?:^|[^A-Za-z0-9:.])[0-9A-Fa-f]{0,4}::",
        ],
        .ipv6,
        yes: ["2001:db8::1", "::ffff:192.0.2.7", "[fe80::1%eth0]:80", "2001:db8:0:0:1:0:0:1"],
        no: ["08:00:01", "std::vector", "dead::beef", "2001:db8:1::/48"])

    private static let mac = Recogniser(
        "mac", .address,
        "(?:^|[^A-Za-z0-9:-])((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}"
            + #"|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})(?:$|[^A-Za-z0-9:-]|[:-](?:$|[^0-9A-Fa-f]))"#,
        .mac,
        yes: ["00:00:5e:00:53:af", "00-00-5E-00-53-AF", "0000.5e00.53af"],
        no: ["00:00:00:00:00:00", "00:00:5e:00:53:af:00:01", "08:00:01"])

    private static let unixPath = Recogniser(
        "unix_path", .path,
        #"(?:^|[\s"'(=:,\[{*`|;]|file://)(/(?:etc|home|root|var|tmp|proc|sys|run|opt|usr|mnt|srv|data|"#
            + #"Users|Volumes|private|Library)/[^\s"',;)\]}<>]+)"#,
        .path,
        yes: ["open /etc/passwd: denied", "\"/srv/o neil/notes.txt\"", "file:///srv/x/y"],
        no: ["/etc/<redacted>", "https://example.com/etc/passwd", "a/var/b"])

    private static let windowsPath = Recogniser(
        "windows_path", .path,
        #"(?:^|[^A-Za-z0-9])([A-Za-z]:\\(?:[^\\\s"'<>|:*?]+\\)*[^\\\s"'<>|:*?]+|\\\\[A-Za-z0-9._-]+\\[^\s"'<>|:*?]+)"#,
        triggers: [#"[A-Za-z]:\\"#, #"\\\\[A-Za-z0-9]"#], .path,
        yes: [#"C:\Users\o\notes.txt"#, #"\\fileserver\share\x"#, #""C:\Program Files\x.exe""#],
        no: [#"\n\t"#, "C: drive"])

    private static let hostname = Recogniser(
        "hostname", .address,
        bounded(
            #"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}"#
                + "(?:local|localdomain|internal|intranet|corp|lan|home\\.arpa)"),
        triggers: [#"[A-Za-z0-9]\.(?:local|internal|intranet|corp|lan|home\.arpa)"#],
        yes: ["db-1.prod.internal", "printer.local:631"], no: ["example.com", "a.localhost"])

    private static let username = Recogniser(
        "username", .process,
        #"(?i)(?:^|[^A-Za-z0-9])(?:user|username|login|uid)\s?[=:]\s?([A-Za-z_][A-Za-z0-9_.-]{1,31})(?:$|[^A-Za-z0-9])"#,
        yes: ["user=alice", "Username: bob.smith"], no: ["uid=1000", "user agent", "user_count=ab"])
}
