#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A third of a log is erased, and everything else stays provable.

Records with a canary of their own in every field go in over HTTP; receipts, proofs, bundles, a set of
all records, and heads are kept. Then a random third of the records goes, half of them whole and half
by some of their fields. What was kept must verify as before; every field that stayed must be shown and
proven; no canary of what went may be in any byte of any file of the data folder, while those of what
stayed are found; the checks must name exactly what is gone. The log is killed meanwhile, again and
again: an erasure that was announced is carried out before anything is served, whoever asked for it.

    tools/fault/erasure.py                         # 10,000 records, 3 kills
    tools/fault/erasure.py --kills 100

`--keep-wal` shows that it can fail: it puts back, after the erasure, the write-ahead log from before.
"""

import argparse
import io
import json
import pathlib
import re
import shutil
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, Producer, binary, seeded  # noqa: E402
from recover import Checks  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Either half says which one it is, so that one that is cut by a page's end is found as well.
HALF = re.compile(rb"(?:cnry|yrnc)[a-z]{10}")
FIELDS = ("actor", "agent", "arguments", "details", "error", "labels", "model", "result", "source",
          "target", "tool", "trace", "usage")


class Record:
    """What one record holds, and what of it has been erased."""

    def __init__(self, generator, kind="tool.call", tenant="acme"):
        self.kind, self.tenant = kind, tenant

        def canary():
            one, two = ("".join(generator.choice(LETTERS) for _ in range(10)) for _ in range(2))
            return f"cnry{one}yrnc{two}"

        self.canaries = {name: canary() for name in FIELDS}
        self.erased, self.is_whole, self.index = set(), False, None

    @property
    def body(self):
        c = self.canaries
        return {"type": self.kind, "tenant": self.tenant, "outcome": "failure",
                "actor": {"id": c["actor"], "type": "human"}, "agent": {"id": c["agent"]},
                "arguments": {"text": c["arguments"], "n": 1}, "details": {"list": [1, c["details"]]},
                "error": {"class": "e", "message": c["error"]}, "labels": {"note": c["labels"]},
                "model": {"provider": "local", "name": c["model"]}, "result": [c["result"], None],
                "source": {"ua": c["source"]}, "target": [{"type": "file", "id": c["target"]}],
                "tool": {"name": "t", "call_id": c["tool"]}, "trace": {"trace_id": c["trace"]},
                "usage": {"note": c["usage"]}}

    def gone(self):
        return set(FIELDS) if self.is_whole else self.erased

    def halves(self, names):
        for name in names:
            text = self.canaries[name].encode()
            yield from (text[:14], text[14:])


class Scene:
    def __init__(self, folder, generator, count):
        self.random, self.checks, self.folder = generator, Checks(), folder
        self.log = LogProcess(folder / "data").init()
        # What is looked for must not be taken out for looking like a secret.
        (folder / "data" / "evident.yaml").write_text("redaction: none\n")
        self.tokens = {role: self.log.token(role) for role in ("producer", "auditor", "operator")}
        self.log.start()
        self.trust = verify.Trust(self.log.vkey())
        self.records, self.receipts, self.heads = [], [], {}
        self.submit(count)

    def submit(self, count):
        producer = Producer(self.log, self.tokens["producer"], timeout=120)
        for start in range(0, count, 500):
            part = [Record(self.random) for _ in range(min(500, count - start))]
            lines = "\n".join(json.dumps(one.body) for one in part)
            status, answer = producer.post(lines, kind="application/x-ndjson", key=f"b{start}")
            assert status == 200, answer[:300]
            *items, last = (json.loads(line) for line in answer.splitlines())
            for one, item in zip(part, items):
                assert item["status"] == 201, item
                one.index = item["receipt"]["index"]
                self.receipts.append({**item["receipt"], "checkpoint": last["checkpoint"]})
            self.see(last["checkpoint"])
            self.records += part
        producer.close()

    def see(self, note):
        head = verify.Checkpoint(note, self.trust)
        self.heads[head.size] = head.root

    def get(self, path, role="auditor"):
        return self.log.request("GET", path, headers={
            "Authorization": f"Bearer {self.tokens[role]}"}, timeout=300)

    # Before and after

    def keep(self, sample):
        """Proofs and bundles of some records, and one set of all of them."""
        chosen = self.random.sample(self.records, min(sample, len(self.records)))
        self.proofs = [self.get(f"/v1/audit/{one.index}/proof")[1] for one in chosen]
        self.bundles = [self.get(f"/v1/audit/{one.index}/bundle")[1] for one in chosen]
        self.set = self.all_records()
        self.see(self.log.request("GET", "/checkpoint")[1].decode())

    def all_records(self):
        status, body = self.get("/v1/audit/bundles?type=tool.call")
        assert status == 200, body[:300]
        return body

    def verify_kept(self):
        """Everything from before, by the independent verifier."""
        counts = {}
        for name, check, files in (
                ("receipts", verify.verify_receipt, (json.dumps(r).encode() for r in self.receipts)),
                ("proofs", verify.verify_tlog_proof, self.proofs),
                ("bundles", verify.verify_bundle, self.bundles),
                ("sets", lambda data, trust: verify.verify_set(io.BytesIO(data), trust), [self.set])):
            counts[name] = 0
            for data in files:
                try:
                    check(data, self.trust)
                    counts[name] += 1
                except (verify.Tampered, verify.Unverifiable) as error:
                    self.checks.expect(f"one of the {name} from before verifies", False, str(error))
        check = verify.LogCheck(verify.HTTPSource(self.log.url), self.trust)
        check.run()
        for size, root in self.heads.items():
            self.checks.expect(f"the root of {size} entries stands",
                               verify.tree_root(check.levels, size) == root)
        same = all(check.entries[r["index"]] == verify.encode_leaf(
            r["timestamp_ms"], bytes.fromhex(r["commitment"]), bytes.fromhex(r["record_hash"]))
            for r in self.receipts)
        self.checks.expect("every leaf is the one that was promised", same)
        return counts

    # Erasing

    def choose(self):
        """A random third: half of it whole, half of it by fields."""
        items = []
        for number, one in enumerate(self.random.sample(self.records, len(self.records) // 3)):
            if number % 2:
                one.is_whole = True
                items.append(one.index)
            else:
                one.erased = set(self.random.sample(FIELDS, self.random.randint(1, 8)))
                items.append({"index": one.index, "fields": sorted(one.erased)})
        return items

    def erase(self, items):
        """(status, answer) of one request to erase."""
        body = json.dumps({"dry_run": False, "reason": "test", "records": items})
        return self.log.request("POST", "/v1/admin/erasures", body, {
            "Authorization": f"Bearer {self.tokens['operator']}",
            "Content-Type": "application/json"}, timeout=300)

    def erase_all(self, items):
        for start in range(0, len(items), 1000):
            status, answer = self.erase(items[start:start + 1000])
            self.checks.expect("it is erased", status == 200, answer[:300])

    def announced(self):
        """What the log's own records say was erased: {index: names, empty for all}."""
        told, path = {}, "/v1/audit?type=erasure.request&tenant=_log&limit=1000"
        while path:
            page = json.loads(self.get(path)[1])
            for item in page["records"]:
                for index, *names in item["record"]["details"]["erased"]:
                    told[index] = set() if not names or told.get(index) == set() else \
                        told.get(index, set()) | set(names)
            following = page.get("next_cursor")
            path = f"/v1/audit?type=erasure.request&tenant=_log&limit=1000&cursor={following}" \
                if following else None
        return told

    def check_shown(self):
        """A set made now shows and proves every field that is left, and claims the rest as erased."""
        data, shown = self.all_records(), 0
        verify.verify_set(io.BytesIO(data), self.trust)
        lines = {}
        for line in data.splitlines():
            value = json.loads(line)
            if "index" in value and "fields" in value:
                lines[value["index"]] = value["fields"]
        wrong = []
        for one in self.records:
            fields = lines.get(one.index)
            if one.is_whole:
                wrong += [one.index] if fields is not None else []
                continue
            members = "".join(f["member"] for f in fields or [] if "member" in f)
            erased = {f["name"] for f in fields or [] if "erased" in f}
            kept = [c for name, c in one.canaries.items() if name not in one.erased]
            shown += len(kept)
            if not all(c in members for c in kept) or erased != one.erased:
                wrong.append(one.index)
        self.checks.expect("every record shows all that is left of it and nothing else", not wrong,
                           f"{len(wrong)}: {wrong[:9]}")
        return shown

    # What is left on the disk

    def scan(self):
        """(halves of canaries found, bytes read) in every file of the data folder."""
        found, size = set(), 0
        for path in sorted((self.folder / "data").rglob("*")):
            if path.is_file() and not path.is_socket():
                data = path.read_bytes()
                size += len(data)
                found.update(HALF.findall(data))
        return found, size

    def places(self, halves):
        """Where these are: files, and how many of them at which offset of which."""
        return {str(path.relative_to(self.folder)): [data.find(half) for half in halves if half in data]
                for path in (self.folder / "data").rglob("*") if path.is_file()
                for data in [path.read_bytes()] if any(half in data for half in halves)}

    def is_in_ledger(self, index):
        """Whether the ledger beside the anchor names a record."""
        for line in (self.log.data / "anchor.erasures").read_text("utf-8").splitlines():
            for entry in json.loads(line).get("erased", []):
                numbers = [n for n in entry if isinstance(n, int)]
                if numbers[0] <= index <= numbers[-1]:
                    return True
        return False

    def check_files(self, what):
        found, size = self.scan()
        gone = {h for one in self.records for h in one.halves(one.gone())}
        kept = {h for one in self.records for h in one.halves(set(FIELDS) - one.gone())}
        left = found & gone
        self.checks.expect(f"{what}: no byte of what was erased is left", not left,
                           f"{len(left)}: {sorted(left)[:3]} in {self.places(left)}")
        self.checks.expect(f"{what}: what was not erased is found", len(found & kept) >= len(kept) *
                           0.99, f"{len(found & kept)} of {len(kept)}")
        return size

    def check_folder(self, what):
        """The log's own checks, of a folder that no server has open."""
        whole = sum(one.is_whole for one in self.records)
        done = self.checks.run(f"{what}: chain", binary(), "verify", "chain", "--data", self.log.data,
                               "--json")
        erased = json.loads(done.stdout or "{}").get("states", {}).get("erased")
        self.checks.expect(f"{what}: {whole} records are erased", erased == whole, str(erased))
        self.checks.run(f"{what}: fsck", binary(), "fsck", "--data", self.log.data)


def whole_third(folder, generator, options):
    """The main check, on one log."""
    scene = Scene(folder, generator, options.records)
    with scene.log:
        scene.keep(options.sample)
        items = scene.choose()
        old = (folder / "data/store/log.sqlite-wal").read_bytes() if options.keep_wal else None
        began = time.monotonic()
        scene.erase_all(items)
        seconds = time.monotonic() - began
        if old is not None:
            (folder / "data/store/left-over").write_bytes(old)
        size = scene.check_files("beside the server")
        counts = scene.verify_kept()
        shown = scene.check_shown()
        told = scene.announced()
        wanted = {one.index: one.erased for one in scene.records if one.gone()}
        scene.checks.expect("the log tells exactly what was erased", told == wanted,
                            f"{len(told)} {len(wanted)}")
        scene.log.stop()
        scene.check_files("after the end")
        scene.check_folder("after the end")
    fields = sum(len(one.gone()) for one in scene.records)
    print(f"{len(scene.records)} records with {len(FIELDS)} canaries each; {len(items)} touched, "
          f"{sum(one.is_whole for one in scene.records)} whole, {fields} fields gone, in {seconds:.1f} s; "
          f"{size / 1e6:.0f} MB searched twice; verified after: "
          + ", ".join(f"{count} {name}" for name, count in counts.items())
          + f", {len(scene.heads)} roots; {shown} fields that stayed are shown and proven", flush=True)
    return scene.checks


def killed(folder, generator, options):
    """An erasure is cut by a kill, later each time, and must be there in full after a restart."""
    scene, total = Scene(folder, generator, 60 * max(4, options.kills)), Checks()
    with scene.log:
        scene.keep(10)
        free = list(scene.records)
        spans, announced, unnamed = [], 0, 0
        for turn in range(options.kills):
            chosen, free = free[:40], free[40:]
            items = [one.index for one in chosen]
            if turn == 0:
                began = time.monotonic()
                scene.erase(items)
                spans.append(time.monotonic() - began)
                mark(chosen)
                continue
            # From before the announcement to after the end, in equal steps.
            delay = spans[0] * 1.2 * (turn - 1) / max(1, options.kills - 2)
            thread = threading.Thread(target=lambda: quietly(scene.erase, items))
            thread.start()
            time.sleep(delay)
            scene.log.kill()
            thread.join()
            named = scene.is_in_ledger(items[0])
            scene.log.start(20)
            told = set(scene.announced())
            if told & set(items):
                announced, unnamed = announced + 1, unnamed + (not named)
                scene.checks.expect(f"kill {turn}: all of it was announced", told >= set(items))
                scene.checks.expect(f"kill {turn}: the ledger names it",
                                    all(map(scene.is_in_ledger, items)))
                mark(chosen)
            scene.check_files(f"kill {turn}")
        scene.verify_kept()
        scene.log.stop()
        scene.check_files("after the kills")
        scene.check_folder("after the kills")
    print(f"{options.kills - 1} kills during erasures of 40 records; {announced} had been announced and "
          f"were carried out before anything was served, {unnamed} of them before the ledger had named "
          "them", flush=True)
    total.passed, total.failed = scene.checks.passed, scene.checks.failed
    return total


def mark(records):
    for one in records:
        one.is_whole = True


def quietly(call, *arguments):
    try:
        call(*arguments)
    except Exception:  # the server was killed
        pass


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--sample", type=int, default=500, help="proofs and bundles that are kept")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--keep-wal", action="store_true", help="shows that it can fail")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    generator = seeded(options)
    passed, failed = 0, []
    for number, part in enumerate((whole_third, killed)):
        with tempfile.TemporaryDirectory(prefix="erasure-") as name:
            (pathlib.Path(name) / str(number)).mkdir()
            checks = part(pathlib.Path(name) / str(number), generator, options)
            passed, failed = passed + checks.passed, failed + checks.failed
            shutil.rmtree(name, ignore_errors=True)
    print(f"{passed} of {passed + len(failed)} checks held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
