# SPDX-License-Identifier: Apache-2.0
"""Runs the real `evident` binary for the checks in tools/: start, submit, kill, restart.

Standard library only. Nothing here knows how the server works inside: it speaks the command line
and HTTP, as any user would.
"""

import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
ORIGIN = "log.example.com/check"


def binary():
    """The release binary that tools/run and tools/test build; EVIDENT names another one."""
    path = pathlib.Path(os.environ.get("EVIDENT", ROOT / ".build" / "release" / "evident"))
    if not path.exists():
        sys.exit(f"{path.name} is not built; run tools/run or tools/test first, or set EVIDENT")
    return str(path.resolve())


def free_port():
    """A port below those that the system gives to clients: one of these could be taken by a
    connection while the server is down, and the restart would fail for no fault of its own."""
    while True:
        port = random.SystemRandom().randrange(10_240, 32_000)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def record(number, kind="tool.call", **more):
    """A record of an agent at work, like the ones that producers send."""
    names = ["alice@example.com", "bob@example.com", "release-bot"]
    return {
        "type": kind, "tenant": "acme",
        "actor": {"id": names[number % 3], "type": "human" if number % 3 < 2 else "service"},
        "agent": {"id": "agent-7", "name": "helper"},
        "tool": {"name": "search", "call_id": f"call-{number}"},
        "model": {"provider": "local", "name": "small"},
        "arguments": {"query": f"question {number}", "limit": number % 50, "ratio": 0.25},
        "outcome": "success", "duration_us": 1000 + number,
        "details": {"note": "r\u00e9sum\u00e9 \u20ac \U0001f600", "list": [1, None, True, "x"]},
        **more,
    }


class LogProcess:
    """One data folder, and at most one server process on it."""

    def __init__(self, data, port=None, arguments=()):
        self.data, self.port = pathlib.Path(data), port or free_port()
        self.arguments = list(arguments)
        self.process = None
        self.output = open(os.environ.get("CHECK_LOG", os.devnull), "ab")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self, *arguments, check=True):
        """Runs one subcommand to its end; returns the finished process, output as text."""
        done = subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True,
                              check=False, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"evident {arguments[0]} exited with {done.returncode}: "
                               f"{done.stderr.strip()[-500:]}")
        return done

    def init(self, origin=ORIGIN):
        self.command("init", "--data", self.data, "--origin", origin)
        return self

    def token(self, role="producer", tenant="*"):
        line = ["token", "create", "--data", self.data, "--role", role]
        line += ["--tenant", tenant] if role in ("producer", "reader") else []
        return self.command(*line).stdout.strip().split("\n")[-1].strip()

    def start(self, limit=60.0):
        """Starts the server; returns the seconds until it was ready, or raises after `limit`."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [binary(), "serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}",
             *self.arguments],
            stdout=self.output, stderr=self.output,
            env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        while time.monotonic() - began < limit:
            if self.process.poll() is not None:
                raise RuntimeError(f"serve exited with {self.process.returncode} at start")
            if self.is_ready():
                return time.monotonic() - began
            time.sleep(0.01)
        raise RuntimeError(f"not ready within {limit} s")

    def is_ready(self):
        try:
            return self.request("GET", "/readyz", timeout=10)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def kill(self):
        """Ends the server as a crash does: no handler runs."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, limit=120):
        """Ends the server as an operator does; returns its exit status."""
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"did not stop within {limit} s of SIGTERM") from None

    def request(self, method, path, body=None, headers=None, timeout=120):
        """(status, body) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def log_description(self):
        return json.loads(self.request("GET", "/v1/log")[1])

    def vkey(self):
        """The verifier key that /v1/log states."""
        found = list(strings_named("vkey", self.log_description()))
        if not found:
            raise RuntimeError("/v1/log states no vkey")
        return found[0]

    def head(self):
        """(size, root) of the published checkpoint, signatures not looked at."""
        status, body = self.request("GET", "/checkpoint")
        if status != 200:
            raise RuntimeError(f"/checkpoint answered {status}")
        _, size, root = body.decode().split("\n")[:3]
        return int(size), root

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.output.close()


def strings_named(name, value):
    """Every string member called `name`, anywhere in a JSON value."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(
            value if isinstance(value, list) else []):
        if key == name and isinstance(inner, str):
            yield inner
        yield from strings_named(name, inner)


class Producer:
    """A producer's kept-alive connection."""

    def __init__(self, log, token, timeout=120):
        self.log, self.token, self.timeout = log, token, timeout
        self.connection = None

    def post(self, body, key=None, kind="application/json", query=""):
        """(status, body); raises OSError or HTTPException when no answer came."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.log.port, timeout=self.timeout)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        if key:
            headers["Idempotency-Key"] = key
        try:
            self.connection.request("POST", "/v1/audit" + query, body, headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def copy_folder(source, target):
    """Copies a data folder of a server that is down; sockets stay behind."""
    shutil.copytree(source, target, ignore=lambda folder, names: [
        n for n in names if (pathlib.Path(folder) / n).is_socket()])


def seeded(options):
    """The random generator of a check; its seed is printed so that a failure can be replayed."""
    seed = options.seed if options.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed} (replay with --seed {seed})", flush=True)
    return random.Random(seed)


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
