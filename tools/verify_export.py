#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies an exported file and its manifest by spec/export.md alone, offline.

    tools/verify_export.py june.ocsf --vkey KEY

Shares no code with the program: the rest of it is in verify_evident.py. Exit statuses as there.
"""

import argparse
import copy
import hashlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import verify_evident as verify  # noqa: E402  (the path is set above)
from verify_evident import Tampered, Unverifiable, members, unhex, unsigned  # noqa: E402

MANIFEST = ("export", "format", "format_version", "made_ms", "query", "first", "end", "records",
            "erased", "bytes", "sha256", "chain", "policies", "tree_size", "root", "checkpoint")
LINES = {"ndjson", "ocsf", "cloudevents", "ecs", "kerno"}


class Manifest:
    """The first line of a manifest, and the index of the record that vouches for it, if one does."""

    def __init__(self, data, trust):
        lines = data.split(b"\n")
        if len(lines) != 3 or lines[2]:
            raise Unverifiable("the manifest has not two lines")
        document = verify.StrictParser(lines[0], verify.FILE_MEMBERS).parse()
        (kind, self.format, _, made, self.query, first, end, records, erased, size, digest, chain,
         policies, tree, root, note) = members(document, MANIFEST, "the manifest", ("begun",))
        if kind != "evident/v1" or not isinstance(note, str) or \
                not isinstance(self.query, dict) or not isinstance(policies, dict):
            raise Unverifiable("not a manifest of version evident/v1")
        self.first, self.end = unsigned(first, "first"), unsigned(end, "end")
        self.records, self.bytes = unsigned(records, "records"), unsigned(size, "bytes")
        self.sha256 = unhex(digest, 32, "sha256").hex()
        unsigned(made, "made_ms")
        self.erased_fields = unsigned(members(erased, ("fields",), "`erased`", ("records",))[0],
                                      "erased.fields")
        for mac in members(chain, ("before", "last"), "`chain`"):
            unhex(mac, 32, "a MAC")
        self.checkpoint = verify.Checkpoint(note, trust)
        if unsigned(tree, "tree_size") != self.checkpoint.size or \
                verify.unbase64(root, "root", 32) != self.checkpoint.root:
            raise Tampered("the manifest names another tree than its checkpoint")
        if not self.first <= self.end <= self.checkpoint.size or \
                self.records > self.end - self.first:
            raise Unverifiable("the range of the export is not one of its tree")
        self.voucher = self.vouched(lines[1], hashlib.sha256(lines[0] + b"\n").hexdigest(), trust)

    def vouched(self, line, digest, trust):
        document = verify.StrictParser(line, verify.FILE_MEMBERS).parse()
        if "unvouched" in document:
            members(document, ("unvouched",), "the second line")
            return None
        bundle, consistency = members(document, ("vouched", "consistency"), "the second line")
        alone = copy.copy(trust)
        alone.quorum = 0
        by = verify.Bundle(bundle, alone)
        shown = by.fields.shown
        details = shown.get("details")
        if (shown.get("type"), shown.get("tenant")) != ("audit.export", "_log") or \
                not isinstance(details, dict) or details.get("export") != "file":
            raise Unverifiable("the second line is not the log's record of an export")
        if by.index < self.checkpoint.size:
            raise Tampered("the log's record of the export is older than its tree")
        verify.check_grown(
            self.checkpoint, by.checkpoint, verify.inclusion_hashes(consistency, 128))
        if details.get("manifest_sha256") != digest:
            raise Tampered("the manifest is not the one that the log recorded")
        return by.index


def check_lines(data, manifest):
    """The lines of NDJSON; whether their leaves are all of the tree."""
    peaks, following, erased = verify.Peaks(), manifest.first, 0
    is_whole = manifest.first == 0
    for text in data.splitlines():
        line = json.loads(text)
        index = line["index"]
        if not following <= index < manifest.end:
            raise Tampered(f"the record at {index} is not where it may stand")
        is_whole = is_whole and index == following
        following, erased = index + 1, erased + len(line.get("erased", ()))
        leaf = verify.encode_leaf(
            line["timestamp_ms"], unhex(line["commitment"], 32, "commitment"),
            unhex(line["record_hash"], 32, "record_hash"))
        peaks.append(0, verify.leaf_hash(leaf))
    if erased != manifest.erased_fields:
        raise Tampered("another number of fields is erased")
    if not is_whole or peaks.size != manifest.checkpoint.size:
        return False
    if peaks.root() != manifest.checkpoint.root:
        raise Tampered("the lines do not make the checkpoint's root")
    return True


def count(data, form):
    if form in LINES:
        return data.count(b"\n")
    if form != "csv":
        raise Unverifiable("the format is not known")
    rows, is_quoted = 0, False
    for byte in data:
        is_quoted ^= byte == 0x22
        rows += byte == 0x0A and not is_quoted
    return max(0, rows - 1)


def verify_export(data, manifest_data, trust):
    """(manifest, whether the file has the whole tree's leaves)."""
    manifest = Manifest(manifest_data, trust)
    if len(data) < manifest.bytes:
        raise Unverifiable("the file is cut short")
    if len(data) > manifest.bytes or hashlib.sha256(data).hexdigest() != manifest.sha256:
        raise Tampered("the file is not the one that was exported")
    if count(data, manifest.format) != manifest.records:
        raise Tampered("the file has another number of records")
    return manifest, manifest.format == "ndjson" and check_lines(data, manifest)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--manifest", help="FILE.manifest, if it is not there")
    parser.add_argument("--vkey", required=True)
    options = parser.parse_args()
    manifest = options.manifest or options.file + ".manifest"
    try:
        found, is_whole = verify_export(
            pathlib.Path(options.file).read_bytes(), pathlib.Path(manifest).read_bytes(),
            verify.Trust(options.vkey))
    except Tampered as error:
        print(f"TAMPERED: {error}", file=sys.stderr)
        return 1
    except (Unverifiable, ValueError, KeyError, TypeError) as error:
        print(f"CANNOT BE VERIFIED: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return 4
    print(f"{found.records} records in {found.format}, at {found.first} to before {found.end}"
          + (", every leaf of the tree" if is_whole else ""))
    if found.voucher is None:
        print("NOT VOUCHED FOR by any record of the log", file=sys.stderr)
        return 2
    print(f"vouched for by record {found.voucher}\nverified")
    return 0


if __name__ == "__main__":
    sys.exit(main())
