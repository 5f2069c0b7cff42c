#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends malformed requests of every kind over raw sockets to a running server.

Each must get a clear 4xx (or a closed connection, where HTTP asks for it) in under a second; no
answer may hold the canary that the request carried; and the process must be alive and must
sequence a good record at the end.

    tools/fault/malformed.py --each 50
"""

import argparse
import base64
import json
import pathlib
import re
import socket
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, Producer, percentile, record  # noqa: E402

CANARY = "canary7391secret"


def post(token, body, *headers, path="/v1/audit", length=None):
    """One request as bytes; `length` overrides the true Content-Length, None in headers drops it."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if length != "":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    lines += headers or ["Content-Type: application/json"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def json_kinds():
    """(name, body): every text that the canonical JSON vectors refuse, as a record, with a canary."""
    cases = json.loads((ROOT / "Tests/Vectors/canonical-json.json").read_text("utf-8"))["refuse"]
    for case in cases:
        body = base64.b64decode(case["input_base64"])
        yield "JSON: " + case["why"], body
        if body.startswith(b"{") and len(body) > 2:
            marked = b'{"details":{"' + CANARY.encode() + b'":"' + CANARY.encode() + b'"},' + body[1:]
            yield "JSON with canary: " + case["why"], marked


def record_kinds():
    """(name, body): good JSON that is no record."""
    good = record(1, details={"note": CANARY})
    for name in ("type", "actor"):
        yield f"record without {name}", {k: v for k, v in good.items() if k != name}
    for name, value in (
            ("received", "2026-01-01T00:00:00Z"), ("redactions", []), (CANARY, 1), ("Type", "x"),
            ("tenant", "_log"), ("tenant", ""), ("id", CANARY), ("time", CANARY), ("v", "2"),
            ("actor", CANARY), ("actor", {}), ("type", ""), ("type", 7), ("actor", []),
            ("time", "2026-02-30T00:00:00Z"), ("id", "0197D5A0-0000-7000-8000-00000000000G")):
        yield f"record with a bad {name if name != CANARY else 'name'}", {**good, name: value}
    yield "record over the size limit", {**good, "details": {"a": CANARY + "x" * 70_000}}
    yield "record with 1,001 members", {**good, "details": {f"m{i}": 0 for i in range(1001)}}


def http_kinds(token):
    """(name, bytes of a whole request, whether a bare close is an answer)."""
    body = json.dumps(record(2, details={"note": CANARY})).encode()
    close = True
    yield "no token", post(None, body), False
    yield "a wrong token", post(CANARY, body), False
    yield "a token of another scheme", post(None, body, "Authorization: Basic " + CANARY), False
    yield "Content-Length and Transfer-Encoding", post(
        token, body, "Transfer-Encoding: chunked"), close
    yield "two different lengths", post(token, body, f"Content-Length: {len(body) + 1}"), close
    yield "a negative length", post(token, body, length=-5), close
    yield "a length that is no number", post(token, body, length=CANARY), close
    yield "a length of 30 digits", post(token, body, length="9" * 30), close
    yield "a length over the limit", post(token, b"", length=1 << 40), close
    yield "neither length nor encoding", post(token, b"", length=""), close
    yield "a folded header", post(token, body, "X-A: b\r\n " + CANARY), close
    yield "a bare LF in a header", post(token, body, "X-A: b\nX-B: " + CANARY), close
    yield "a NUL in a header", post(token, body, "X-A: \0" + CANARY), close
    yield "200 headers", post(token, body, *[f"X-{i}: {CANARY}" for i in range(200)]), close
    yield "a header of 20 KiB", post(token, body, "X-A: " + "a" * 20_480), close
    yield "a path of 20 KiB", post(token, body, path="/" + "a" * 20_480), close
    yield "gzip content", post(token, body, "Content-Encoding: gzip"), False
    yield "another media type", post(token, body, "Content-Type: text/html"), False
    yield "broken chunks", (post(token, b"", "Transfer-Encoding: chunked", length="")
                            + b"zz\r\n" + CANARY.encode()), close
    yield "a key of 1 KiB", post(token, body, "Idempotency-Key: " + "k" * 1024), False
    yield "two keys", post(token, body, "Idempotency-Key: a", "Idempotency-Key: b"), False
    yield "no HTTP at all", CANARY.encode() + b"\r\n\r\n", close
    yield "TLS to a plain port", bytes.fromhex("16030100") + b"\xff" * 200, close
    yield "HTTP/2 without leave", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", close
    yield "an unknown method", b"BREW /v1/audit HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", \
        False
    for path in ("/tile/0/00", "/tile/64/000", "/tile/0/000.p/0", "/tile/0/000.p/256",
                 "/tile/entries/-01", "/tile/0/x000", "/tile/0/../../etc/passwd", "/tile/0/%30%30%30",
                 "/v1/proof/inclusion", "/v1/proof/inclusion?index=-1", f"/v1/proof/{CANARY}",
                 f"/v1/proof/inclusion?index={CANARY}", "/v1/proof/inclusion?index=99999999999999999",
                 f"/v1/proof/inclusion?hash={CANARY}", "/v1/proof/consistency?from=9&to=1",
                 "/v1/audit/99999999999999999999", f"/v1/audit/{CANARY}", "/v1/audit/1/receipt",
                 f"/{CANARY}"):
        line = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        name = f"GET {path.replace(CANARY, '...')}"
        yield name, line.encode(), False


def send(port, data, limit):
    """(seconds, answer): sends and reads until the server closes or the limit is well past."""
    began = time.monotonic()
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2 + limit) as peer:
            try:
                peer.sendall(data)
                while True:
                    piece = peer.recv(65_536)
                    if not piece:
                        break
                    answer += piece
                    if complete(answer):
                        break
            except ConnectionError:
                pass
    except socket.timeout:
        return 2 + limit, answer
    return time.monotonic() - began, answer


def complete(answer):
    head, separator, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return bool(separator and length and len(body) >= int(length.group(1)))


class Tally:
    def __init__(self, limit):
        self.limit = limit
        self.times, self.problems, self.statuses = [], [], {}

    def judge(self, name, seconds, answer, may_close):
        self.times.append(seconds)
        match = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
        status = int(match.group(1)) if match else None
        self.statuses.setdefault(status, set()).add(name)
        if seconds >= self.limit:
            self.problems.append(f"{name}: {seconds:.2f} s")
        if status is None and not (may_close and not answer):
            self.problems.append(f"{name}: no answer")
        elif status == 200 and name == "JSON: not an object":
            self.judge_batch(name, answer)
            return
        elif status is not None and not 400 <= status < 500:
            self.problems.append(f"{name}: answered {status}")
        if CANARY.encode() in answer:
            self.problems.append(f"{name}: the answer holds the request's content")
        if status is not None and not may_close and name.startswith(("JSON", "record")):
            self.judge_problem(name, answer)

    def judge_batch(self, name, answer):
        """An array is a batch: the answer is 200, and each item has its own refusal."""
        results = json.loads(answer.partition(b"\r\n\r\n")[2])["results"]
        if not results or any(not 400 <= item["status"] < 500 for item in results):
            self.problems.append(f"{name}: an item that is no object was not refused")

    def judge_problem(self, name, answer):
        """An error is application/problem+json with a stable code (RFC 9457)."""
        head, _, body = answer.partition(b"\r\n\r\n")
        try:
            code = json.loads(body).get("code")
        except ValueError:
            code = None
        if b"application/problem+json" not in head.lower() or not isinstance(code, str):
            self.problems.append(f"{name}: no problem+json with a code")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=50, help="how often each kind is sent")
    parser.add_argument("--limit", type=float, default=1.0,
                        help="the seconds within which each is to be answered")
    options = parser.parse_args()
    tally, kinds = Tally(options.limit), 0
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
        with LogProcess(pathlib.Path(name) / "data") as log:
            log.init()
            token = log.token()
            log.start()
            before = log.head()
            requests = [(n, post(token, b), False) for n, b in json_kinds()]
            requests += [(n, post(token, json.dumps(b).encode()), False) for n, b in record_kinds()]
            requests += list(http_kinds(token))
            for kind, data, may_close in requests:
                kinds += 1
                for _ in range(options.each):
                    tally.judge(kind, *send(log.port, data, options.limit), may_close)
                if log.process.poll() is not None:
                    tally.problems.append(f"{kind}: THE SERVER DIED")
                    break
            alive = log.process.poll() is None
            if alive and log.head() != before:
                tally.problems.append("a malformed request was sequenced")
            if alive and Producer(log, token).post(json.dumps(record(3)))[0] != 201:
                tally.problems.append("a good record is no longer accepted")
    for problem in sorted(set(tally.problems)):
        print(f"  PROBLEM: {problem} (x{tally.problems.count(problem)})")
    for status, names in sorted(tally.statuses.items(), key=lambda item: item[0] or 0):
        print(f"{status or 'closed'}: {len(names)} kinds")
    print(f"\n{kinds} kinds, {len(tally.times)} requests, {len(tally.problems)} problems; answered "
          f"in {1000 * percentile(tally.times, 0.5):.1f} ms median, "
          f"{1000 * max(tally.times):.1f} ms at worst; alive: {alive}")
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
