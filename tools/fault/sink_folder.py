# SPDX-License-Identifier: Apache-2.0
"""What lies in the folder of `serve --sink`, as its checks see it."""

import collections
import contextlib
import gzip
import json
import os
import pathlib
import re
import sys
import zlib

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from mirror import readiness, submit, wait_for  # noqa: E402

NAME = re.compile(r"audit-\d{16}(-\d+)?\.ndjson$")
INTERVAL, SEGMENT_BYTES = "100ms", "256KiB"


def files(folder):
    """Every file of the sink that holds lines, whatever it is called now."""
    return [f for f in sorted(folder.glob("audit-*")) if f.is_file()]


def content(path):
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        # It was compressed a moment ago.
        path = path.with_name(path.name + ".gz")
        data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def is_sealed(path):
    return b'{"audit_segment_end"' in path.read_bytes()[-400:]


def segments(folder):
    """The files, but of one that is there in both forms the plain one alone."""
    found = files(folder)
    return [f for f in found if f.suffix != ".gz" or f.with_suffix("") not in found]


def indexes(paths):
    """How often each index stands in whole lines, and a line that is none."""
    seen, bad = collections.Counter(), []
    for path in paths:
        try:
            data = content(path)
        except (OSError, EOFError, zlib.error) as error:
            bad.append((path.name, str(error)))
            continue
        for line in data[:data.rfind(b"\n") + 1].splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                bad.append((path.name, line[:60]))
                continue
            if "index" in value:
                seen[value["index"]] += 1
    return seen, bad


class Shipper:
    """Reads what is new in every file, by inode, as log shippers do."""

    def __init__(self, folder):
        self.folder, self.read, self.rewritten = folder, {}, []

    def look(self):
        for path in files(self.folder):
            if path.suffix == ".gz":
                continue
            try:
                # Through one descriptor: the name may be another file's a moment later.
                with open(path, "rb") as file:
                    inode, data = os.fstat(file.fileno()).st_ino, file.read()
            except FileNotFoundError:
                continue
            # A number is given to a new file once the old one is gone.
            name, before = self.read.get(inode, (path.name, b""))
            if NAME.match(path.name) and NAME.match(name) and name != path.name:
                before = b""
            if not data.startswith(before):
                self.rewritten.append(path.name)
            self.read[inode] = (path.name, data)

    def forget(self, path):
        """Somebody else, not the sink, is about to change or delete that file."""
        self.read.pop(path.stat().st_ino, None)


def newest(folder):
    found = [f for f in files(folder) if NAME.match(f.name)]
    return found[-1] if found else None


def open_file(log, token, folder):
    """The file that is written to; a record is submitted where there is none."""
    while (last := newest(folder)) is None or is_sealed(last):
        submit(log, token, 1, 1 << 28 | log.head()[0])
        caught_up(log)
    return last


def caught_up(log):
    return wait_for("", lambda: readiness(log)["sink"] == {"size": log.head()[0],
                                                           "failing": False}, 60)


def check_all(checks, what, log, sink, kept=()):
    """Each index once, in the sink's files and in what was taken from them before."""
    size = log.head()[0]
    seen, bad = indexes(list(segments(sink)) + list(kept))
    lost = [n for n in range(size) if seen[n] == 0]
    doubled = [n for n, times in seen.items() if times > 1]
    checks.expect(f"{what}: every line is JSON", not bad, bad[:3])
    checks.expect(f"{what}: no record lost", not lost, f"{len(lost)} of {size}: {lost[:5]}")
    checks.expect(f"{what}: no record doubled", not doubled, doubled[:5])


@contextlib.contextmanager
def compressing(after="0s"):
    """Servers that are started meanwhile compress what they seal."""
    os.environ["EVIDENT_SINK_COMPRESSION"] = "gzip"
    os.environ["EVIDENT_SINK_COMPRESS_AFTER"] = after
    try:
        yield
    finally:
        del os.environ["EVIDENT_SINK_COMPRESSION"], os.environ["EVIDENT_SINK_COMPRESS_AFTER"]


def only_open_is_plain(sink):
    plain = [f for f in files(sink) if f.suffix != ".gz"]
    return len(plain) <= 1 and not [f for f in sink.iterdir() if "draft" in f.name]
