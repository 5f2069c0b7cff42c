#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alters copies of a data folder as an intruder, a bad disk or a careless restore would.

Each altered copy is given to `evident fsck` and then to a server. It passes when fsck names the
damage (or, where nothing committed changed, finds nothing), and when the server either refuses to
start or signs no head that contradicts what was signed before.

    tools/fault/tamper.py --flips 200
"""

import argparse
import base64
import collections
import json
import pathlib
import shutil
import sqlite3
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, Producer, copy_folder, record, seeded  # noqa: E402

# What holds nothing of the log: look-up files are rebuilt from the records when they are damaged,
# and an older anchor is a prefix of what is stored.
HARMLESS = {"an older anchor", "nothing changed", "one bit of a look-up file"}
Outcome = collections.namedtuple("Outcome", "case fsck served problem")


class Original:
    """A good data folder, an older copy of it, and what the world knows of its log."""

    def __init__(self, folder, records):
        self.folder, self.good, self.older = folder, folder / "good", folder / "older"
        with LogProcess(self.good) as log:
            log.init()
            self.token = log.token()
            log.start()
            self.trust = verify.Trust(log.vkey())
            producer = Producer(log, self.token)
            self.submit(producer, 0, records // 2)
            producer.close()
            stop(log)
            copy_folder(self.good, self.older)
            log.start()
            self.submit(producer, records // 2, records)
            producer.close()
            check = verify.LogCheck(verify.HTTPSource(log.url), self.trust)
            self.head = check.run()
            self.entries = check.entries
            stop(log)

    @staticmethod
    def submit(producer, first, last):
        for number in range(first, last):
            status, body = producer.post(json.dumps(record(number)), key=f"record-{number}")
            if status != 201:
                raise RuntimeError(f"POST answered {status}: {body[:200]}")

    def database(self, folder):
        """The store's file: the largest that SQLite wrote."""
        files = [f for f in folder.rglob("*") if f.is_file() and f.stat().st_size > 100
                 and f.open("rb").read(16) == b"SQLite format 3\0"]
        return max(files, key=lambda f: f.stat().st_size)

    def anchors(self, folder):
        return [f for f in folder.rglob("*anchor*") if f.is_file()]


def stop(log):
    status = log.stop()
    if status != 0:
        raise RuntimeError(f"the server stopped with status {status}")


# -- what may happen to a folder ---------------------------------------------------------------------

def flip_bit(data, chance):
    bad = bytearray(data)
    at = chance.randrange(8 * len(bad))
    bad[at // 8] ^= 1 << at % 8
    return bytes(bad)


def flip_cell(original, folder, chance):
    """Flips one bit of one value of one row, as someone with the file and SQLite can."""
    with sqlite3.connect(original.database(folder)) as store:
        store.text_factory = bytes
        cells = [c for c in columns(store) if c[2] > 0]
        table, column, _ = chance.choice(cells)
        rows = store.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        keys = ["rowid"] if has_rowid(store, table) else primary_key(store, table)
        chosen = ", ".join(f"{key}, typeof({key})" for key in keys)
        value, kind, *row = store.execute(
            f'SELECT "{column}", typeof("{column}"), {chosen} FROM "{table}" '
            f'LIMIT 1 OFFSET {chance.randrange(rows)}').fetchone()
        if value is None or value == b"":
            return None
        new = value ^ 1 << chance.randrange(16) if isinstance(value, int) else flip_bit(value, chance)
        where = " AND ".join(
            f"{key} = CAST(? AS {typed.decode()})" for key, typed in zip(keys, row[1::2]))
        change = f'UPDATE "{table}" SET "{column}" = CAST(? AS {kind.decode()}) WHERE {where}'
        changed = rewrite(store, change, (new, *row[0::2]))
        return f"one bit of {table}.{column}" if changed == 1 else None


def columns(store):
    """(table, column, rows) of every ordinary table."""
    tables = store.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "AND sql NOT LIKE 'CREATE VIRTUAL%'").fetchall()
    for (name,) in tables:
        table = name.decode()
        rows = store.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        for info in store.execute(f'PRAGMA table_info("{table}")').fetchall():
            yield table, info[1].decode(), rows


def has_rowid(store, table):
    try:
        store.execute(f'SELECT rowid FROM "{table}" LIMIT 1')
        return True
    except sqlite3.OperationalError:
        return False


def primary_key(store, table):
    return [f'"{i[1].decode()}"' for i in store.execute(f'PRAGMA table_info("{table}")') if i[5]]


def rewrite(store, change, values):
    """Runs a change with the append-only triggers put aside, and puts them back.

    Returns the number of rows that it changed, 0 where a constraint forbids it.
    """
    triggers = store.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    store.execute("PRAGMA ignore_check_constraints = ON")
    store.execute("PRAGMA foreign_keys = OFF")
    for name, _ in triggers:
        store.execute(f'DROP TRIGGER "{name.decode()}"')
    try:
        changed = store.execute(change, values).rowcount
    except sqlite3.IntegrityError:
        changed = 0
    for _, text in triggers:
        store.execute(text.decode())
    store.commit()
    return changed


def flip_raw(original, folder, chance):
    """Flips one bit anywhere in the store's file, as a bad disk does."""
    file = original.database(folder)
    data = file.read_bytes()
    before = dump(file)
    file.write_bytes(flip_bit(data, chance))
    same = before is not None and dump(file) == before
    return "one bit of the file" + (", in no row" if same else "")


def dump(file):
    """Every row of every table, or None if SQLite cannot read it."""
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
            store.text_factory = bytes
            schema = store.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
            tables = [n.decode() for kind, n, _ in schema if kind == b"table"]
            return schema, [store.execute(f'SELECT * FROM "{t}"').fetchall() for t in tables]
    except sqlite3.Error:
        return None


def truncate(original, folder, chance):
    file = original.database(folder)
    data = file.read_bytes()
    file.write_bytes(data[:chance.randrange(len(data) // 3, len(data) - 1)])
    return "the file cut short"


def restore_database(original, folder, chance):
    """An older database beside the newer anchor and keys: what a backup restored alone gives."""
    old, new = original.database(original.older), original.database(folder)
    for file in new.parent.glob(new.name + "*"):
        file.unlink()
    for file in old.parent.glob(old.name + "*"):
        shutil.copy(file, new.parent)
    return "an older database"


def drop_rows(original, folder, chance):
    """The newest rows of every table deleted, as someone who hides the end would."""
    with sqlite3.connect(original.database(folder)) as store:
        store.text_factory = bytes
        tables = {table: rows for table, _, rows in columns(store)}
        for table, rows in tables.items():
            if rows > 20 and has_rowid(store, table):
                rewrite(store, f'DELETE FROM "{table}" WHERE rowid >= '
                               f'(SELECT max(rowid) FROM "{table}") - ?', (rows // 8,))
    return "the newest rows deleted"


def remove_anchor(original, folder, chance):
    for file in original.anchors(folder):
        file.unlink()
    return "no anchor"


def flip_anchor(original, folder, chance):
    for file in original.anchors(folder):
        data = file.read_bytes()
        file.write_bytes(bytes(b ^ 1 if b else 0 for b in data))
    return "an unreadable anchor"


def older_anchor(original, folder, chance):
    """The anchor of the older copy: the database is ahead, so this alone loses nothing."""
    for old, new in zip(original.anchors(original.older), original.anchors(folder)):
        shutil.copy(old, new)
    return "an older anchor"


def flip_lookup(original, folder, chance):
    """Look-ups are no evidence and can be made again; a damaged one must do no harm."""
    files = [f for f in folder.glob("**/lookup/**/*") if f.is_file() and f.stat().st_size]
    if not files:
        return None
    file = chance.choice(files)
    file.write_bytes(flip_bit(file.read_bytes(), chance))
    return "one bit of a look-up file"


def nothing(original, folder, chance):
    """The control: the rules put aside and back, and not a bit changed."""
    with sqlite3.connect(original.database(folder)) as store:
        store.text_factory = bytes
        rewrite(store, "SELECT ?", (0,))
    return "nothing changed"


# -- judging -----------------------------------------------------------------------------------------

def judge(original, alter, chance):
    """Alters a fresh copy and reports what fsck and the server made of it."""
    with tempfile.TemporaryDirectory(dir=original.folder) as name:
        folder = pathlib.Path(name) / "data"
        copy_folder(original.good, folder)
        case = None
        for _ in range(20):
            case = case or alter(original, folder, chance)
        if case is None:
            return None
        with LogProcess(folder) as log:
            done = log.command("fsck", "--data", folder, check=False)
            served, problem = serve(original, log)
    if done.returncode == 0 and case not in HARMLESS and not case.endswith("in no row"):
        problem = problem or "fsck found nothing"
    if case == "nothing changed" and (done.returncode != 0 or served != "served on"):
        problem = problem or "a good folder is not accepted"
    if done.returncode < 0:
        problem = problem or f"fsck died of signal {-done.returncode}"
    said = [line for line in (done.stderr + done.stdout).strip().splitlines() if line]
    return Outcome(case, f"fsck {done.returncode}: {(said or ['-'])[-1][:100]}", served, problem)


def serve(original, log):
    """(what the server did, problem): it may refuse, or serve and stay true to every signed head."""
    try:
        log.start(10)
    except RuntimeError as error:
        crashed = log.process.poll() is not None and log.process.returncode < 0
        return f"refused ({error})", "the server crashed at start" if crashed else None
    producer = Producer(log, original.token)
    status, body = producer.post(json.dumps(record(77777)), key="after")
    producer.close()
    if status not in (200, 201):
        return f"served, refused to sequence ({status})", None
    try:
        index, leaf, _, note, *_ = verify.parse_receipt(body)
        head = verify.Checkpoint(note, original.trust)
    except (verify.Tampered, verify.Unverifiable) as error:
        return "served", f"gave a false receipt: {error}"
    entries = original.entries + [leaf]
    levels = verify.complete_levels([verify.leaf_hash(e) for e in entries])
    true = head.size == len(entries) and head.root == verify.tree_root(levels, len(entries))
    if not true or index != len(original.entries):
        return "served on", f"SIGNED OVER: size {head.size}, index {index}"
    return "served on", restart(log, head)


def restart(log, head):
    """What an altered folder was made to hold must be there after the next start, or be missed."""
    stop(log)
    try:
        log.start(10)
    except RuntimeError as error:
        return f"served, and then did not start again ({error})"
    size, root = log.head()
    same = size > head.size or root == base64.b64encode(head.root).decode()
    return None if size >= head.size and same else f"LOST: {head.size} entries became {size}"


def two_servers(original):
    with tempfile.TemporaryDirectory(dir=original.folder) as name:
        folder = pathlib.Path(name) / "data"
        copy_folder(original.good, folder)
        with LogProcess(folder) as first, LogProcess(folder) as second:
            first.start()
            served, problem = "", "two servers run on one data folder"
            try:
                second.start()
            except RuntimeError as error:
                served, problem = f"second one refused ({error})", None
            stop(first)
    return Outcome("two servers on one folder", "", served, problem)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flips", type=int, default=200, help="single bits of values to flip")
    parser.add_argument("--records", type=int, default=600)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    chance = seeded(options)
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
        original = Original(pathlib.Path(name), options.records)
        cases = [nothing, restore_database, drop_rows, truncate, remove_anchor, flip_anchor,
             older_anchor, flip_lookup]
        cases += [flip_cell] * options.flips + [flip_raw] * (options.flips // 4)
        outcomes = [two_servers(original)]
        print(outcomes[0], flush=True)
        for alter in cases:
            outcome = judge(original, alter, chance)
            if outcome:
                outcomes.append(outcome)
            if outcome and (outcome.problem or alter not in (flip_cell, flip_raw)):
                print(outcome, flush=True)
    return summary(outcomes)


def summary(outcomes):
    table = collections.defaultdict(collections.Counter)
    for outcome in outcomes:
        verdict = outcome.problem or ("named or refused" if "fsck 0" not in outcome.fsck
                                      else "nothing committed changed")
        table[outcome.case][verdict] += 1
    print()
    for case, verdicts in sorted(table.items()):
        print(f"{case}: " + ", ".join(f"{n} {v}" for v, n in verdicts.items()))
    bad = sum(bool(o.problem) for o in outcomes)
    print(f"\n{len(outcomes)} alterations, {bad} that passed unseen or were signed over")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
