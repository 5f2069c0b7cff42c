# SPDX-License-Identifier: Apache-2.0
"""Sealed files of a sink that are compressed: killed, rotated, and without room (see sink.py)."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import zlib

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from evident_process import binary  # noqa: E402
from mirror import readiness, submit, wait_for  # noqa: E402
from sink_folder import (INTERVAL, SEGMENT_BYTES, Shipper, caught_up, check_all,  # noqa: E402
                         compressing, content, files, is_sealed, newest, only_open_is_plain,
                         open_file, segments)
from small_volume import small_memory  # noqa: E402

# What a compression does to the folder, in the order in which it does it.
COMPRESSION_CALLS = ("openat", "write", "utimensat", "fsync", "fadvise64", "rename", "unlink")


def check_compression_kills(checks, log, token, sink, vkey, step):
    """Killed at the n-th call, of each kind, on the draft or either form of a sealed file."""
    if shutil.which("strace") is None:
        print("  no strace: the kills within a compression were left out", flush=True)
        return 0
    log.start()
    submit(log, token, 900)
    caught_up(log)
    open_file(log, token, sink)
    log.stop()
    target = files(sink)[0]
    whole = target.read_bytes()
    checks.expect("a sealed file to compress", is_sealed(target) and not is_sealed(newest(sink)))
    forms = [target, target.with_name(target.name + ".gz")]
    paths = [*forms, sink / ".evident-sink-draft.gz", sink]
    kills, ways = 0, set()
    for call in COMPRESSION_CALLS:
        for number in range(1, 40 * step, step):
            target.write_bytes(whole)
            forms[1].unlink(missing_ok=True)
            with compressing():
                killed = start_and_kill(log, call, f"signal=KILL:when={number}", paths,
                                        only_open_is_plain, sink)
            left = tuple(f.exists() for f in forms)
            good = [f for f in forms if f.exists() and not is_other(f, whole)]
            checks.expect(f"killed at {call} {number}: a whole form is there", good, str(left))
            checks.expect(f"killed at {call} {number}: no other one",
                          len(good) == sum(left), str(left))
            if not killed:
                break
            ways.add(left)
            kills += 1
    target.write_bytes(whole)
    forms[1].unlink(missing_ok=True)
    check_lying_volume(checks, log, sink, paths, whole)
    checks.expect("plain, both and compressed were left behind",
                  step > 1 or ways == {(True, False), (True, True), (False, True)}, str(ways))
    with compressing():
        log.start()
        checks.expect("the next start finishes it", wait_for("", lambda: only_open_is_plain(sink), 60))
    submit(log, token, 40)
    checks.expect("caught up after kills of a compression", caught_up(log))
    check_all(checks, "compression", log, sink)
    checks.run("verified after kills of a compression", binary(), "verify", "sink", sink, "--log",
               log.url, "--vkey", vkey)
    log.stop()
    return kills


def check_lying_volume(checks, log, sink, paths, plain):
    """A write to the draft says that it took ten bytes, and they are not there."""
    output, said = log.output, sink.parent / "lying-volume.log"
    log.output = open(said, "ab")
    with compressing():
        killed = start_and_kill(log, "write", "retval=10:when=1", paths[2:3], only_open_is_plain, sink)
    log.output.close()
    log.output = output
    checks.expect("what was not written is found when it is read back",
                  not killed and b"could not be compressed" in said.read_bytes())
    checks.expect("and it is compressed then", not is_other(paths[1], plain))


def is_other(path, whole):
    try:
        return content(path) != whole
    except (OSError, EOFError, zlib.error):
        return True


def start_and_kill(log, call, fault, paths, is_done, sink):
    """Whether the server came to such a call on these paths, and the fault there killed it."""
    only = [part for path in paths for part in ("-P", str(path))]
    server = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", os.devnull, *only, "-e", f"trace={call}", "-e",
         f"inject={call}:{fault}", binary(), "serve", "--data", str(log.data),
         "--listen", f"127.0.0.1:{log.port}", *log.arguments],
        stdout=log.output, stderr=log.output)
    wait_for("", lambda: server.poll() is not None or (log.is_ready() and is_done(sink)), 60)
    killed = server.poll() is not None
    if not killed:
        child = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        for pid in child:
            os.kill(int(pid), signal.SIGTERM)
    server.wait(30)
    return killed


LOGROTATE = """
{sink}/audit-*.ndjson {{
    rotate 1000
    size 1
    nocreate
    missingok
    compress
    nodelaycompress
    olddir {old}
    su root root
    postrotate
        {evident} reload --data {data}
    endscript
}}
"""


def check_logrotate(checks, log, token, sink, work, rounds):
    """Rotated and compressed in one go, which loses or doubles lines where a writer is not told."""
    program = shutil.which("logrotate") or "/usr/sbin/logrotate"
    if not pathlib.Path(program).exists() or os.geteuid() != 0:
        print("  no logrotate, or not root: it was left out", flush=True)
        return
    old = work / "rotated"
    old.mkdir()
    settings = work / "logrotate.conf"
    settings.write_text(LOGROTATE.format(sink=sink, old=old, evident=binary(), data=log.data))
    settings.chmod(0o644)
    # Longer than a rotation takes: without a word to it the sink would look too late.
    os.environ["EVIDENT_SINK_INTERVAL"] = "5s"
    log.start()
    for number in range(rounds):
        submit(log, token, 30 + number)
        caught_up(log)
        done = subprocess.run([program, "--force", "--state", work / "logrotate.state", settings],
                              capture_output=True, text=True, check=False, timeout=60)
        checks.expect("logrotate is content", done.returncode == 0 and "error" not in done.stderr,
                      done.stderr)
    submit(log, token, 10)
    checks.expect("caught up after logrotate", caught_up(log))
    rotated = sorted(old.iterdir())
    checks.expect("it has rotated", len(rotated) >= rounds, f"{len(rotated)}")
    ended = [f for f in rotated if b'{"audit_segment_end"' in content(f)[-400:]]
    checks.expect("each rotated file has its end", ended == rotated, f"{len(ended)}")
    check_all(checks, "logrotate", log, sink, rotated)
    log.stop()
    os.environ["EVIDENT_SINK_INTERVAL"] = INTERVAL


def said_of_sink(sink, first):
    """What the log's records from an index on say of its sink, oldest first."""
    lines = [json.loads(line) for f in segments(sink) for line in content(f).splitlines()
             if b'"type":"log.sink_' in line]
    found = {line["index"]: line["record"] for line in lines if line["index"] >= first}
    return [(record["type"], record.get("reason")) for _, record in sorted(found.items())]


def check_full_volume(checks, log, token, vkey, work):
    # Room for the log's first 256 records, which are written in one go, and then sealed, and again.
    with small_memory(log, work, 640) as memory, compressing("3s"):
        if memory is None:
            return
        sink = memory.path / "sink"
        log.arguments, output, said = ["--sink", str(sink)], log.output, work / "full-volume.log"
        log.output = open(said, "ab")
        os.environ["EVIDENT_SINK_SEGMENT_BYTES"] = "64KiB"
        size = log.start() and log.head()[0]
        shipper = Shipper(sink)
        for _ in range(4):
            submit(log, token, 300)
            shipper.look()
        checks.expect("/readyz says that the sink fails",
                      wait_for("", lambda: readiness(log)["sink"].get("reason") == "storage_full"))
        checks.expect("a compression met the full volume", wait_for(
            "", lambda: b"could not be compressed" in said.read_bytes(), 60))
        checks.expect("the log is ready all the same", readiness(log)["ready"])
        submit(log, token, 5)
        log.kill()
        log.start()
        submit(log, token, 5)
        shipper.look()
        memory.grow()
        checks.expect("it catches up", wait_for("", lambda: caught_up(log), 60))
        checks.expect("and compresses what was sealed", wait_for(
            "", lambda: only_open_is_plain(sink), 60))
        shipper.look()
        checks.expect("no byte was written twice on a full volume", not shipper.rewritten)
        check_all(checks, "full volume", log, sink)
        # Before the kill and after it: the first server has not seen the end of its failure.
        wanted = [("log.sink_failing", "storage_full"), ("log.sink_recovered", None)]
        checks.expect("the log has a record of the failure, and one of its end",
                      wait_for("", lambda: said_of_sink(sink, size) == wanted, 60),
                      str(said_of_sink(sink, size)))
        checks.run("verified then", binary(), "verify", "sink", sink, "--log", log.url, "--vkey",
                   vkey)
        log.stop()
        log.output.close()
        log.output = output
        os.environ["EVIDENT_SINK_SEGMENT_BYTES"] = SEGMENT_BYTES
