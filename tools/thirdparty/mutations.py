# SPDX-License-Identifier: Apache-2.0
"""The mutations that Tests/Vectors/bundle.json names, made from its valid bundle."""

import base64
import copy
import json

import verify_evident as verify


def encoded(document):
    return json.dumps(document, ensure_ascii=False).encode()


def flipped(text):
    """The same text with its first hex digit changed."""
    return ("0" if text[0] != "0" else "1") + text[1:]


def flipped_base64(text):
    data = bytearray(base64.b64decode(text))
    data[0] ^= 1
    return base64.b64encode(bytes(data)).decode()


def unused_bits(text):
    """The same bytes with a bit set that base64 leaves unused."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-2] + alphabet[alphabet.index(text[-2]) ^ 1] + "="


def bundle_mutations(vector):
    """(name, bytes) for every mutation that bundle.json names."""
    valid = vector["valid"]
    lines = valid["checkpoint"].split("\n")
    log_lines = [n for n, line in enumerate(lines) if line.startswith("\u2014 log.")]

    def edited(change):
        document = copy.deepcopy(valid)
        change(document)
        return encoded(document)

    def note(change):
        def apply(document):
            text = list(lines)
            change(text)
            document["checkpoint"] = "\n".join(text)
        return edited(apply)

    def field(number, **values):
        return edited(lambda d: d["fields"][number].update(values))

    yield "index 5", edited(lambda d: d.update(index=5))
    yield "timestamp_ms + 1", edited(lambda d: d.update(timestamp_ms=d["timestamp_ms"] + 1))
    yield "one bit of record_hash", edited(
        lambda d: d.update(record_hash=flipped(d["record_hash"])))
    for number, one in enumerate(valid["fields"]):
        if "member" in one:
            for at in range(len(one["member"])):
                bad = one["member"][:at] + chr(ord(one["member"][at]) ^ 1) + one["member"][at + 1:]
                yield "one character of any member", field(number, member=bad)
            yield "a salt byte", field(number, salt=flipped(one["salt"]))
        else:
            yield "a digest byte", field(number, digest=flipped(one["digest"]))
            yield "a hidden field renamed", field(number, name=one["name"] + "x")
    yield "fields reordered", edited(lambda d: d["fields"].reverse())
    yield "fields reordered", edited(
        lambda d: d["fields"].__setitem__(slice(0, 2), d["fields"][1::-1]))
    for number in range(len(valid["fields"])):
        yield "a field dropped", edited(lambda d, n=number: d["fields"].pop(n))
    yield "inclusion truncated", edited(lambda d: d["inclusion"].pop())
    yield "inclusion extended by a hash", edited(
        lambda d: d["inclusion"].append(d["inclusion"][0]))
    yield "checkpoint size + 1", note(lambda t: t.__setitem__(1, "15"))
    yield "checkpoint root byte", note(lambda t: t.__setitem__(2, flipped_base64(t[2])))
    yield "checkpoint origin", note(lambda t: t.__setitem__(0, "log.example.com/other"))
    yield "a signature of another key", note(
        lambda t: t.__setitem__(log_lines[0], t[log_lines[0]].replace("Iz2O9", "Iz2O8")))
    yield "a signature of another key", note(lambda t: t.__setitem__(
        log_lines[0], t[log_lines[0]][:-90] + flipped_base64(t[log_lines[0]].split()[-1])))
    yield "all signature lines but the witness's removed", note(
        lambda t: [t.pop(n) for n in reversed(log_lines)])
    yield "a member whose text is not canonical but parses equal", field(
        8, member='"tool":{"name":"search","call_id":"c1"}')
    yield "a member whose text is not canonical but parses equal", field(
        0, member='"action": "execute_tool"')
    yield "a member whose text is not canonical but parses equal", field(
        0, member='"action":"e\\u0078ecute_tool"')
    yield "two fields of one name", edited(lambda d: d["fields"].insert(1, d["fields"][0]))
    yield "two fields of one name", edited(lambda d: d["fields"].insert(1, d["fields"][1]))
    yield "a hidden second field of a shown name", edited(
        lambda d: d["fields"].insert(1, {"name": "action", "digest": "00" * 32}))
    yield "v hidden", edited(
        lambda d: d["fields"].__setitem__(-1, {"name": "v", "digest": hidden_v(d)}))
    yield "an unknown member in the file", edited(lambda d: d.update(note="x"))
    yield "an unknown member in the file", field(0, note="x")
    yield "an unknown member in the file", field(1, note="x")
    yield "upper-case hex", edited(lambda d: d.update(record_hash=d["record_hash"].upper()))
    yield "upper-case hex", field(0, salt=valid["fields"][0]["salt"].upper())
    yield "upper-case hex", field(1, digest=valid["fields"][1]["digest"].upper())
    yield "base64 with non-zero trailing bits", edited(
        lambda d: d["inclusion"].__setitem__(0, unused_bits(d["inclusion"][0])))
    yield "base64 with non-zero trailing bits", note(
        lambda t: t.__setitem__(2, unused_bits(t[2])))


def hidden_v(document):
    field = document["fields"][-1]
    return verify.field_digest(bytes.fromhex(field["salt"]), field["member"].encode()).hex()
