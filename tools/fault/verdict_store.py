# SPDX-License-Identifier: Apache-2.0
"""The store's database as whoever can write it sees it, for tools/fault/verdicts.py.

All that needs no key is made again: hashes, tiles, checksums, the head.
"""

import collections
import sqlite3

import verify_evident as verify

LEAF, SUBMISSION = 70, 40
Entry = collections.namedtuple("Entry", "leaf key credential seed form record")
Expected = collections.namedtuple("Expected", "verdict index")


def checksum(domain, *parts):
    """The store's own checksum over numbers and bytes: it finds accidents, and is no secret."""
    mask, state = 2 ** 64 - 1, domain * 0x9E3779B97F4A7C15 & 2 ** 64 - 1
    for part in parts:
        words = [part]
        if isinstance(part, bytes):
            whole = len(part) // 8 * 8
            words = [int.from_bytes(part[i:i + 8], "little") for i in range(0, whole, 8)]
            words += [int.from_bytes(part[whole:], "big"), len(part)]
        for word in words:
            state = (state ^ word) * 0xD6E8FEB86659FD93 & mask
            state ^= state >> 32
    state = (state ^ state >> 33) * 0xFF51AFD7ED558CCD & mask
    return (state ^ state >> 33) & 2 ** 32 - 1


class Database:
    """A store opened raw, its rules put aside until it is closed."""

    def __init__(self, folder):
        self.store = sqlite3.connect(folder / "store" / "log.sqlite")
        self.store.text_factory = bytes
        self.rules = self.store.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()

    def __enter__(self):
        self.store.execute("PRAGMA ignore_check_constraints = ON")
        self.store.execute("PRAGMA foreign_keys = OFF")
        for name, _ in self.rules:
            self.store.execute(f'DROP TRIGGER "{name.decode()}"')
        return self

    def __exit__(self, *_):
        for _, text in self.rules:
            self.store.execute(text.decode())
        self.store.commit()
        self.store.close()

    def run(self, statement, *values):
        return self.store.execute(statement, values).rowcount

    def rows(self, statement, *values):
        return self.store.execute(statement, values).fetchall()

    def entries(self):
        leaves, submissions = b"", b""
        for _, some, more in self.rows(
                "SELECT number, leaves, submissions FROM segment ORDER BY number"):
            leaves, submissions = leaves + some, submissions + more
        for _, one, another in self.rows("SELECT idx, leaf, submission FROM open_entry ORDER BY idx"):
            leaves, submissions = leaves + one, submissions + another
        found = []
        for idx, seed, form, text in self.rows("SELECT * FROM content ORDER BY idx"):
            submission = submissions[SUBMISSION * idx:][:SUBMISSION]
            found.append(Entry(leaves[LEAF * idx:][:LEAF], submission[:32],
                               int.from_bytes(submission[32:36], "big"), seed, form[:32], text))
        return found

    def rewrite(self, entries):
        """Makes the whole store anew from these entries, so that everything without a key fits."""
        for table in ("content", "segment", "open_entry", "tile"):
            self.run(f"DELETE FROM {table}")
        packed = []
        for index, entry in enumerate(entries):
            form = entry.form + checksum(2, index, 0, entry.form).to_bytes(4, "big")
            self.run("INSERT INTO content VALUES (?, ?, ?, ?)", index, entry.seed, form,
                     entry.record)
            tail = entry.credential.to_bytes(4, "big")
            packed.append(entry.key + tail + checksum(
                1, index, entry.credential, entry.key).to_bytes(4, "big"))
        hashes = [verify.leaf_hash(full_leaf(entry.leaf)) for entry in entries]
        sealed = len(entries) // 256
        for number in range(sealed):
            part = slice(256 * number, 256 * number + 256)
            self.run("INSERT INTO segment VALUES (?, ?, ?, ?)", number, b"".join(hashes[part]),
                     b"".join(e.leaf for e in entries[part]), b"".join(packed[part]))
        for index in range(256 * sealed, len(entries)):
            self.run("INSERT INTO open_entry VALUES (?, ?, ?)", index, entries[index].leaf,
                     packed[index])
        levels = verify.complete_levels(hashes)
        for level in range(1, 8):
            nodes = levels[8 * level] if 8 * level < len(levels) else []
            for number in range(0, (len(nodes) + 255) // 256):
                self.run("INSERT INTO tile VALUES (?, ?, ?)", level, number,
                         b"".join(nodes[256 * number:][:256]))
        self.rewrite_head(len(entries), verify.tree_root(levels, len(entries)), entries[-1].leaf)

    def rewrite_head(self, size, root, leaf):
        commit, committed = self.rows("SELECT commit_number, committed_at_ms FROM head")[0]
        time_ms, mac = int.from_bytes(leaf[:6], "big"), leaf[38:]
        parts = (size, commit, time_ms, committed, root + mac)
        self.run("UPDATE head SET size = ?, root = ?, last_leaf_ms = ?, last_mac = ?, checksum = ?",
                 size, root, time_ms, mac, checksum(3, *parts))


def full_leaf(leaf):
    return verify.encode_leaf(int.from_bytes(leaf[:6], "big"), leaf[6:38], leaf[38:])
