#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the worked examples of spec/ with Tests/Vectors, and follows the links of every text.

A fenced block marked `vectors FILE PATH` holds lines `name = value`, each a value below PATH of
Tests/Vectors/FILE (`.` is the whole file). A block marked `vector FILE PATH` is one text value,
verbatim. Links between texts must lead to a file of the repository. Exit status: 0 good, 1 an example or a link is wrong.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(vectors?) (\S+) (\S+)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def lookup(value, path):
    """The value at a path like `records[4].fields[0].salt`."""
    for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", "" if path == "." else path):
        value = value[int(index)] if index else value[name]
    return value


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_block(kind, base, body):
    """Yields (line within the block, what is wrong)."""
    if kind == "vector":
        if body != (base if base.endswith("\n") else base + "\n"):
            yield 0, "differs from the vector"
        return
    for number, line in enumerate(body.splitlines(), 1):
        name, separator, value = line.partition(" = ")
        try:
            want = as_text(lookup(base, name))
        except (KeyError, IndexError, TypeError):
            yield number, f"the vectors have no {name}"
            continue
        if not separator or value != want:
            yield number, f"{name} differs from the vector, which is {want}"


def check_examples(path, text):
    for match in FENCE.finditer(text):
        kind, file, where, body = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        try:
            base = lookup(json.loads((ROOT / "Tests/Vectors" / file).read_text("utf-8")), where)
        except (OSError, KeyError, IndexError):
            yield line, f"no vector {file} {where}"
            continue
        yield from ((line + n, text) for n, text in check_block(kind, base, body))


def check_links(path, text):
    for match in LINK.finditer(re.sub(r"^```.*?^```$", lambda m: re.sub(r"[^\n]", " ", m.group()),
                                      text, flags=re.M | re.S)):
        target = match.group(1).partition("#")[0]
        if re.match(r"[a-z]+:", target) or not target:
            continue
        if not (path.parent / target).exists():
            yield text.count("\n", 0, match.start()) + 1, f"the link {target} leads nowhere"


def main():
    texts = sorted(p for p in ROOT.rglob("*.md")
                   if not {".build", ".git"}.intersection(p.relative_to(ROOT).parts))
    findings, examples = 0, 0
    for path in texts:
        text = path.read_text("utf-8")
        found = list(check_examples(path, text)) + list(check_links(path, text))
        count = len(FENCE.findall(text))
        examples += count
        name = path.relative_to(ROOT)
        if name.parts[0] == "spec" and not count:
            found.append((1, "no worked example; add one from Tests/Vectors"))
        for line, problem in found:
            print(f"{name}:{line}: {problem}")
        findings += len(found)
    print(f"check_spec: {len(texts)} texts, {examples} examples, {findings} finding(s)")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
