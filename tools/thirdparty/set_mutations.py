# SPDX-License-Identifier: Apache-2.0
"""The mutations that Tests/Vectors/bundle-set.json names, made from its valid set."""

import copy
import json

import verify_evident as verify
from mutations import flipped, flipped_base64, unused_bits

# Lines of the vector's set, by their place.
HEADER, SKIP, RECORD, SKIP_OF_TWO, RECORD_7, RECORD_10, REPORT, END, VOUCHED = \
    0, 1, 2, 3, 4, 7, 10, 11, 12
RECORDS, SKIPS = (2, 4, 6, 7, 9), (1, 3, 5, 8)


def compact(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def joined(lines):
    return "".join(line + "\n" for line in lines).encode()


class SetMutations:
    """Yields (name, bytes) for every mutation of the vector."""

    def __init__(self, vector):
        self.lines, self.vector = vector["lines"], vector
        self.parsed = [json.loads(line) for line in self.lines]

    def edited(self, place, change):
        document = copy.deepcopy(self.parsed[place])
        change(document)
        return joined([*self.lines[:place], compact(document), *self.lines[place + 1:]])

    def all(self):
        for part in (self.file, self.header, self.record, self.erased, self.skip, self.end,
                     self.vouched, self.form):
            yield from part()

    def file(self):
        lines, data = self.lines, joined(self.lines)
        for n in range(len(lines)):
            yield "a line dropped", joined(lines[:n] + lines[n + 1:])
            yield "a line repeated", joined([*lines[:n], lines[n], *lines[n:]])
            yield "an empty line added", joined([*lines[:n], "", *lines[n:]])
            if n < VOUCHED:
                yield "white space at the end of any line but the last", joined(
                    [*lines[:n], lines[n] + " ", *lines[n + 1:]])
            yield "a line of another kind", joined([*lines[:n], '{"note":"x"}', *lines[n:]])
            for m in range(n):
                swapped = list(lines)
                swapped[n], swapped[m] = swapped[m], swapped[n]
                yield "two lines exchanged", joined(swapped)
        yield "the last line feed removed", data[:-1]
        for more in (b"\n", b" ", b"x", b"{}\n"):
            yield "bytes after the last line", data + more

    def header(self):
        def note(change):
            return self.edited(HEADER, lambda d: d.update(checkpoint=change(d["checkpoint"])))

        def line_of(text, number, change):
            parts = text.split("\n")
            parts[number] = change(parts[number])
            return "\n".join(parts)

        yield "header: checkpoint of another size", note(lambda t: t.replace("\n15\n", "\n16\n"))
        yield "header: checkpoint of another size", self.edited(HEADER, lambda d: d.update(
            checkpoint=self.parsed[VOUCHED]["vouched"]["checkpoint"]))
        yield "header: a signature of another key", note(
            lambda t: line_of(t, 4, lambda s: s[:-8] + "AAAAAAA="))
        yield "header: query changed", self.edited(HEADER, lambda d: d.update(query={}))
        yield "header: first above a record's index", self.edited(
            HEADER, lambda d: d.update(first=5))
        yield "header: end above the size", self.edited(HEADER, lambda d: d.update(end=16))
        yield "header: end at a record's index", self.edited(HEADER, lambda d: d.update(end=14))
        yield "header: fields out of order", self.edited(HEADER, lambda d: d["fields"].reverse())
        yield "header: fields out of order", self.edited(
            HEADER, lambda d: d["fields"].insert(0, d["fields"][0]))

    def record(self):
        for place in RECORDS:
            line = self.parsed[place]

            def edited(change, place=place):
                return self.edited(place, change)

            yield "record: index + 1", edited(lambda d: d.update(index=d["index"] + 1))
            yield "record: timestamp_ms + 1", edited(
                lambda d: d.update(timestamp_ms=d["timestamp_ms"] + 1))
            yield "record: one bit of record_hash", edited(
                lambda d: d.update(record_hash=flipped(d["record_hash"])))
            yield "record: fields reordered", edited(lambda d: d["fields"].reverse())
            for n, field in enumerate(line["fields"]):
                yield "record: a field dropped", edited(lambda d, n=n: d["fields"].pop(n))
                if "member" in field:
                    for at in range(len(field["member"])):
                        text = field["member"]
                        other = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1:]
                        yield "record: one character of a member", edited(
                            lambda d, n=n, other=other: d["fields"][n].update(member=other))
                    yield "record: a salt byte", edited(
                        lambda d, n=n: d["fields"][n].update(salt=flipped(d["fields"][n]["salt"])))
                    name, _, value = field["member"].partition(":")
                    yield ("record: a member whose text is not canonical but parses equal",
                           edited(lambda d, n=n, text=f"{name}: {value}":
                                  d["fields"][n].update(member=text)))
                else:
                    yield "record: a digest byte", edited(lambda d, n=n: d["fields"][n].update(
                        digest=flipped(d["fields"][n]["digest"])))
                    yield "record: a hidden field renamed", edited(
                        lambda d, n=n: d["fields"][n].update(name=d["fields"][n]["name"] + "x"))
            yield "record: v hidden", edited(lambda d: d["fields"].__setitem__(
                -1, {"name": "v", "digest": "00" * 32}))

    def erased(self):
        place = next(n for n, f in enumerate(self.parsed[RECORD_7]["fields"]) if "erased" in f)
        yield "record: erased names another record", self.edited(
            RECORD_7, lambda d: d["fields"][place].update(erased=10))
        yield "record: erased names a record that is not in the log", self.edited(
            RECORD_7, lambda d: d["fields"][place].update(erased=99))

    def skip(self):
        for n in SKIPS:
            yield "skip: skip_to + 1", self.edited(n, lambda d: d.update(skip_to=d["skip_to"] + 1))
            yield "skip: skip_to where it begins", self.edited(n, lambda d: d.update(
                skip_to=0 if n == SKIP else self.parsed[n - 1]["index"] + 1))
            yield "skip: beyond the size", self.edited(n, lambda d: d.update(skip_to=16))
            yield "skip: a node dropped", self.edited(n, lambda d: d["nodes"].pop())
            yield "skip: a node added", self.edited(
                n, lambda d: d["nodes"].append(d["nodes"][0]))
            for m in range(len(self.parsed[n]["nodes"])):
                yield "skip: a node's byte", self.edited(n, lambda d, m=m: d["nodes"].__setitem__(
                    m, flipped_base64(d["nodes"][m])))
        yield "skip: two nodes exchanged", self.edited(
            SKIP_OF_TWO, lambda d: d["nodes"].reverse())
        first, second = self.parsed[SKIP_OF_TWO]["nodes"]
        yield "skip cut in two where a node is", joined([
            *self.lines[:SKIP_OF_TWO], compact({"skip_to": 6, "nodes": [first]}),
            compact({"skip_to": 7, "nodes": [second]}), *self.lines[SKIP_OF_TWO + 1:]])

    def end(self):
        yield "report changed", self.edited(REPORT, lambda d: d["content"].update(result="x"))
        yield "report of an unknown kind", self.edited(REPORT, lambda d: d.update(report="other"))
        yield "end: records + 1", self.edited(END, lambda d: d.update(records=d["records"] + 1))

    def vouched(self):
        def edited(change):
            return self.edited(VOUCHED, change)

        def hide(document):
            fields = document["vouched"]["fields"]
            place = next(n for n, f in enumerate(fields) if f["member"].startswith('"details"'))
            digest = verify.field_digest(
                bytes.fromhex(fields[place]["salt"]), fields[place]["member"].encode())
            fields[place] = {"name": "details", "digest": digest.hex()}

        yield "vouched: another record of the log", edited(
            lambda d: d.update(vouched=self.vector["erasure"]))
        yield "vouched: details hidden", edited(hide)
        yield "vouched: sha256 of another file", self.edited(
            HEADER, lambda d: d.update(made_ms=d["made_ms"] + 1))
        yield "vouched: inclusion truncated", edited(lambda d: d["vouched"]["inclusion"].pop())
        yield "vouched: consistency truncated", edited(lambda d: d["consistency"].pop())
        yield "vouched: consistency extended by a hash", edited(
            lambda d: d["consistency"].append(d["consistency"][0]))

    def form(self):
        for n in range(len(self.lines)):
            yield "an unknown member in each line", self.edited(n, lambda d: d.update(note="x"))
        for n in RECORDS:
            yield "upper-case hex", self.edited(
                n, lambda d: d.update(record_hash=d["record_hash"].upper()))
        for n in SKIPS:
            yield "base64 with non-zero trailing bits", self.edited(
                n, lambda d: d["nodes"].__setitem__(0, unused_bits(d["nodes"][0])))
