#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the explorer's own scripts over Tests/Vectors, in headless Chromium.

Every valid case holds, every refused one is refused: JSON, numbers, commitments, leaves, trees,
tiles, notes and policies. The scripts come from a server of nothing but Sources/CExplorer/web, under
the explorer's own policy.
"""

import functools
import hashlib
import http.server
import json
import pathlib
import sys
import threading
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB = ROOT / "Sources" / "CExplorer" / "web"
from headless import Browser  # noqa: E402


def vectors(name):
    return json.loads((ROOT / "Tests" / "Vectors" / f"{name}.json").read_text("utf-8"))


class Files(http.server.SimpleHTTPRequestHandler):
    """The folder, and an empty page that may run what lies in it."""

    def end_headers(self):
        self.send_header("Content-Security-Policy", "default-src 'none'; script-src 'self'")
        super().end_headers()

    def do_GET(self):
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>core</title>")
        return None

    def log_message(self, *_):
        pass


class Core(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Files, directory=str(WEB)))
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.browser = Browser()
        cls.browser.open(f"http://127.0.0.1:{cls.server.server_port}/")

    @classmethod
    def tearDownClass(cls):
        cls.browser.driver.quit()
        cls.server.shutdown()

    def run_in_page(self, script, *given):
        """The list of what failed, each as text; the script may use any exported name."""
        names = {"bytes": "B", "json": "J", "sha256": "S", "record": "R", "merkle": "M",
                 "tiles": "T", "keys": "K", "note": "N", "policy": "P", "verdict": "V"}
        imports = "".join(
            f"const {short} = await import('/{name}.js');" for name, short in names.items())
        return self.browser.run(
            imports + "const failed = []; const check = (good, what) => {"
            " if (!good) failed.push(String(what)); };"
            "const fails = (work) => { try { work(); return false; } catch (error) {"
            " return error instanceof V.Unverifiable || error instanceof V.Tampered; } };"
            + script + "; return failed;", *given)

    def test_sha256(self):
        cases = [(bytes([n % 251]) * n).hex() for n in (*range(0, 132), 1000, 4095, 4096)]
        want = [hashlib.sha256(bytes.fromhex(case)).hexdigest() for case in cases]
        self.assertEqual([], self.run_in_page(
            "given[0].forEach((text, at) => check(B.hex(S.sha256("
            "B.unhex(text, text.length / 2))) === given[1][at], text.length))", cases, want))

    def test_canonical_json(self):
        self.assertEqual([], self.run_in_page("""
            for (const { input, canonical } of given[0].accept) {
                const text = J.canonical(J.parseStrict(B.utf8(input)));
                check(text === canonical && J.parseCanonical(text), input);
            }
            for (const { why, input_base64: input } of given[0].refuse) {
                check(fails(() => J.parseStrict(B.unbase64(input))), why);
            }
            const members = (count) => B.utf8(
                `{${Array.from({ length: count }, (_, at) => `"m${at}":0`).join()}}`);
            check(J.parseStrict(members(1000)).size === 1000, "1,000 members");
            check(fails(() => J.parseStrict(members(1001))), "1,001 members");
            for (const number of ["9007199254740991.4", "1e999999999999", "1e-999999999999",
                "1-2", "--1", "1.", ".5", "01", "+1", "1e", "0x10"]) {
                check(fails(() => J.parseStrict(B.utf8(`{"a":${number}}`))), number);
            }
            check(J.canonical(J.parseStrict(B.utf8('{"__proto__":{"a":1}}'))) === '{"__proto__":{"a":1}}',
                "__proto__")""", vectors("canonical-json")))

    def test_number_text(self):
        self.assertEqual([], self.run_in_page("""
            for (const { ieee754_hex: bits, text } of given[0].cases) {
                const value = new DataView(B.unhex(bits, 8).buffer).getFloat64(0);
                check(J.canonical(value) === text, text);
            }""", vectors("ecmascript-numbers")))

    def test_records_and_leaves(self):
        self.assertEqual([], self.run_in_page("""
            for (const record of given[0].records) {
                const seed = B.unhex(record.seed, 32);
                const commitment = R.commitRecord(given[0].origin, record.canonical, seed);
                const recordHash = B.unhex(record.record_hash, 32);
                const leaf = R.encodeLeaf({ timestampMS: record.timestamp_ms, commitment, recordHash });
                check(B.hex(commitment) === record.commitment, "commitment");
                check(B.base64(leaf) === record.leaf_base64, "leaf");
                check(B.hex(M.leafHash(leaf)) === record.leaf_hash, "leaf hash");
                for (let bit = 0; bit < 8 * leaf.length; bit += 1) {
                    const bad = leaf.slice();
                    bad[bit >> 3] ^= 1 << (bit & 7);
                    const read = R.decodeLeaf(bad);
                    check(!read || B.hex(R.encodeLeaf(read)) === B.hex(bad), "a changed bit");
                }
                check(fails(() => R.commitRecord(given[0].origin, ` ${record.canonical}`, seed)), "space");
            }""", vectors("records")))

    def test_trees(self):
        self.assertEqual([], self.run_in_page("""
            const bytes = (text) => B.unhex(text, 32);
            for (const { index, size, leaf_hash: leaf, proof, root } of given[0].inclusion) {
                const hashes = proof.map(bytes);
                const follow = (path, at = index) => M.followInclusion(at, size, bytes(leaf), path).root;
                check(B.hex(follow(hashes)) === root, "inclusion");
                check(fails(() => follow([...hashes, bytes(leaf)])), "longer");
                check(hashes.length === 0 || fails(() => follow(hashes.slice(1))), "shorter");
                check(fails(() => follow(hashes, size)), "beyond");
            }
            for (const { old_size: from, size, old_root: old, root, proof } of given[0].consistency) {
                const test = (path, older = old) => M.checkConsistency(
                    from, size, bytes(older), bytes(root), path);
                const hashes = proof.map(bytes);
                check(!fails(() => test(hashes)), `${from} to ${size}`);
                check(fails(() => test([...hashes, bytes(old)])), "longer");
                check(hashes.length === 0 || fails(() => test(hashes.slice(1))), "shorter");
                check(from === 0 || fails(() => test(hashes, "00".repeat(32))), "another root");
            }""", vectors("tree")))

    def test_proofs_from_tiles(self):
        """Every proof of every tree of up to 40 leaves, and some across tiles, against the roots."""
        self.assertEqual([], self.run_in_page("""
            const rootOf = (leaves) => leaves.length === 0 ? M.EMPTY_ROOT : M.foldSubtrees(
                M.subtrees([0, leaves.length]).map(({ height, index }) => {
                    let row = leaves.slice(index * 2 ** height, (index + 1) * 2 ** height);
                    while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, at) => (
                        M.nodeHash(row[2 * at], row[2 * at + 1])));
                    return row[0];
                }));
            const all = Array.from({ length: 70000 }, (_, at) => (
                M.leafHash(at < 256 ? [at] : [at >> 16, at >> 8 & 255, at & 255])));
            const roots = given[0].roots;
            roots.forEach((root, size) => check(B.hex(rootOf(all.slice(0, size))) === root, size));
            const readerOf = (size) => {
                const levels = [all.slice(0, size)];
                while (levels.at(-1).length >= 256) {
                    const below = levels.at(-1);
                    levels.push(Array.from({ length: Math.floor(below.length / 256) }, (_, at) => (
                        rootOf(below.slice(256 * at, 256 * at + 256)))));
                }
                return new T.TileReader(async (path) => {
                    const level = Number(path.split("/")[1]);
                    const index = Number(path.split(".p/")[0].split("/").slice(2).join("").replaceAll("x", ""));
                    const width = Number(path.split(".p/")[1] ?? 256);
                    check(path === T.tilePath(level, index, width), path);
                    return B.joined(...levels[level].slice(256 * index, 256 * index + width));
                });
            };
            const sizes = [...roots.keys()].slice(1);
            for (const size of [...sizes, 256, 257, 700, 65536, 70000]) {
                const [tiles, root] = [readerOf(size), rootOf(all.slice(0, size))];
                const some = [0, 1, 255, 256, 300, size >> 1, size - 2, size - 1].filter((n) => n >= 0);
                for (const index of size > 40 ? some.filter((n) => n < size) : Array(size).keys()) {
                    const proof = (await tiles.inclusion(index, size)).map(({ hash }) => hash);
                    const got = M.followInclusion(index, size, all[index], proof).root;
                    check(B.areEqual(got, root), `${index} of ${size}`);
                }
                for (const from of size > 40 ? some.filter((n) => n <= size) : Array(size + 1).keys()) {
                    const proof = (await tiles.consistency(from, size)).map(({ hash }) => hash);
                    check(!fails(() => M.checkConsistency(
                        from, size, rootOf(all.slice(0, from)), root, proof)), `${from} to ${size}`);
                }
            }""", vectors("tree")))

    def test_tile_paths(self):
        self.assertEqual([], self.run_in_page("""
            for (const { level, index, width, path } of given[0].paths) {
                const name = level === -1 ? "entries" : level;
                check(T.tilePath(name, index, width) === path, path);
            }
            for (const { size, tiles } of given[0].covers) {
                for (const [level, index, width] of tiles) {
                    check(T.tileWidth(level, index, size) === width, `${size}: ${level} ${index}`);
                }
            }""", vectors("tiles")))

    def test_checkpoints(self):
        self.assertEqual([], self.run_in_page("""
            const { vkey, note, witness_vkey: witness, ecdsa_spki_base64: spki } = given[0];
            const policy = P.parsePolicy(`witness w ${witness}\\nquorum w\\n`);
            const pinned = K.pinLog(vkey, policy);
            pinned.keys.push(K.treeHeadKey(pinned.origin, B.unbase64(spki)));
            check(K.treeHeadKey(pinned.origin, B.unbase64(spki)).id === given[0].sth_key_id, "key id");
            const opened = await N.openCheckpoint(note, pinned);
            check(opened.signatures.every(({ key }) => key), "three known lines");
            check(opened.signatures[1].signedMS === BigInt(given[0].sth_timestamp_ms), "time");
            check(opened.signatures[2].signedMS === 1000n * BigInt(given[0].cosignature_time_s), "cosigned");
            N.checkPolicy(opened, pinned);
            N.checkTime(given[0].sth_timestamp_ms, opened);
            check(fails(() => N.checkTime(given[0].sth_timestamp_ms + 1, opened)), "later");
            const bytes = B.utf8(note);
            for (let at = 0; at < bytes.length; at += 1) {
                const bad = bytes.slice();
                bad[at] ^= 1;
                let signatures = [];
                try {
                    signatures = (await N.openCheckpoint(N.noteText(bad), pinned)).signatures;
                } catch (error) {
                    check(error instanceof V.Tampered || error instanceof V.Unverifiable, error);
                }
                check(signatures.filter(({ key }) => key).length < 3, `byte ${at}`);
            }
            for (let end = 0; end < note.length; end += 1) {
                // One that ends with a whole line is a note too, of fewer signatures.
                const isWhole = note[end - 1] === "\\n" && end > given[0].body.length + 1;
                let isOpen = true;
                await N.openCheckpoint(note.slice(0, end), pinned).catch(() => { isOpen = false; });
                check(isOpen === isWhole, `prefix ${end}`);
            }
            for (let at = 0; at < vkey.length; at += 1) {
                const bad = vkey.slice(0, at) + String.fromCharCode(vkey.charCodeAt(at) ^ 1)
                    + vkey.slice(at + 1);
                check(fails(() => K.parseKey(bad)), bad);
            }""", vectors("checkpoint")))

    def test_policies(self):
        self.assertEqual([], self.run_in_page("""
            const { witness_vkey: one, vkey } = given[0];
            const other = (name) => {
                const { material } = K.parseKey(one);
                const changed = material.slice();
                changed[0] ^= name.charCodeAt(0);
                const id = B.hex(S.sha256(B.utf8(`${name}\\n`), [4], changed).subarray(0, 4));
                return `${name}+${id}+${B.base64(B.joined([4], changed))}`;
            };
            const lines = `# three of them\\nlog ${vkey} https://log.example.com\\n`
                + ["a", "b", "c"].map((name) => `witness ${name} ${other(name)}\\n`).join("");
            const keys = P.parsePolicy(`${lines}quorum none\\n`).witnesses;
            const met = (quorum, places) => P.parsePolicy(lines + quorum).isSatisfied(
                places.map((at) => keys[at]));
            check(met("quorum none\\n", []), "none");
            check(met("quorum b\\n", [1]) && !met("quorum b\\n", [0, 2]), "one");
            const group = "group g 2 a b c\\nquorum g\\n";
            check(met(group, [0, 2]) && !met(group, [1]), "two of three");
            check(met("group g any a b\\ngroup h all g c\\nquorum h\\n", [1, 2]), "nested");
            check(!met("group g any a b\\ngroup h all g c\\nquorum h\\n", [0, 1]), "nested, not met");
            for (const bad of ["", "quorum d\\n", "quorum a\\nquorum a\\n", "group a any b\\nquorum a\\n",
                "group g 4 a b c\\nquorum g\\n", "group g 0 a\\nquorum g\\n", "group g any a a\\nquorum g\\n",
                "group g any a\\ngroup h any a\\nquorum h\\n", "witness a " + other("d") + "\\nquorum a\\n",
                `witness d ${vkey}\\nquorum d\\n`, `witness d ${other("a")}\\nquorum d\\n`, "quorum a b\\n",
                "sometimes a\\nquorum a\\n", "toString\\nquorum a\\n", "quorum a\\u0007\\n"]) {
                check(fails(() => P.parsePolicy(lines + bad)), bad);
            }""", vectors("checkpoint")))


if __name__ == "__main__":
    unittest.main()
