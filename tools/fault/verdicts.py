#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tampers with copies of a log in every way that has a name, and flips bits in others.

Each copy is given to `evident verify chain`, which must find the damage, with the verdict and the
first bad index that it has; copies that were not touched must raise no alarm. Whoever tampers here
can write the whole database, hashes, tiles, checksums and head included; what they lack is the
chain key and the signing key.

    tools/fault/verdicts.py                    all of it: 2,000 flips, 100 untouched copies
    tools/fault/verdicts.py --flips 60 --untouched 3 --seed 1
"""

import argparse
import collections
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, Producer, record, seeded  # noqa: E402
from verdict_flips import Flips  # noqa: E402
from verdict_store import Database, Expected, checksum  # noqa: E402


# -- tamperings with a name ---------------------------------------------------------------------------

def edited(entry, old, new, origin=None):
    """An entry with a changed record; under a commitment made again if the origin is given."""
    text = entry.record.replace(old, new, 1)
    assert text != entry.record
    leaf = entry.leaf
    if origin:
        leaf = leaf[:6] + verify.commit_record(origin, text, entry.seed) + leaf[38:]
    return entry._replace(record=text, leaf=leaf)


class Tampering:
    """One way to tamper, and what is to be told of it.

    `at` is an index in the middle of the log; `size` the log's size.
    """

    def __init__(self, log, folder, at, size):
        self.log, self.folder, self.at, self.size = log, folder, at, size

    def change(self, body):
        with Database(self.folder) as store:
            body(store)

    def change_entries(self, body):
        def run(store):
            entries = store.entries()
            store.rewrite(body(entries) or entries)
        self.change(run)

    def edit(self):
        self.change(lambda s: s.run(
            "UPDATE content SET record = CAST(replace(CAST(record AS TEXT), 'call-', 'cull-') AS "
            "BLOB) WHERE idx = ?", self.at))
        return Expected("content_mismatch", self.at)

    def edit_with_hashes(self):
        def body(entries):
            entries[self.at] = edited(entries[self.at], b"call-", b"cull-", self.log.origin)
        self.change_entries(body)
        return Expected("mac_mismatch", self.at)

    def edit_newest_with_hashes(self):
        def body(entries):
            entries[-1] = edited(entries[-1], b"call-", b"cull-", self.log.origin)
        self.change_entries(body)
        return Expected("mac_mismatch", self.size - 1)

    def swap(self, distance=1):
        def body(entries):
            other = self.at + distance
            entries[self.at], entries[other] = entries[other], entries[self.at]
        self.change_entries(body)
        return Expected("reordered", self.at)

    def swap_far(self):
        return self.swap(307)

    def swap_payloads(self):
        def body(store):
            for old, new in ((self.at, -1), (self.at + 9, self.at), (-1, self.at + 9)):
                store.run("UPDATE content SET idx = ? WHERE idx = ?", new, old)
            for index in (self.at, self.at + 9):
                form, = store.rows("SELECT form FROM content WHERE idx = ?", index)[0]
                whole = form[:32] + checksum(2, index, 0, form[:32]).to_bytes(4, "big")
                store.run("UPDATE content SET form = ? WHERE idx = ?", whole, index)
        self.change(body)
        return Expected("reordered", self.at)

    def delete_middle(self):
        self.change_entries(lambda entries: entries[:self.at] + entries[self.at + 1:])
        return Expected("sequence_gap", self.at)

    def delete_many(self):
        self.change_entries(lambda entries: entries[:self.at] + entries[self.at + 40:])
        return Expected("sequence_gap", self.at)

    def delete_payload(self):
        self.change(lambda s: s.run("DELETE FROM content WHERE idx = ?", self.at))
        return Expected("sequence_gap", self.at)

    def delete_last_10(self):
        self.change_entries(lambda entries: entries[:-10])
        return Expected("truncated_tail", self.size - 10)

    def delete_last_10_rows(self):
        def body(store):
            for table in ("content", "open_entry"):
                store.run(f"DELETE FROM {table} WHERE idx >= ?", self.size - 10)
        self.change(body)
        return Expected("truncated_tail", self.size - 10)

    def insert(self):
        def body(entries):
            one = entries[self.at + 5]
            leaf = entries[self.at].leaf[:6] + one.leaf[6:38] + os.urandom(32)
            entries.insert(self.at, one._replace(leaf=leaf, key=os.urandom(32)))
        self.change_entries(body)
        return Expected("link_broken", self.at)

    def insert_copy(self):
        def body(entries):
            entries.insert(self.at, entries[self.at - 1])
        self.change_entries(body)
        return Expected("duplicate_seq", self.at)

    def change_leaf_time(self):
        def body(entries):
            one = entries[self.at]
            later = int.from_bytes(entries[self.at + 1].leaf[:6], "big") + 1000
            entries[self.at] = one._replace(leaf=later.to_bytes(6, "big") + one.leaf[6:])
        self.change_entries(body)
        return Expected("mac_mismatch", self.at)

    def change_record_time(self):
        def body(entries):
            entries[self.at] = edited(entries[self.at], b'"received":"20', b'"received":"19')
        self.change_entries(body)
        return Expected("content_mismatch", self.at)

    def change_tenant(self):
        def body(entries):
            entries[self.at] = edited(entries[self.at], b'"tenant":"acme"', b'"tenant":"emca"')
        self.change_entries(body)
        return Expected("content_mismatch", self.at)

    def change_tenant_column(self):
        def body(store):
            name, = store.rows("SELECT name FROM credential WHERE tenant = CAST('acme' AS TEXT)")[0]
            mark = checksum(4, b"emca", name)
            store.run("UPDATE credential SET tenant = 'emca', checksum = ? "
                      "WHERE tenant = CAST('acme' AS TEXT)", mark)
        self.change(body)
        return Expected("derived_column_mismatch", self.log.first_of_acme)

    def change_owner(self):
        self.change_entries(lambda entries: [
            e._replace(credential=1) if i == self.at else e for i, e in enumerate(entries)])
        return Expected("derived_column_mismatch", self.at)

    def drop_tile(self):
        self.change(lambda s: s.run("DELETE FROM tile WHERE level = 1"))
        return Expected("derived_column_mismatch", 0)

    def drop_segment(self):
        self.change(lambda s: s.run("DELETE FROM segment WHERE number = 1"))
        return Expected("sequence_gap", 256)

    def replace_database(self):
        self.log.put(self.log.other / "store", self.folder)
        return Expected("fork", 0)

    def replace_database_of_same_name(self):
        self.log.put(self.log.namesake / "store", self.folder)
        return Expected("fork", 0)

    def replace_by_other_history(self):
        self.log.put(self.log.branch / "store", self.folder)
        return Expected("fork", None)

    def restore_older_database(self):
        self.log.put(self.log.older / "store", self.folder)
        return Expected("truncated_tail", self.log.older_size)

    def other_chain_key(self):
        (self.folder / "keys" / "chain-0.key").write_bytes(os.urandom(32))
        return Expected("wrong_key", 0)

    def other_keys(self):
        for part in ("keys", "anchor"):
            shutil.rmtree(self.folder / part, ignore_errors=True)
        shutil.copytree(self.log.other / "keys", self.folder / "keys")
        shutil.copy(self.log.good / "anchor", self.folder / "anchor")
        return Expected("wrong_key", 0)

    def false_anchor(self):
        file = self.folder / "anchor"
        file.unlink()
        shutil.copy(self.log.other / "anchor", file)
        return Expected("checkpoint_signature_invalid", None)

    ALL = [edit, edit_with_hashes, edit_newest_with_hashes, swap, swap_far, swap_payloads,
           delete_middle, delete_many, delete_payload, delete_last_10, delete_last_10_rows, insert,
           insert_copy, change_leaf_time, change_record_time, change_tenant, change_tenant_column,
           change_owner, drop_tile, drop_segment, replace_database, replace_database_of_same_name,
           replace_by_other_history, restore_older_database, other_chain_key, other_keys,
           false_anchor]


# -- the log ------------------------------------------------------------------------------------------

class Original:
    """A good log of 1,000 records, an older copy of it, one that went on differently, and others."""

    def __init__(self, folder, size):
        self.size, self.good, self.older = size, folder / "good", folder / "older"
        self.other, self.namesake, self.branch = folder / "other", folder / "same", folder / "branch"
        self.origin = "log.example.com/check"
        with LogProcess(self.good) as log:
            log.init()
            token = log.token()
            self.grow(log, token, 1, size // 2)
            shutil.copytree(self.good, self.older, ignore=shutil.ignore_patterns("*.sock"))
            self.grow(log, token, size // 2, size)
            self.vkey = verify_key(self.good)
        shutil.copytree(self.older, self.branch)
        with LogProcess(self.branch) as log:
            self.grow(log, token, 5 * size, 5 * size + size - size // 2)
        for other, origin in ((self.other, "log.example.com/other"), (self.namesake, self.origin)):
            with LogProcess(other) as log:
                log.init(origin)
                self.grow(log, log.token(), 0, 300)
        with Database(self.good) as store:
            entries = store.entries()
            acme, = store.rows("SELECT number FROM credential WHERE tenant = CAST('acme' AS TEXT)")
            self.older_size = None
        self.first_of = {}
        for index, entry in enumerate(entries):
            self.first_of.setdefault(entry.credential, index)
        self.first_of_acme, self.size = self.first_of[acme[0]], len(entries)
        with Database(self.older) as store:
            self.older_size = len(store.entries())

    @staticmethod
    def grow(log, token, first, last):
        log.start(20)
        producer = Producer(log, token)
        for start in range(first, last, 50):
            lines = "".join(
                json.dumps(record(n, labels={"key": f"k{n}"})) + "\n"
                for n in range(start, min(start + 50, last)))
            status, body = producer.post(lines, key=f"batch-{start}", kind="application/x-ndjson")
            if status != 200:
                raise RuntimeError(f"POST answered {status}: {body[:200]}")
        producer.close()
        if log.stop() != 0:
            raise RuntimeError("the server did not stop well")

    def copy(self, folder):
        shutil.copytree(self.good, folder,
                        ignore=shutil.ignore_patterns("*.sock", "lookup", "tokens.json"))

    @staticmethod
    def put(store, folder):
        shutil.rmtree(folder / "store")
        shutil.copytree(store, folder / "store", ignore=shutil.ignore_patterns("lookup"))


def verify_key(folder):
    with LogProcess(folder) as log:
        log.start(20)
        key = log.vkey()
        log.stop()
    return key


def report_of(folder, *arguments):
    """(exit status, report) of `evident verify chain`."""
    with LogProcess(folder) as log:
        done = log.command("verify", "chain", "--data", folder, "--json", *arguments, check=False)
    try:
        return done.returncode, json.loads(done.stdout)
    except json.JSONDecodeError:
        return done.returncode, {"kind": f"no report: {done.stderr.strip()[-200:]}",
                                 "first_bad_index": None, "headline": done.stderr.strip()}


class Judge:
    """Counts what was told rightly, and prints what was not."""

    def __init__(self):
        self.table = collections.defaultdict(collections.Counter)
        self.wrong = 0

    def take(self, name, expected, status, report):
        told = Expected(report["kind"], report["first_bad_index"])
        if expected == "harmless":
            good = status in (0, 2) and report["kind"] in ("ok", "unopenable")
        elif expected is None:
            good = status in (1, 2) and not report["kind"].startswith("no report")
        else:
            unproven = expected.verdict in ("wrong_key", "torn_tail")
            good = told == expected and status == (2 if unproven else 1)
        self.table[name][told.verdict if good else "WRONG"] += 1
        if not good:
            self.wrong += 1
            print(f"WRONG {name}: expected {expected}, told {told}, status {status}: "
                  f"{report['headline'][:300]}", flush=True)

    def summary(self):
        for name, told in sorted(self.table.items()):
            print(f"  {name:32} " + ", ".join(f"{n} {v}" for v, n in sorted(told.items())))


def run(options, chance, folder):
    log, judge = Original(folder, options.records), Judge()
    print(f"a log of {log.size} entries")
    work = folder / "work"

    def each(name, body):
        log.copy(work)
        try:
            label, expected = body(work)
            judge.take(label or name, expected, *report_of(work))
        finally:
            shutil.rmtree(work)

    for _ in range(options.each):
        for way in Tampering.ALL:
            at = chance.randrange(2, log.size - 320)
            tampering = lambda f, way=way, at=at: (None, way(Tampering(log, f, at, log.size)))
            each(way.__name__, tampering)
    flips = Flips(log, chance)
    began = time.monotonic()
    for number in range(options.flips):
        each("", flips.raw if number % 4 == 3 else flips.value)
    seconds = time.monotonic() - began
    alarms = 0
    for _ in range(options.untouched):
        log.copy(work)
        with Database(work):
            pass
        status, report = report_of(work)
        alarms += status != 0
        shutil.rmtree(work)
    judge.summary()
    named = options.each * len(Tampering.ALL)
    print(f"{named} tamperings with a name and {options.flips} flipped bits ({seconds:.0f} s): "
          f"{judge.wrong} told wrongly or not found; {alarms} alarms on {options.untouched} "
          "untouched copies")
    return 1 if judge.wrong or alarms else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--each", type=int, default=3, help="times that each named way is tried")
    parser.add_argument("--flips", type=int, default=2000)
    parser.add_argument("--untouched", type=int, default=100)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    chance = seeded(options)
    parent = ROOT / ".build" if (ROOT / ".build").is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as name:
        return run(options, chance, pathlib.Path(name))


if __name__ == "__main__":
    sys.exit(main())
