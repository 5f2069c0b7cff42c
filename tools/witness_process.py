# SPDX-License-Identifier: Apache-2.0
"""Runs real `evident witness` processes, and gateways before them that misbehave, for the checks
in tools/. Standard library only."""

import http.client
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

from evident_process import binary, free_port


class WitnessProcess:
    """One witness's folder, and at most one process on it."""

    def __init__(self, data, name, logs=(), port=None):
        self.data, self.name, self.logs = pathlib.Path(data), name, list(logs)
        self.port, self.process = port or free_port(), None
        self.output = open(os.environ.get("CHECK_LOG", os.devnull), "ab")

    def init(self):
        done = subprocess.run(
            [binary(), "witness", "init", "--data", str(self.data), "--name", self.name],
            capture_output=True, text=True, check=True, timeout=30)
        self.vkey = done.stdout.strip()
        return self

    def start(self, limit=60.0):
        """Starts the witness, and returns when it answers."""
        line = [binary(), "witness", "--data", str(self.data), "--listen",
                f"127.0.0.1:{self.port}"]
        for vkey in self.logs:
            line += ["--log", vkey]
        self.process = subprocess.Popen(line, stdout=self.output, stderr=self.output,
                                        env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        began = time.monotonic()
        while time.monotonic() - began < limit:
            if self.process.poll() is not None:
                raise RuntimeError(f"the witness exited with {self.process.returncode} at start")
            try:
                if self.request("GET", "/readyz", timeout=10)[0] == 200:
                    return self
            except (OSError, http.client.HTTPException):
                time.sleep(0.01)
        raise RuntimeError(f"the witness is not ready within {limit} s")

    def request(self, method, path, body=None, timeout=30):
        """(status, content type, body) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type"), answer.read()
        finally:
            connection.close()

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


class Gateway:
    """Stands before a witness, and passes requests on or does something worse with them.

    `conduct` is a function of (request bytes, the honest witness's port) that gives the bytes of
    the whole answer; None closes the connection.
    """

    def __init__(self, witness):
        self.witness, self.conduct, self.requests = witness, passed_on, 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                request = read_request(connection)
                self.requests += 1
                self.conduct(connection, request, self.witness.port)
            except OSError:
                pass

    def close(self):
        self.listener.close()


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            raise OSError("no request")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            raise OSError("a request cut short")
        body += part
    return head + b"\r\n\r\n" + body


def answer(status, body, kind="text/plain", more=""):
    return (f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
            f"{more}Connection: close\r\n\r\n").encode() + body


def passed_on(connection, request, port):
    """What an honest gateway does."""
    head, _, body = request.partition(b"\r\n\r\n")
    method, path, _ = head.split(b"\r\n")[0].decode().split(" ")
    inner = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    inner.request(method, path, body or None)
    said = inner.getresponse()
    connection.sendall(answer(said.status, said.read(), said.getheader("Content-Type", "x/y")))
    inner.close()


def slow(seconds):
    def conduct(connection, request, port):
        time.sleep(seconds)
        passed_on(connection, request, port)
    return conduct


def dripping(connection, request, port):
    """A head, and then a byte now and then, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.2)


def says(status, body=b"", kind="text/plain", more=""):
    def conduct(connection, request, port):
        connection.sendall(answer(status, body, kind, more))
    return conduct


def huge(connection, request, port):
    """An answer without an end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(1 << 14):
        connection.sendall(b"\xe2\x80\x94 x " + b"A" * 4096)


def hangs_up(connection, request, port):
    """Nothing."""


SIZE = "text/x.tlog.size"


def lies(old_line):
    """Everything that a witness may do wrong, by name; `old_line` cosigned another head."""
    foreign_line = old_line.replace(b".example", b".elsewhere")
    return {
        "size too large": says(409, b"18446744073709551615\n", SIZE),
        "size zero": says(409, b"0\n", SIZE),
        "size without a type": says(409, b"1\n"),
        "no size": says(409),
        "inconsistent": says(422),
        "too many requests": says(429),
        "empty success": says(200),
        "a line of a foreign key": says(200, foreign_line),
        "an old cosignature": says(200, old_line),
        "a redirect": says(307, b"", more="Location: http://127.0.0.1:1/add-checkpoint\r\n"),
        "no end": huge,
        "a drip": dripping,
        "a hang-up": hangs_up,
        "no HTTP": lambda connection, request, port: connection.sendall(b"\x16\x03\x01\n\n"),
    }
