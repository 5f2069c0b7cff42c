# SPDX-License-Identifier: Apache-2.0
"""Single bits of a store, and what is to be told of each, for tools/fault/verdicts.py."""

import collections
import sqlite3

from verdict_store import LEAF, SUBMISSION, Database, Expected


def flip(value, chance):
    """(value with one bit flipped, the byte that it lies in)."""
    if isinstance(value, int):
        bit = chance.randrange(16)
        return value ^ 1 << bit, 0
    bad, bit = bytearray(value), chance.randrange(8 * len(value))
    bad[bit // 8] ^= 1 << bit % 8
    return bytes(bad), bit // 8


TABLES = {"meta": ["name"], "head": ["id"], "open_entry": ["idx"], "segment": ["number"],
          "tile": ["level", "number"], "content": ["idx"], "credential": ["number"]}


def dump(file):
    """{(table, key): row} of every row, or None if SQLite cannot read it all."""
    found = {}
    try:
        with sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True) as store:
            store.text_factory = bytes
            found["schema"] = store.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
            for table, keys in TABLES.items():
                names = [i[1].decode() for i in store.execute(f"PRAGMA table_info({table})")]
                for row in store.execute(f"SELECT * FROM {table}"):
                    row = dict(zip(names, row))
                    found[table, tuple(row[k] for k in keys)] = row
        return found
    except (sqlite3.Error, OverflowError, KeyError, UnicodeDecodeError):
        # A flipped bit of the schema's text is in SQLite's own message too.
        return None


def expected_of(log, table, key, column, offset):
    """What a changed byte of a value is to be told as; None where several answers are right."""
    derived, size = "derived_column_mismatch", log.size
    if table == "content":
        if column == "idx":
            last = key[0] == size - 1
            return Expected("truncated_tail" if last else "sequence_gap", key[0])
        return Expected(derived if column == "form" else "content_mismatch", key[0])
    if table == "segment":
        first, widths = 256 * key[0], {"leaves": LEAF, "hashes": 32, "submissions": SUBMISSION}
        if column == "number":
            return Expected("sequence_gap", first)
        verdict = "mac_mismatch" if column == "leaves" else derived
        return Expected(verdict, first + offset // widths[column])
    if table == "open_entry":
        if column == "idx":
            last = key[0] == size - 1
            return Expected("truncated_tail" if last else "sequence_gap", key[0])
        return Expected("mac_mismatch" if column == "leaf" else derived, key[0])
    if table == "tile":
        level, number = key
        place = 256 * number + (offset // 32 if column == "hashes" else 0)
        return Expected(derived, place << 8 * level)
    if table == "credential":
        return Expected(derived, log.first_of[key[0]])
    if table == "head" and column == "id":
        return None
    return Expected(derived, None)


class Flips:
    """Bits of values, of rows chosen by table, and bits of the file wherever they fall."""

    def __init__(self, log, chance):
        self.log, self.chance = log, chance
        self.before = dump(log.good / "store" / "log.sqlite")
        self.rows = collections.defaultdict(list)
        for key in self.before:
            if key != "schema":
                self.rows[key[0]].append(key[1])

    def value(self, folder):
        """One bit of one value; returns (name, what is to be told)."""
        while True:
            table = self.chance.choice(list(self.rows))
            key = self.chance.choice(self.rows[table])
            row = self.before[table, key]
            column = self.chance.choice(list(row))
            if row[column] in (None, b""):
                continue
            new, offset = flip(row[column], self.chance)
            where = " AND ".join(f"{name} = ?" for name in TABLES[table])
            kind = "TEXT" if table in ("meta", "credential") and isinstance(new, bytes) else "BLOB"
            cast = "?" if isinstance(new, int) else f"CAST(? AS {kind})"
            keys = [k.decode() if isinstance(k, bytes) else k for k in key]
            with Database(folder) as store:
                try:
                    changed = store.run(
                        f"UPDATE {table} SET {column} = {cast} WHERE {where}", new, *keys)
                except sqlite3.IntegrityError:
                    changed = 0
            if changed == 1:
                return f"{table}.{column}", expected_of(self.log, table, key, column, offset)

    def raw(self, folder):
        """One bit of the file; what it changed is read from the rows."""
        file = folder / "store" / "log.sqlite"
        data, _ = flip(file.read_bytes(), self.chance)
        file.write_bytes(data)
        after = dump(file)
        if after is not None and after["schema"] != self.before["schema"]:
            return "file: schema", Expected("derived_column_mismatch", None)
        if after is None or set(after) != set(self.before):
            return "file: structure", None
        changed = [(k, c) for k, row in self.before.items() if k != "schema"
                   for c in row if row[c] != after[k].get(c)]
        if not changed:
            return "file: in no row", "harmless"
        if len(changed) > 1:
            return "file: structure", None
        (table, key), column = changed[0]
        old, new = self.before[table, key][column], after[table, key][column]
        if not isinstance(old, bytes) or len(old) != len(new):
            return "file: structure", None
        offset = next(i for i, (a, b) in enumerate(zip(old, new)) if a != b)
        return f"file: {table}.{column}", expected_of(self.log, table, key, column, offset)
