#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts a canary of its own into everything that a client can send, and looks for them everywhere.

A canary has the shape of a secret that redaction must take out (an AWS key id), and no two are
alike. One goes into every field of a record that may hold text, names of members included, into
every header, into path and query, and into bodies that are broken in every way; tokens are sent
where none belongs. Then the data folder, the server's log at level trace, every answer, the admin
socket's, what the commands print, and what a crash leaves are searched for them: as they are, in
hexadecimal, and in base64 at each of its three offsets. The database is also read row by row.

That the search finds what is there is shown in each run by a value which nothing takes out.
`--without-redaction` runs the same on a log that takes nothing out, and must fail.
"""

import argparse
import gzip
import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from canaries import CONTROL, Canaries, Sinks, full_record, refused_records  # noqa: E402
from evident_process import LogProcess, seeded  # noqa: E402


class Check:
    def __init__(self, folder, generator, redaction):
        self.folder, self.canaries, self.sinks = folder, Canaries(generator), Sinks()
        self.log = LogProcess(folder / "data").init()
        self.redaction = redaction
        self.settings = f"redaction: {redaction}\nlog:\n  level: trace\n"
        (folder / "data" / "evident.yaml").write_text(self.settings)
        self.tokens = {role: self.canaries.add(self.log.token(role, "acme"), f"the {role}'s token")
                       for role in ("producer", "reader", "auditor", "operator")}
        for role, token in self.tokens.items():
            self.canaries.add(token.split("_", 2)[2], f"the secret of the {role}'s token")
        self.output = folder / "output"
        self.log.output = open(self.output, "ab")

    def bearer(self, role):
        return {"Authorization": "Bearer " + self.tokens[role]}

    def ask(self, place, method, path, body=None, headers=None, timeout=20):
        """Sends a request; what comes back, head included, is searched later."""
        connection = http.client.HTTPConnection("127.0.0.1", self.log.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            data = answer.read()
            self.sinks.add(f"answer to {place}", f"{answer.status} {answer.headers}".encode() + data)
            return answer.status, data
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            connection.close()

    def raw(self, place, data, later=b""):
        """Sends bytes, half a request say, some more of them a moment later, and goes away."""
        with socket.create_connection(("127.0.0.1", self.log.port), timeout=30) as peer:
            answer = b""
            try:
                peer.sendall(data)
                if later:
                    time.sleep(0.05)
                    peer.sendall(later)
                peer.shutdown(socket.SHUT_WR)
                while part := peer.recv(65_536):
                    answer += part
            except OSError:
                pass
        self.sinks.add(f"answer to {place}", answer)

    # What clients send

    def records(self):
        kind = {"Content-Type": "application/json", **self.bearer("producer")}
        text = json.dumps(full_record(self.canaries))
        status, answer = self.ask("a full record", "POST", "/v1/audit?opening=1", text, kind)
        assert status == 201, f"the full record was answered {status}: {answer[:400]}"
        text = "\n".join(json.dumps(full_record(self.canaries)) for _ in range(20))
        status, answer = self.ask("a batch", "POST", "/v1/audit", text, {
            **kind, "Content-Type": "application/x-ndjson"})
        assert status == 200 and answer.count(b'"status":201') == 20, answer[:400]
        for number, body in enumerate(refused_records(self.canaries)):
            status, _ = self.ask(f"refused body {number}", "POST", "/v1/audit", body, kind)
            assert status in (201, 400, 413), f"refused body {number} was answered {status}"
            self.ask(f"refused line {number}", "POST", "/v1/audit", body, {
                **kind, "Content-Type": "application/x-ndjson"})
            self.ask("a preview of it", "POST", "/v1/redaction/preview", body, {
                **kind, **self.bearer("auditor")})
        status, _ = self.ask("a preview", "POST", "/v1/redaction/preview",
                             json.dumps(full_record(self.canaries)),
                             {**kind, **self.bearer("auditor")})
        assert status == 200, status

    def heads(self):
        new, good = self.canaries.new, json.dumps({
            "type": "x.a.b", "actor": {"id": "svc", "type": "service"}, "details": CONTROL})
        base = {"Content-Type": "application/json", **self.bearer("producer")}
        names = ["User-Agent", "Cookie", "Referer", "Accept", "Accept-Encoding", "Accept-Language",
                 "Origin", "X-Forwarded-For", "X-Request-Id", "Traceparent", "Tracestate", "Via",
                 "If-None-Match", "Content-Language", "Content-Encoding", "Content-Type", "Expect",
                 "Idempotency-Key", "Last-Event-ID", "Range", "Proxy-Authorization", "X-Own",
                 "Transfer-Encoding", "Content-Length", "Connection", "Upgrade", "Host"]
        for name in names:
            self.ask(f"a header {name}", "POST", "/v1/audit", good, {
                **base, name: new(f"header {name}")}, timeout=5)
            self.ask(f"a reader's header {name}", "GET", "/v1/audit", headers={
                **self.bearer("reader"), name: new(f"reader's header {name}")}, timeout=5)
        self.ask("a header's name", "POST", "/v1/audit", good, {**base, new("a header's name"): "x"})
        for form in ("Bearer {}", "Basic {}", "{}", "bearer {}", "Bearer evt_{}", "Bearer a {}"):
            self.ask("a bad token", "POST", "/v1/audit", good, {
                **base, "Authorization": form.format(new(f"token as {form}"))})
        token = self.tokens["producer"]
        changed = self.canaries.add(token[:-1] + ("A" if token[-1] != "A" else "B"), "a wrong token")
        self.ask("a wrong token", "POST", "/v1/audit", good, {**base, "Authorization":
                                                              "Bearer " + changed})
        for name in ("Cookie", "X-Api-Key", "Proxy-Authorization", "Idempotency-Key"):
            self.ask(f"a token in {name}", "POST", "/v1/audit", good, {**base, name: token})

    def events(self):
        """CloudEvents in each mode, with a canary in one attribute, its name, or the data."""
        new, kind = self.canaries.new, "application/cloudevents+json"
        plain = {"specversion": "1.0", "source": "urn:example:a", "type": "a.b"}
        names = """specversion id source type subject time dataschema datacontenttype recordedtime
            authid authtype traceparent correlationid dataclassification sequence severitynumber
            evidenttenant evidenterased extension""".split()
        for number, name in enumerate([*names, "data", None]):
            for mode in ("structured", "batched", "binary"):
                place = f"{name or 'a name'} of an event, {mode}"
                event = {**plain, "id": f"{number} {mode}", name or new(place): new(place)}
                if mode != "binary":
                    body, headers = json.dumps(event), {"Content-Type": kind}
                else:
                    body = json.dumps({"note": event.pop("data", CONTROL)})
                    headers = {f"ce-{key}": value.replace(" ", "%20")
                               for key, value in event.items() if key != "datacontenttype"}
                    headers["Content-Type"] = event.get("datacontenttype", "application/json")
                if mode == "batched":
                    body, headers = f"[{body}]", {"Content-Type": kind.replace("+", "-batch+")}
                status, answer = self.ask(place, "POST", "/v1/audit?opening=1", body,
                                          {**headers, **self.bearer("producer")})
                assert status in (200, 201, 400, 403), f"{place} answered {status}: {answer[:400]}"

    def paths(self):
        new, token = self.canaries.new, self.tokens["auditor"]
        filters = ["type", "actor", "tool", "target", "trace_id", "session_id", "source_ip", "agent",
                   "since", "limit", "cursor", "tenant", "include", "order", "wait", "access_token"]
        for name in filters:
            for role, path in (("auditor", "/v1/audit"), ("reader", "/v1/audit/stats"),
                               ("auditor", "/v1/audit/gaps"), ("producer", "/v1/audit")):
                self.ask(f"the filter {name}", "GET", f"{path}?{name}={new('filter ' + name)}",
                         headers=self.bearer(role))
        for path in ("/{}", "/v1/audit/{}", "/v1/audit/{}/receipt", "/v1/schemas/{}", "/tile/0/{}",
                     "/v1/proof/{}", "/?{}=1", "/v1/log?{}", "/v1/proof/inclusion?hash={}",
                     "/v1/proof/inclusion?index={}", "/..%2f{}", "/v1/audit?{}=x", "/%00{}"):
            self.ask("a path", "GET", path.format(new(f"path {path}")),
                     headers=self.bearer("auditor"))
            self.ask("a token in a path", "GET", path.format(token))
        body = json.dumps({"checkpoint": new("a checkpoint"), new("a member"): 1})
        for method in ("PUT", "DELETE", "PATCH", "BREW" + new("a method")):
            self.ask(f"method {method[:4]}", method, "/v1/audit", body, self.bearer("auditor"))
        self.ask("a verification", "POST", "/v1/audit/verify", body, self.bearer("auditor"))
        self.ask("a verification", "POST", "/v1/audit/verify",
                 json.dumps({"checkpoint": new("a checkpoint")}), self.bearer("auditor"))

    def wire(self):
        new, token = self.canaries.new, self.tokens["producer"]
        head = f"POST /v1/audit HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n" \
            "Content-Type: application/json\r\n"
        good = '{"type":"x.a.b","actor":{"id":"svc","type":"service"},"details":"%s"}'
        for place, text in (
                ("half a body", head + "Content-Length: 4000\r\n\r\n" + good % new("half a body")),
                ("half a head", head + f"X-A: {new('half a head')}"),
                ("a request line", f"{new('request line')} / HTTP/1.1\r\n\r\n"),
                ("no HTTP", new("no HTTP") + "\r\n\r\n"),
                ("a version", f"GET / HTTP/{new('version')}\r\nHost: a\r\n\r\n"),
                ("a bad chunk", head + "Transfer-Encoding: chunked\r\n\r\n" + new("bad chunk")),
                ("half a chunk", head + "Transfer-Encoding: chunked\r\n\r\nff\r\n"
                 + good % new("half a chunk")),
                ("a trailer", head + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: "
                 + new("trailer") + "\r\n\r\n"),
                ("a bad length", head + f"Content-Length: {new('length')}\r\n\r\n"),
                ("a bare LF", head + f"X-A: {new('bare LF')}\nX-B: 1\r\n\r\n")):
            self.raw(place, text.encode())
        for number in range(5):
            self.raw("bytes after a refusal", b"BREW\x01 / HTTP/1.1\r\n\r\n",
                     new("bytes after a refusal").encode() * (number + 1))
        body = gzip.compress((good % new("gzip")).encode())
        for place, data in (("gzip", body), ("bad gzip", body[:20] + new("bad gzip").encode())):
            self.raw(place, head.encode() + b"Content-Encoding: gzip\r\nConnection: close\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(data) + data)

    def reloads(self):
        """Policies and settings that are refused, with canaries where a message might quote."""
        policy, settings = self.folder / "policy.yaml", self.folder / "data" / "evident.yaml"
        new = self.canaries.new
        rule = "id: own\nrules:\n  - id: r\n    pattern: 'X[0-9]+'\n    positive: [%s]\n" \
            "    negative: [%s]\n"
        for text in (rule % (f"'{new('positive sample')}'", "'none'"),
                     rule % ("'X1'", f"'X1 {new('negative sample')}'"),
                     rule % ("'X1'", "none") + f"# {new('a comment')}\ncolour: 1\n"):
            policy.write_text(text)
            settings.write_text(self.settings.replace(self.redaction, str(policy), 1))
            os.kill(self.log.process.pid, signal.SIGHUP)
            done = self.log.command("reload", "--data", self.log.data, check=False)
            assert done.returncode == 3, f"a bad policy was taken: {done.stdout}{done.stderr}"
            self.sinks.add("evident reload", done.stdout + done.stderr)
        settings.write_text(self.settings)
        policy.unlink()

    # What comes out

    def read_everything(self):
        for accept in ("application/json", "application/x-ndjson", "text/csv"):
            for role in ("reader", "auditor"):
                status, _ = self.ask(f"a query for {accept}", "GET", "/v1/audit?limit=1000", headers={
                    **self.bearer(role), "Accept": accept})
                assert status == 200, f"{accept} for {role}: {status}"
        size = self.log.head()[0]
        for index in range(size):
            self.ask("a record", "GET", f"/v1/audit/{index}", headers=self.bearer("auditor"))
        for path in ("/v1/audit/1/receipt", "/v1/audit/1/proof", "/v1/audit/stats", "/v1/audit/gaps",
                     "/v1/log", "/checkpoint", "/readyz", "/metrics", "/openapi.yaml", "/v1/schemas",
                     "/ct/v1/get-sth", f"/ct/v1/get-entries?start=0&end={size - 1}", "/",
                     f"/tile/entries/000.p/{size % 256}", f"/tile/0/000.p/{size % 256}"):
            self.ask(path, "GET", path, headers=self.bearer("auditor"))
        for method, path in (("GET", "/v1/admin/tokens"), ("GET", "/v1/admin/health"),
                             ("POST", "/v1/admin/reload")):
            self.admin(method, path)

    def admin(self, method, path):
        connection = http.client.HTTPConnection("localhost", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        # A socket's path has 107 bytes at most, and the folder's may be longer.
        here = os.getcwd()
        os.chdir(self.log.data)
        try:
            connection.sock.connect("admin.sock")
        finally:
            os.chdir(here)
        connection.request(method, path)
        answer = connection.getresponse()
        self.sinks.add(f"admin {path}", answer.read())
        connection.close()

    def commands(self):
        events, bad = self.folder / "events.ndjson", self.folder / "bad.ndjson"
        events.write_text("".join(json.dumps(full_record(self.canaries)) + "\n" for _ in range(5)))
        lines = [b if isinstance(b, bytes) else b.encode() for b in refused_records(self.canaries)]
        bad.write_bytes(b"\n".join(line.replace(b"\n", b" ") for line in lines))
        token = self.folder / "token"
        url = ["--url", self.log.url, "--token-file", token]
        for role, *line in (("producer", "submit", events, *url), ("producer", "submit", bad, *url),
                            ("auditor", "query", "--all", *url), ("auditor", "redact", events),
                            ("auditor", "query", "--all", "--ndjson", *url)):
            token.write_text(self.tokens[role])
            done = self.log.command(*(line if line[0] != "redact" else ["redact", line[1]]),
                                    check=False)
            self.sinks.add(f"evident {line[0]}", done.stdout + done.stderr)
        for name in ("events.ndjson.evident-state", "bad.ndjson.evident-state"):
            if (self.folder / name).exists():
                self.sinks.add(name, (self.folder / name).read_bytes())
        done = self.log.command("verify", "chain", "--url", self.log.url, "--token-file", token,
                                check=False)
        self.sinks.add("evident verify chain", done.stdout + done.stderr)

    def crash(self):
        """A crash with canaries in memory, in a folder of its own: no core, nothing on the way."""
        kind = {"Content-Type": "application/json", **self.bearer("producer")}
        for _ in range(20):
            self.ask("a record before the crash", "POST", "/v1/audit",
                     json.dumps(full_record(self.canaries)), kind)
        self.log.process.send_signal(signal.SIGSEGV)
        assert self.log.process.wait(20) != 0
        left = [p.name for p in pathlib.Path.cwd().iterdir() if p.name.startswith("core")]
        assert not left, f"the crash left {left}"

    def run(self):
        self.log.start()
        self.records()
        self.heads()
        self.events()
        self.paths()
        self.wire()
        self.reloads()
        self.commands()
        self.read_everything()
        self.sinks.add_folder(self.log.data)
        self.crash()
        self.log.output.flush()
        self.sinks.add("the server's output", self.output.read_bytes())
        self.sinks.add_folder(self.log.data)
        self.sinks.add_database(self.log.data / "store" / "log.sqlite")
        return self.sinks.search(self.canaries)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--without-redaction", action="store_true", help="shows that it can fail")
    parser.add_argument("--seed", type=int, help="replays a run")
    options = parser.parse_args()
    generator = seeded(options)
    with tempfile.TemporaryDirectory(prefix="evident-canary-") as name:
        folder = pathlib.Path(name)
        (folder / "cwd").mkdir()
        os.chdir(folder / "cwd")
        began = time.monotonic()
        check = Check(folder, generator, "none" if options.without_redaction else "standard")
        control, found = check.run()
        os.chdir("/")
        places = {place for place, _ in check.sinks.parts}
        for wanted in ("file store/log.sqlite", "answer to a record", "evident query"):
            assert any(p.startswith(wanted) for p in control), f"the search is blind to {wanted}"
        output = next(d for p, d in check.sinks.parts if p == "the server's output")
        assert b" trace " in output or b" debug " in output, "nothing was logged at level trace"
    for place, what in found[:50]:
        print(f"FOUND in {place}: the canary of {what}")
    if found:
        sys.exit(f"{len(found)} findings")
    print(f"{len(check.canaries)} canaries and tokens, {len(check.sinks.parts)} pieces of "
          f"{len(places)} sinks searched: none found, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
