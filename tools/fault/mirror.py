#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mirrors of a log under faults: written by the server, followed by `evident mirror`, served by nginx.

- nginx (Debian's nginx-light) serves the folder that `serve --mirror` writes; `evident verify log`
  and tools/verify_evident.py read it as they read a log.
- `evident mirror` is killed at its every fsync, rename and open (strace injects SIGKILL at the
  n-th call); what lies there then must be a whole older tree, and the next run must complete it.
- the server is killed while it writes; the tree must verify, and be complete after the next start.
- the mirror's volume fills up: the log goes on, /readyz says so, and the mirror catches up.
- a forked upstream, an altered entry and a folder set back are refused.

Needs strace and nginx; the full volume needs root (a tmpfs), and is left out without.
"""

import argparse
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from evident_process import (LogProcess, Producer, binary, copy_folder, free_port,  # noqa: E402
                             record, seeded)
from small_volume import small_memory  # noqa: E402

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port};
        root {tree};
        location ~ /\\. {{ deny all; }}
        location = /checkpoint {{
            default_type "text/plain; charset=utf-8";
            add_header Cache-Control no-store always;
            add_header Access-Control-Allow-Origin * always;
        }}
        location /tile/ {{
            default_type application/octet-stream;
            add_header Cache-Control "public, max-age=31536000, immutable";
            add_header Access-Control-Allow-Origin * always;
        }}
    }}
}}
"""


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, []

    def expect(self, what, good, detail=""):
        self.passed += bool(good)
        if not good:
            self.failed.append(what)
            print(f"  NOT SO: {what} {detail}", flush=True)

    def run(self, what, *line, want=0):
        done = subprocess.run([str(part) for part in line], capture_output=True, text=True,
                              check=False, timeout=300)
        self.expect(what, done.returncode == want,
                    f"exit {done.returncode}, wanted {want}: {(done.stderr or done.stdout)[-400:]}")
        return done


def submit(log, token, count, first=0):
    """One batch of records; returns the size of the tree after it."""
    producer = Producer(log, token)
    body = "\n".join(json.dumps(record(first + n)) for n in range(count)).encode()
    status, answer = producer.post(body, kind="application/x-ndjson")
    producer.close()
    if status != 200:
        raise RuntimeError(f"batch answered {status}: {answer[:300]}")


def wait_for(what, condition, limit=120):
    until = time.monotonic() + limit
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.05)
    return False


def tree_size(folder):
    path = pathlib.Path(folder) / "checkpoint"
    return int(path.read_text().split("\n")[1]) if path.exists() else 0


def readiness(log):
    return json.loads(log.request("GET", "/readyz")[1])


def check_nginx(checks, log, token, work):
    """The folder that a server writes, served by a web server that knows nothing of logs."""
    tree, port = work / "served", free_port()
    log.arguments = ["--mirror", str(tree)]
    log.start()
    vkey, sizes = log.vkey(), []
    for count in [1, 3, 255, 40, 700, 1]:
        submit(log, token, count)
        sizes.append(log.head()[0])
        wait_for("the mirror", lambda: tree_size(tree) == sizes[-1])
    checks.expect("the mirror follows the log", tree_size(tree) == sizes[-1],
                  f"{tree_size(tree)} of {sizes[-1]}")
    checks.expect("/readyz shows the mirror", wait_for("", lambda: readiness(log).get("mirror")
                                                       == {"size": sizes[-1], "failing": False}))
    folder = work / "nginx"
    folder.mkdir()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, tree=tree))
    for path in [work, tree]:
        path.chmod(0o755)
    server = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c",
                               str(folder / "nginx.conf"), "-p", str(folder)],
                              stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def get(path):
        try:
            with urllib.request.urlopen(url + path, timeout=5) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), b""

    try:
        wait_for("nginx", lambda: port_answers(port))
        status, headers, note = get("/checkpoint")
        checks.expect("checkpoint as text", status == 200 and headers["Content-Type"]
                      == "text/plain; charset=utf-8", str(headers))
        status, headers, tile = get("/tile/0/000")
        checks.expect("a full tile", status == 200 and len(tile) == 8192 and "immutable"
                      in headers["Cache-Control"] and headers["Content-Type"]
                      == "application/octet-stream" and headers["Access-Control-Allow-Origin"]
                      == "*", str(headers))
        last = sizes[-1]
        # What the newest checkpoint needs is there; a partial tile went with its full one.
        checks.expect("the open bundle", get(f"/tile/entries/{last // 256:03}.p/{last % 256}")[0]
                      == 200)
        checks.expect("no partial of a full tile", not (tree / "tile/0/000.p").exists())
        checks.expect("404 beyond the tree", get(f"/tile/0/{last // 256 + 1:03}")[0] == 404)
        checks.expect("nothing of the writer's own", get("/.evident/lock")[0] in (403, 404))
        checks.run("verify log over nginx", binary(), "verify", "log", url, "--vkey", vkey)
        checks.run("the independent verifier over nginx", sys.executable,
                   ROOT / "tools/verify_evident.py", "log", url, "--vkey", vkey)
        checks.run("mirror from nginx", binary(), "mirror", url, "--vkey", vkey, "--to",
                   work / "second", "--once")
        checks.run("verify the second mirror", binary(), "verify", "log", work / "second", "--vkey",
                   vkey)
        checks.expect("the same bytes", same_tree(tree, work / "second"))
    finally:
        server.terminate()
        server.wait()
    log.stop()
    return vkey


def port_answers(port):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/checkpoint", timeout=1).read()
        return True
    except OSError:
        return False


def same_tree(one, other):
    """Whether two folders hold the same full tiles and the same head."""
    def tiles(folder):
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*")
                if p.is_file() and ".p" not in str(p) and ".evident" not in str(p)
                and p.name != "checkpoint"}
    heads = [(f / "checkpoint").read_text().split("\n\n")[0] for f in (one, other)]
    return tiles(one) == tiles(other) and heads[0] == heads[1]


def check_kills(checks, log, vkey, work, step):
    """`evident mirror` killed at its n-th call, for every n until it comes to its end."""
    target, killed = work / "killed", 0
    for call in ["fsync", "rename", "mkdir", "unlink", "write", "openat"]:
        number = 1
        while True:
            line = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}", "-e",
                    f"inject={call}:signal=KILL:when={number}", binary(), "mirror", log.url,
                    "--vkey", vkey, "--to", str(target), "--once"]
            done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
            if done.returncode == 0:
                break
            killed += 1
            if (target / "checkpoint").exists():
                checks.run(f"a whole tree after a kill at {call} {number}", binary(), "verify",
                           "log", target, "--vkey", vkey)
            # Half of them go on from what is there, the others from nothing.
            if number % 2:
                shutil.rmtree(target, ignore_errors=True)
            number += step
            if number > 2000:
                checks.expect(f"{call}: it comes to an end", False)
                break
        checks.run("complete after kills", binary(), "mirror", log.url, "--vkey", vkey, "--to",
                   target, "--once")
        checks.run("verified after kills", binary(), "verify", "log", target, "--vkey", vkey)
        shutil.rmtree(target)
    checks.expect("it was killed at all", killed > 4, f"{killed} kills")
    print(f"  evident mirror was killed {killed} times", flush=True)


def check_server_kills(checks, log, token, vkey, work, rounds, random):
    """The server killed while records come and the mirror is written."""
    tree = work / "killed-server"
    log.arguments = ["--mirror", str(tree)]
    for _ in range(rounds):
        log.start()
        for _ in range(random.randrange(1, 6)):
            submit(log, token, random.randrange(1, 300), random.randrange(1 << 30))
            time.sleep(random.random() * 0.4)
        log.kill()
        if (tree / "checkpoint").exists():
            checks.run("a whole tree after the server was killed", binary(), "verify", "log", tree,
                       "--vkey", vkey)
    log.start()
    size = log.head()[0]
    checks.expect("complete after the next start", wait_for("", lambda: tree_size(tree) == size))
    log.stop()
    checks.run("verified then", binary(), "verify", "log", tree, "--vkey", vkey)


def check_full_volume(checks, log, token, vkey, work):
    """The mirror's volume is full: the log goes on, says so, and catches up."""
    with small_memory(log, work, 256) as memory:
        if memory is None:
            return
        volume = memory.path
        log.arguments = ["--mirror", str(volume / "tree")]
        log.start()
        submit(log, token, 600)
        failing = wait_for("", lambda: readiness(log)["mirror"]["failing"])
        checks.expect("/readyz says that the mirror fails", failing)
        checks.expect("the log is ready all the same", readiness(log)["ready"])
        submit(log, token, 5)
        if (volume / "tree/checkpoint").exists():
            checks.run("an older tree stands", binary(), "verify", "log", volume / "tree",
                       "--vkey", vkey)
        memory.grow()
        size = log.head()[0]
        checks.expect("it catches up", wait_for(
            "", lambda: tree_size(volume / "tree") == size and not readiness(log)["mirror"]["failing"],
            limit=90))
        log.stop()
        checks.run("verified then", binary(), "verify", "log", volume / "tree", "--vkey", vkey)


class Altering(http.server.BaseHTTPRequestHandler):
    """Passes requests on, and changes a byte of one entry bundle."""
    upstream, spoil = "", ""

    def do_GET(self):
        try:
            with urllib.request.urlopen(self.upstream + self.path, timeout=10) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, b""
        if self.path.startswith(self.spoil):
            body = body[:50] + bytes([body[50] ^ 1]) + body[51:]
        try:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except BrokenPipeError:
            pass  # The client has seen enough.

    def log_message(self, *_):
        pass


def check_lies(checks, log, token, vkey, work):
    """A forked upstream, an altered entry, an altered tile, and a log that was set back."""
    log.arguments = []
    honest, copy = work / "honest", LogProcess(work / "copy")
    copy_folder(log.data, copy.data)
    log.start()
    submit(log, token, 10, 1 << 20)
    checks.run("the honest log is mirrored", binary(), "mirror", log.url, "--vkey", vkey, "--to",
               honest, "--once")
    before = (honest / "checkpoint").read_bytes()

    handler = type("Spoiler", (Altering,), {"upstream": log.url, "spoil": "/tile/entries/000"})
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{proxy.server_address[1]}"
    done = checks.run("an altered entry is refused", binary(), "mirror", address, "--vkey", vkey,
                      "--to", work / "spoilt", "--once", want=1)
    checks.expect("it is named", "index" in done.stderr, done.stderr)
    checks.expect("nothing of it is kept",
                  not (work / "spoilt/tile/entries/000").exists()
                  and not (work / "spoilt/checkpoint").exists())
    handler.spoil = "/tile/0/"
    checks.run("an altered tile is refused", binary(), "mirror", address, "--vkey", vkey,
               "--to", work / "spoilt", "--once", want=1)
    proxy.shutdown()
    log.stop()

    # The same keys on a copy of the store from before, with other records.
    copy.start()
    submit(copy, token, 3, 1 << 21)
    done = checks.run("a shorter fork is refused", binary(), "mirror", copy.url, "--vkey", vkey,
                      "--to", honest, "--once", want=6)
    submit(copy, token, 30, 1 << 22)
    done = checks.run("a longer fork is refused", binary(), "mirror", copy.url, "--vkey", vkey,
                      "--to", honest, "--once", want=6)
    checks.expect("it says fork", "FORK" in done.stderr, done.stderr)
    evidence = sorted((honest / ".evident").glob("fork-*.json"))
    checks.expect("evidence of both is kept", len(evidence) == 2)
    for file in evidence:
        checks.run("the evidence proves it", binary(), "verify", "fork", file, "--vkey", vkey)
    checks.expect("the copy stays", (honest / "checkpoint").read_bytes() == before)
    checks.run("the copy verifies", binary(), "verify", "log", honest, "--vkey", vkey)
    copy.stop()
    # A server whose mirror knows more than it does was set back, though its anchor agrees.
    ahead = work / "ahead"
    shutil.copytree(honest, ahead)
    older = LogProcess(work / "older", arguments=["--mirror", str(ahead)])
    copy_folder(log.data, older.data)
    log.start()
    submit(log, token, 4, 1 << 23)
    checks.run("the mirror runs ahead", binary(), "mirror", log.url, "--vkey", vkey, "--to", ahead,
               "--once")
    log.stop()
    done = checks.run("the older store does not start beside it", binary(), "serve", "--data",
                      older.data, "--listen", f"127.0.0.1:{older.port}", "--mirror", ahead, want=5)
    checks.expect("it says rollback", "older copy" in done.stderr, done.stderr)

    tile = next((honest / "tile/entries").glob("000"))
    altered = bytearray(tile.read_bytes())
    altered[60] ^= 1
    tile.write_bytes(altered)
    checks.run("an altered file of the mirror is found", binary(), "verify", "log", honest, "--vkey",
               vkey, want=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10, help="kills of the server [10]")
    parser.add_argument("--step", type=int, default=1,
                        help="kill `evident mirror` at every n-th call only [1]")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    random, checks = seeded(options), Checks()
    with tempfile.TemporaryDirectory(prefix="mirror-") as name:
        work = pathlib.Path(name)
        with LogProcess(work / "data").init() as log:
            token = log.token()
            vkey = check_nginx(checks, log, token, work)
            log.arguments = []
            log.start()
            check_kills(checks, log, vkey, work, options.step)
            log.stop()
            check_server_kills(checks, log, token, vkey, work, options.rounds, random)
            check_full_volume(checks, log, token, vkey, work)
            check_lies(checks, log, token, vkey, work)
    print(f"{checks.passed} of {checks.passed + len(checks.failed)} checks held")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
