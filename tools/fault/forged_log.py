# SPDX-License-Identifier: Apache-2.0
"""A log whose owner lies: written from spec/, with keys of its own, and any leaves and times.

Served over HTTP as spec/read-api.md says; also a proxy that alters what an honest log serves.
"""

import base64
import contextlib
import hashlib
import http.server
import pathlib
import sys
import threading
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import verify_evident as verify  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: E402


def b64(data):
    return base64.b64encode(data).decode()


class ForgedLog:
    """Tiles and a checkpoint over any leaves, signed at any time."""

    def __init__(self, origin="log.example.com/forged"):
        self.origin = origin
        self.key = ed25519.Ed25519PrivateKey.generate()
        self.head_key = ec.generate_private_key(ec.SECP256R1())
        public = self.key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.key_id = verify.sha256(origin.encode(), b"\n\x01", public)[:4]
        self.vkey = f"{origin}+{self.key_id.hex()}+{b64(bytes([1]) + public)}"
        self.spki = self.head_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.files = {}

    @staticmethod
    def leaves(times):
        return [verify.encode_leaf(time, verify.sha256(b"c", str(n).encode()),
                                   verify.sha256(b"m", str(n).encode()))
                for n, time in enumerate(times)]

    def publish(self, leaves, signed_ms):
        """Makes all that the log serves of these leaves; nothing older is kept."""
        self.files = {}
        for start in range(0, len(leaves), 256):
            part = leaves[start:start + 256]
            self.tile("entries", start // 256, len(part),
                      b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in part))
        nodes, level = [verify.leaf_hash(leaf) for leaf in leaves], 0
        levels = verify.complete_levels(nodes) if nodes else [[]]
        while nodes:
            for start in range(0, len(nodes), 256):
                part = nodes[start:start + 256]
                self.tile(str(level), start // 256, len(part), b"".join(part))
            level += 1
            nodes = levels[8 * level] if 8 * level < len(levels) else []
        self.files["/checkpoint"] = self.note(
            len(leaves), verify.tree_root(levels, len(leaves)), signed_ms).encode()
        return self

    def tile(self, level, index, width, data):
        name = f"/tile/{level}/{self.path(index)}"
        self.files[name if width == 256 else f"{name}.p/{width}"] = data

    @staticmethod
    def path(index):
        parts = [f"{index % 1000:03}"]
        while index >= 1000:
            index //= 1000
            parts.insert(0, f"x{index % 1000:03}")
        return "/".join(parts)

    def note(self, size, root, signed_ms):
        text = f"{self.origin}\n{size}\n{b64(root)}\n"
        time = signed_ms.to_bytes(8, "big")
        der = self.head_key.sign(b"\x00\x01" + time + size.to_bytes(8, "big") + root,
                                 ec.ECDSA(hashes.SHA256()))
        head_id = hashlib.sha256(
            self.origin.encode() + b"\n\x05" + verify.sha256(self.spki)).digest()[:4]
        lines = (self.key_id + self.key.sign(text.encode()),
                 head_id + time + b"\x04\x03" + len(der).to_bytes(2, "big") + der)
        return text + "\n" + "".join(f"\u2014 {self.origin} {b64(line)}\n" for line in lines)

    def get(self, path):
        return self.files.get(path)


class AlteringProxy:
    """Serves what another log does, but for the answers that `alter` changes (None: gone)."""

    def __init__(self, url, alter):
        self.url, self.alter = url, alter

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                data = answer.read()
        except urllib.error.HTTPError:
            return None
        return self.alter(path, data)


class Inbox:
    """Takes what is posted to it, after it has refused it so often."""

    def __init__(self, refusals=0):
        self.refusals, self.taken = refusals, []

    def get(self, path):
        return None

    def post(self, path, data):
        if self.refusals:
            self.refusals -= 1
            return False
        self.taken.append(data)
        return True


@contextlib.contextmanager
def served(log):
    """The address at which something of this file is served."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            data = log.get(self.path)
            self.answer(404 if data is None else 200, data or b"")

        def do_POST(self):
            data = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(200 if log.post(self.path, data) else 500, b"")

        def answer(self, status, data):
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
