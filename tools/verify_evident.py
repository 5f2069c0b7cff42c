#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verifies what an Evident log hands out, without the log and without its code.

Written from the texts in spec/ alone, so that its verdict is a second opinion: it shares no code
with the server. It needs Python 3.9 or newer and the package `cryptography` (Debian:
python3-cryptography), and nothing else. It trusts the verifier key that you give it, and nothing
that the log or a file says about itself.

examples:
  verify_evident.py receipt receipt.json --vkey "$VKEY"
  verify_evident.py receipt receipt.json --vkey "$VKEY" --record sent.json --seed "$SEED"
  verify_evident.py bundle evidence.json --vkey "$VKEY" --witness "$WITNESS" --quorum 1
  verify_evident.py bundle june.set --vkey "$VKEY" --erasure erasures.set
  verify_evident.py proof record.tlog-proof --vkey "$VKEY"
  verify_evident.py log https://log.example.com --vkey "$VKEY" --receipts receipts/
  verify_evident.py fork fork.json --vkey "$VKEY"
  verify_evident.py canonical record.json

exit status:
  0  everything that was asked for is proven
  1  tampered: a signature, a hash or a proof contradicts what is claimed
  2  cannot be verified: malformed, of an unknown format, or not signed by the key given
  3  wrong usage
  4  a file or the network could not be read
"""

import argparse
import base64
import binascii
import bisect
import copy
import decimal
import hashlib
import http.client
import io
import json
import pathlib
import re
import struct
import sys
import urllib.parse

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
except ImportError:
    sys.exit("verify_evident.py needs the Python package `cryptography` "
             "(Debian: apt-get install python3-cryptography)")


class Tampered(Exception):
    """The evidence contradicts itself or the key: exit status 1."""


class Unverifiable(Exception):
    """The evidence cannot be judged: exit status 2."""


# -- strict JSON and its canonical form (spec/record.md) --------------------------------------------

MAX_DEPTH = 32
MAX_MEMBERS = 1000
# Of a bundle: two or three for each field of its record.
FILE_MEMBERS = 4096
MAX_INTEGER = 2**53 - 1
PLAIN = re.compile(rb"[\x20\x21\x23-\x5b\x5d-\x7e]+")
NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
ESCAPES = {ord('"'): '"', ord("\\"): "\\", ord("/"): "/", ord("b"): "\b", ord("f"): "\f",
           ord("n"): "\n", ord("r"): "\r", ord("t"): "\t"}
SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r",
         "\t": "\\t"}


class JSONRefused(Unverifiable):
    """Input without a single canonical meaning; says where, never what."""

    def __init__(self, code, offset):
        super().__init__(f"JSON refused: {code} at byte {offset}")
        self.code, self.offset = code, offset


class StrictParser:
    """Parses one JSON object by the rules of spec/record.md and nothing looser."""

    def __init__(self, data, max_members=MAX_MEMBERS):
        self.data, self.at, self.members = bytes(data), 0, 0
        self.max_members = max_members

    def parse(self):
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise JSONRefused("invalid UTF-8", error.start) from None
        self.space()
        if self.peek() != ord("{"):
            raise JSONRefused("not an object", self.at)
        value = self.value(1)
        self.space()
        if self.at != len(self.data):
            raise JSONRefused("bytes after the object", self.at)
        return value

    def peek(self):
        return self.data[self.at] if self.at < len(self.data) else None

    def space(self):
        while self.peek() in (0x20, 0x09, 0x0A, 0x0D):
            self.at += 1

    def take(self, byte):
        self.space()
        if self.peek() != byte:
            raise JSONRefused("unexpected byte or end", self.at)
        self.at += 1

    def value(self, depth):
        self.space()
        first = self.peek()
        if first in (ord("{"), ord("[")) and depth > MAX_DEPTH:
            raise JSONRefused("too deep", self.at)
        if first == ord("{"):
            return self.object(depth)
        if first == ord("["):
            return self.array(depth)
        if first == ord('"'):
            return self.string()
        for text, value in ((b"true", True), (b"false", False), (b"null", None)):
            if self.data.startswith(text, self.at):
                self.at += len(text)
                return value
        return self.number()

    def object(self, depth):
        self.take(ord("{"))
        result = {}
        self.space()
        if self.peek() == ord("}"):
            self.at += 1
            return result
        while True:
            self.space()
            start = self.at
            name = self.string()
            if name in result:
                raise JSONRefused("duplicate member", start)
            self.members += 1
            if self.members > self.max_members:
                raise JSONRefused("too many members", start)
            self.take(ord(":"))
            result[name] = self.value(depth + 1)
            self.space()
            if self.peek() == ord(","):
                self.at += 1
                continue
            self.take(ord("}"))
            return result

    def array(self, depth):
        self.take(ord("["))
        result = []
        self.space()
        if self.peek() == ord("]"):
            self.at += 1
            return result
        while True:
            result.append(self.value(depth + 1))
            self.space()
            if self.peek() == ord(","):
                self.at += 1
                continue
            self.take(ord("]"))
            return result

    def string(self):
        if self.peek() != ord('"'):
            raise JSONRefused("unexpected byte or end", self.at)
        self.at += 1
        parts = []
        while True:
            plain = PLAIN.match(self.data, self.at)
            if plain:
                parts.append(plain.group().decode())
                self.at = plain.end()
            start = self.at
            byte = self.peek()
            if byte is None:
                raise JSONRefused("unterminated string", start)
            if byte == ord('"'):
                self.at += 1
                return "".join(parts)
            if byte < 0x20:
                raise JSONRefused("raw control character", start)
            parts.append(self.escape() if byte == ord("\\") else self.scalar(byte))
            code = ord(parts[-1])
            if 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE:
                raise JSONRefused("noncharacter", start)

    def scalar(self, byte):
        length = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        self.at += length
        return self.data[self.at - length:self.at].decode("utf-8")

    def escape(self):
        start = self.at
        self.at += 1
        kind = self.peek()
        if kind in ESCAPES:
            self.at += 1
            return ESCAPES[kind]
        unit = self.code_unit(start)
        if 0xDC00 <= unit <= 0xDFFF:
            raise JSONRefused("lone surrogate", start)
        if not 0xD800 <= unit <= 0xDBFF:
            return chr(unit)
        if self.peek() != ord("\\"):
            raise JSONRefused("lone surrogate", start)
        self.at += 1
        low = self.code_unit(start)
        if not 0xDC00 <= low <= 0xDFFF:
            raise JSONRefused("lone surrogate", start)
        return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))

    def code_unit(self, start):
        digits = self.data[self.at + 1:self.at + 5]
        if self.peek() != ord("u") or not re.fullmatch(rb"[0-9A-Fa-f]{4}", digits):
            raise JSONRefused("bad escape", start)
        self.at += 5
        return int(digits, 16)

    def number(self):
        match = NUMBER.match(self.data, self.at)
        if not match:
            raise JSONRefused("unexpected byte or end", self.at)
        start, self.at = self.at, match.end()
        whole, fraction, exponent = match.group(1), match.group(2) or b".", match.group(3)
        digits = (whole + fraction[1:]).lstrip(b"0")
        if not digits:
            return 0.0
        if len(digits.rstrip(b"0")) > 17:
            raise JSONRefused("more than 17 significant digits", start)
        sign, _, exponent = re.match(rb"[eE]?([+-]?)(0*)([0-9]*)", exponent or b"").groups()
        power = int(exponent or b"0") if len(exponent) < 7 else 10**6
        power = -power if sign == b"-" else power
        magnitude = len(digits) + power - len(fraction[1:])
        if magnitude > 16:
            raise JSONRefused("number too large", start)
        if magnitude < -330:
            raise JSONRefused("number rounds to zero", start)
        text = match.group().decode()
        if abs(decimal.Decimal(text)) > MAX_INTEGER:
            raise JSONRefused("number too large", start)
        if float(text) == 0:
            raise JSONRefused("number rounds to zero", start)
        return float(text)


def number_text(value):
    """ECMAScript's Number::toString (RFC 8785, section 3.2.2.3)."""
    if value == 0:
        return "0"
    sign, digits, exponent = decimal.Decimal(repr(value)).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + exponent
    if len(text) <= point <= 21:
        body = text + "0" * (point - len(text))
    elif 0 < point <= 21:
        body = text[:point] + "." + text[point:]
    elif -6 < point <= 0:
        body = "0." + "0" * -point + text
    else:
        mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
        body = f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return ("-" if sign else "") + body


def string_text(value):
    return '"' + "".join(
        SHORT.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'


def canonical(value):
    """RFC 8785 text of a parsed value: members sorted by UTF-16 code units."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{string_text(n)}:{canonical(value[n])}" for n in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, str):
        return string_text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return number_text(value)


def canonical_bytes(data):
    return canonical(StrictParser(data).parse()).encode()


# -- strict texts -------------------------------------------------------------------------------------

def unhex(text, count, what):
    if not isinstance(text, str) or not re.fullmatch(f"[0-9a-f]{{{2 * count}}}", text):
        raise Unverifiable(f"{what} is not {count} bytes of lower-case hex")
    return bytes.fromhex(text)


def unbase64(text, what, count=None):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, AttributeError):
        raise Unverifiable(f"{what} is not base64") from None
    if base64.b64encode(data).decode() != text or count not in (None, len(data)):
        raise Unverifiable(f"{what} is not strict base64 of the right length")
    return data


def unsigned(value, what):
    if isinstance(value, bool) or not isinstance(value, float) or value != int(value) or value < 0:
        raise Unverifiable(f"{what} is not a whole number")
    return int(value)


def decimal_number(text, what):
    if not re.fullmatch(r"0|[1-9][0-9]{0,19}", text) or int(text) >= 2**64:
        raise Unverifiable(f"{what} is not a decimal number")
    return int(text)


def members(value, names, what, optional=()):
    if not isinstance(value, dict) or not set(names) <= set(value) <= set(names) | set(optional):
        raise Unverifiable(f"{what} has missing or unknown members")
    return [value[name] for name in names]


# -- tree (spec/checkpoint.md; RFC 6962 section 2.1) -----------------------------------------------------

def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def leaf_hash(leaf):
    return sha256(b"\x00", leaf)


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_inclusion(index, size, leaf, proof):
    """RFC 9162 section 2.1.3.2: the root that a proof leads to."""
    if index >= size:
        raise Tampered(f"index {index} is not below the tree's size {size}")
    number, last, current = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Tampered("the inclusion proof is longer than the tree is high")
        if number & 1 or number == last:
            current = node_hash(sibling, current)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            current = node_hash(current, sibling)
        number, last = number >> 1, last >> 1
    if last:
        raise Tampered("the inclusion proof is too short")
    return current


def tree_root(levels, size):
    """Root of the first `size` leaves; levels[h][i] is the complete subtree of 2^h leaves at i."""
    if size == 0:
        return sha256()
    root, start, peaks = None, 0, []
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            peaks.append(levels[height][start >> height])
            start += 1 << height
    for peak in reversed(peaks):
        root = peak if root is None else node_hash(peak, root)
    return root


def complete_levels(leaves):
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return levels


# -- leaf, commitment (spec/leaf.md, spec/commitment.md) ---------------------------------------------

def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def encode_leaf(timestamp_ms, commitment, record_hash):
    data = b'{"c":"' + base64url(commitment) + b'","m":"' + base64url(record_hash) + b'"}'
    return (b"\x00\x00" + struct.pack(">QH", timestamp_ms, 0x8000) + len(data).to_bytes(3, "big")
            + data + b"\x00\x00")


def decode_leaf(leaf):
    """(timestamp, commitment, record hash), or None for an entry of another type."""
    if len(leaf) != 118:
        return None
    timestamp = struct.unpack(">Q", leaf[2:10])[0]
    try:
        commitment, record_hash = (
            base64.urlsafe_b64decode(part + b"=") for part in (leaf[21:64], leaf[71:114]))
    except (binascii.Error, ValueError):
        return None
    if len(commitment) != 32 or len(record_hash) != 32:
        return None
    same = encode_leaf(timestamp, commitment, record_hash) == leaf
    return (timestamp, commitment, record_hash) if same else None


FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def field_salt(seed, name):
    return sha256(b"\x02", seed, name.encode())[:16]


def field_digest(salt, member):
    return sha256(b"\x03", salt, member)


def commit(origin, fields):
    """The commitment over (name, digest) pairs that are already in order."""
    encoded = b"".join(bytes([len(n)]) + n.encode() + digest for n, digest in fields)
    return sha256(b"\x04", bytes([len(origin)]), origin.encode(), struct.pack(">H", len(fields)),
                  encoded)


def commit_record(origin, text, seed):
    """The commitment of a record given as its exact canonical bytes."""
    record = StrictParser(text).parse()
    if canonical(record).encode() != text:
        raise Tampered("the record is not canonical as it stands")
    if not record or not all(FIELD_NAME.fullmatch(name) for name in record):
        raise Unverifiable("the record has no member, or one with a name that no record has")
    fields = []
    for name in sorted(record):
        member = f"{string_text(name)}:{canonical(record[name])}".encode()
        fields.append((name, field_digest(field_salt(seed, name), member)))
    return commit(origin, fields)


# -- notes and keys (spec/checkpoint.md) ---------------------------------------------------------------

class VerifierKey:
    """A pinned key in the note format's text form: name+keyid+base64(type ‖ key)."""

    def __init__(self, text, algorithm):
        parts = text.split("+", 2)
        if len(parts) != 3 or not parts[0] or re.search(r"\s", parts[0]):
            raise Unverifiable("a verifier key looks like name+1234abcd+base64")
        self.name, self.key_id = parts[0], unhex(parts[1], 4, "the key id")
        key = unbase64(parts[2], "the key", 33)
        if sha256(self.name.encode(), b"\n", key)[:4] != self.key_id:
            raise Unverifiable("the key id does not belong to the name and the key")
        if key[0] != algorithm:
            raise Unverifiable(f"the key is of type {key[0]:#04x}, not {algorithm:#04x}")
        self.algorithm = algorithm
        self.key = ed25519.Ed25519PublicKey.from_public_bytes(key[1:])

    def verify(self, signature, text):
        """The cosignature's time in seconds, or None for a plain signature."""
        seconds = None
        if self.algorithm == 0x04:
            seconds = struct.unpack(">Q", signature[:8])[0] if len(signature) == 72 else -1
            text = f"cosignature/v1\ntime {seconds}\n{text}"
            signature = signature[8:]
        try:
            self.key.verify(signature, text.encode())
        except InvalidSignature:
            raise Tampered(f"the signature of {self.name} is false") from None
        return seconds


class TreeHeadKey:
    """The log's RFC 6962 key: signature type 0x05 of a note."""

    algorithm = 0x05

    def __init__(self, origin, spki):
        self.name, self.spki = origin, spki
        self.log_id = sha256(spki)
        self.key_id = sha256(origin.encode(), b"\n\x05", self.log_id)[:4]
        try:
            self.key = serialization.load_der_public_key(spki)
        except ValueError:
            raise Unverifiable("the SPKI is not a public key") from None
        if not isinstance(self.key, ec.EllipticCurvePublicKey) or self.key.curve.name != "secp256r1":
            raise Unverifiable("the SPKI is not a P-256 key")

    def verify(self, signature, text):
        """The signature's timestamp in milliseconds."""
        _, size, root = text.split("\n")[:3]
        if len(signature) < 12 or signature[8:10] != b"\x04\x03" or \
                struct.unpack(">H", signature[10:12])[0] != len(signature) - 12:
            raise Tampered("the tree head signature has another shape")
        signed = b"\x00\x01" + signature[:8] + struct.pack(">Q", int(size)) + base64.b64decode(root)
        try:
            self.key.verify(signature[12:], signed, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise Tampered("the tree head signature (0x05) is false") from None
        return struct.unpack(">Q", signature[:8])[0]


SIGNATURE_LINE = re.compile(r"\u2014 ([^\s+]+) (\S+)")


class Checkpoint:
    """A checkpoint whose signatures were verified under the trust that the caller pinned."""

    def __init__(self, note, trust):
        text, lines = split_note(note)
        self.origin, self.size, self.root = parse_checkpoint(text)
        self.text = text
        self.times = {}
        keys = [trust.log] + trust.witnesses + ([trust.head] if trust.head else [])
        for name, key_id, signature in lines:
            for key in keys:
                if (key.name, key.key_id) == (name, key_id):
                    self.times[key] = key.verify(signature, text)
        if trust.log not in self.times:
            raise Unverifiable("the checkpoint has no signature by the key given")
        if self.origin != trust.log.name:
            raise Tampered("the checkpoint is of another origin than the key")
        cosigned = sum(key in self.times for key in trust.witnesses)
        if cosigned < trust.quorum:
            raise Unverifiable(f"{cosigned} of {trust.quorum} wanted witnesses cosigned")

    def check_time(self, timestamp_ms):
        for key, time in self.times.items():
            if key.algorithm == 0x05 and timestamp_ms > time:
                raise Tampered("the record is later than the tree head that covers it")
            if key.algorithm == 0x04 and timestamp_ms > 1000 * (time + 300):
                raise Tampered("the record is later than the cosignature that covers it")


def split_note(note):
    text, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n") or not text:
        raise Unverifiable("the checkpoint is not a signed note")
    if any(c < " " and c != "\n" for c in note):
        raise Unverifiable("the signed note holds control characters")
    lines = []
    for line in tail[:-1].split("\n"):
        match = SIGNATURE_LINE.fullmatch(line)
        blob = unbase64(match.group(2), "a signature") if match else b""
        if len(blob) < 5:
            raise Unverifiable("a signature line is malformed")
        lines.append((match.group(1), blob[:4], blob[4:]))
    if len(lines) > 100:
        raise Unverifiable("the note has more than 100 signatures")
    return text + "\n", lines


def parse_checkpoint(text):
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise Unverifiable("a checkpoint of this log has three lines")
    return lines[0], decimal_number(lines[1], "the tree size"), unbase64(lines[2], "the root", 32)


class Trust:
    """What the caller pinned: the log's key, its tree head key, witnesses and how many of them."""

    def __init__(self, vkey, spki=None, witnesses=(), quorum=0):
        self.log = VerifierKey(vkey, 0x01)
        self.head = TreeHeadKey(self.log.name, spki) if spki else None
        self.witnesses = [VerifierKey(text, 0x04) for text in witnesses]
        self.quorum = quorum

    def of_log(self):
        """The log's own keys alone, whoever must cosign."""
        own = Trust.__new__(Trust)
        own.log, own.head, own.witnesses, own.quorum = self.log, self.head, [], 0
        return own


# -- the four kinds of evidence -----------------------------------------------------------------------

def check_included(index, leaf, inclusion, note, trust):
    checkpoint = Checkpoint(note, trust)
    if root_from_inclusion(index, checkpoint.size, leaf_hash(leaf), inclusion) != checkpoint.root:
        raise Tampered("the inclusion proof does not lead to the checkpoint's root")
    checkpoint.check_time(decode_leaf(leaf)[0])
    return checkpoint


def inclusion_hashes(value, most=64):
    if not isinstance(value, list) or len(value) > most:
        raise Unverifiable("a proof is not a list of hashes")
    return [unbase64(text, "a hash of a proof", 32) for text in value]


RECEIPT = ("receipt", "index", "timestamp_ms", "commitment", "record_hash", "inclusion",
           "checkpoint")


def parse_receipt(data):
    """(index, leaf, inclusion, note, opening, content) of a receipt (spec/receipt.md)."""
    document = StrictParser(data).parse()
    kind, index, time, commitment, record_hash, inclusion, note = members(
        document, RECEIPT, "the receipt", ("opening", "content", "witnessed"))
    if not isinstance(document.get("witnessed", True), bool):
        raise Unverifiable("`witnessed` says something unknown")
    if "content" in document and (document["content"] != "erased" or "opening" in document):
        raise Unverifiable("`content` says something unknown")
    if kind != "evident/v1" or not isinstance(note, str):
        raise Unverifiable("not a receipt of version evident/v1")
    leaf = encode_leaf(unsigned(time, "timestamp_ms"), unhex(commitment, 32, "commitment"),
                       unhex(record_hash, 32, "record_hash"))
    return unsigned(index, "index"), leaf, inclusion_hashes(inclusion), note, \
        document.get("opening"), document.get("content")


def verify_receipt(data, trust, record=None, seed=None):
    index, leaf, inclusion, note, opening, content = parse_receipt(data)
    checkpoint = check_included(index, leaf, inclusion, note, trust)
    claimed = decode_leaf(leaf)[1]
    lines = [f"record {index} is in {checkpoint.origin} of size {checkpoint.size}"]
    lines += ["the log has erased its content since"] if content else []
    if opening is not None:
        text, key = members(opening, ("record", "seed"), "the opening")
        if commit_record(checkpoint.origin, text.encode(), unhex(key, 32, "seed")) != claimed:
            raise Tampered("the opening does not give the receipt's commitment")
        lines.append("the opening gives the receipt's commitment")
        if record is not None and canonical_bytes(record) != text.encode():
            raise Tampered("the record differs from the one that the log opened")
    if record is not None and seed is not None:
        text = canonical_bytes(record)
        if commit_record(checkpoint.origin, text, unhex(seed, 32, "seed")) != claimed:
            raise Tampered("the record does not give the receipt's commitment")
        lines.append("the record given is the one committed to")
    elif record is not None and opening is None:
        raise Unverifiable("a record can be compared only with --seed or an opening")
    return lines


BUNDLE = ("bundle", "index", "timestamp_ms", "record_hash", "fields", "inclusion", "checkpoint")
NEVER_ERASED_ALONE = {"v", "id", "type", "tenant", "received"}


class Fields:
    """All fields of a record, shown or hidden, and the commitment that they make."""

    def __init__(self, fields, origin):
        if not isinstance(fields, list):
            raise Unverifiable("`fields` is not a list")
        self.shown, self.withheld, self.erased, self.count = {}, [], {}, 0
        pairs = [self.field(field) for field in fields]
        names = [name for name, _ in pairs]
        if not names or any(a >= b for a, b in zip(names, names[1:])):
            raise Unverifiable("the field names do not strictly increase")
        if "v" not in self.shown:
            raise Unverifiable("`v` is not shown")
        if self.count > MAX_MEMBERS:
            raise Unverifiable("the fields have more members than a record may")
        self.commitment = commit(origin, pairs)

    def field(self, field):
        if isinstance(field, dict) and "salt" in field:
            salt, member = members(field, ("salt", "member"), "a shown field")
            if not isinstance(member, str):
                raise Unverifiable("a member is not text")
            parser = StrictParser(b"{" + member.encode() + b"}")
            value = parser.parse()
            if len(value) != 1 or canonical(value) != "{" + member + "}":
                raise Unverifiable("a shown field is not canonical as it stands")
            self.count += parser.members
            name = self.name(next(iter(value)))
            self.shown[name] = value[name]
            return name, field_digest(unhex(salt, 16, "a salt"), member.encode())
        name, digest = members(field, ("name", "digest"), "a hidden field", ("erased",))
        name = self.name(name)
        self.count += 1
        if "erased" in field:
            if name in NEVER_ERASED_ALONE:
                raise Unverifiable(f"`{name}` is never erased alone")
            self.erased[name] = unsigned(field["erased"], "erased")
        else:
            self.withheld.append(name)
        return name, unhex(digest, 32, "a digest")

    @staticmethod
    def name(text):
        if not isinstance(text, str) or not FIELD_NAME.fullmatch(text):
            raise Unverifiable("a field has a name that no record has")
        return text


class Bundle:
    """An evidence bundle, checked (spec/receipt.md)."""

    def __init__(self, document, trust):
        kind, index, time, record_hash, fields, inclusion, note = members(
            document, BUNDLE, "the bundle")
        if kind != "evident/v1" or not isinstance(note, str):
            raise Unverifiable("not an evidence bundle of version evident/v1")
        self.index, self.fields = unsigned(index, "index"), Fields(fields, trust.log.name)
        leaf = encode_leaf(unsigned(time, "timestamp_ms"), self.fields.commitment,
                           unhex(record_hash, 32, "record_hash"))
        self.checkpoint = check_included(
            self.index, leaf, inclusion_hashes(inclusion), note, trust)


class Erasures:
    """What erasure records at hand have erased, and what was claimed of them."""

    def __init__(self):
        self.told, self.claims = {}, []
        # Whole records that went: ranges, in order and apart once `is_sorted`.
        self.whole, self.is_sorted = [], True

    def learn(self, index, shown):
        """Takes what a verified record shows; only an erasure record tells anything."""
        kind, details = shown.get("type"), shown.get("details")
        if shown.get("tenant") == "_log" and kind == "retention.prune":
            self.learn_prune(index, details)
            return
        if (shown.get("tenant"), kind) != ("_log", "erasure.request"):
            self.told.setdefault(index, None)
            return
        listed = details.get("erased") if isinstance(details, dict) else None
        if not isinstance(listed, list):
            return
        told = self.told[index] = set()
        for item in listed:
            if not isinstance(item, list) or not item:
                raise Unverifiable(f"the erasure record {index} is malformed")
            erased = unsigned(item[0], "an erased index")
            told.update((erased, name) for name in item[1:])
            if len(item) == 1 and erased < index:
                self.add(erased, erased)

    def learn_prune(self, index, details):
        """Takes what went because of its age: [INDEX] or [FIRST,LAST], before the record."""
        listed = details.get("pruned") if isinstance(details, dict) else None
        if not isinstance(listed, list):
            raise Unverifiable(f"the record {index} of a prune is malformed")
        self.told[index] = set()
        for item in listed:
            ends = [unsigned(end, "a pruned index") for end in item] \
                if isinstance(item, list) else []
            if not 1 <= len(ends) <= 2 or ends[0] > ends[-1] or ends[-1] >= index:
                raise Unverifiable(f"the record {index} of a prune is malformed")
            self.add(ends[0], ends[-1])

    def add(self, first, last):
        self.whole.append((first, last + 1))
        self.is_sorted = False

    def claim(self, record, fields):
        self.claims += [(record, name, index) for name, index in fields.erased.items()]

    def whole_in(self, start, end):
        """How many records of a range were erased as a whole, as far as is known yet."""
        if not self.is_sorted:
            apart = []
            for first, stop in sorted(self.whole):
                if apart and first <= apart[-1][1]:
                    apart[-1] = (apart[-1][0], max(apart[-1][1], stop))
                else:
                    apart.append((first, stop))
            self.whole, self.is_sorted = apart, True
        place = max(bisect.bisect_left(self.whole, (start,)) - 1, 0)
        count = 0
        for first, stop in self.whole[place:]:
            if first >= end:
                break
            count += max(min(stop, end) - max(first, start), 0)
        return count

    def settle(self):
        """Lines on every claim; a false one is tampering."""
        lines = []
        for record, name, index in self.claims:
            where = f"{name} of record {record}"
            if index not in self.told:
                lines.append(f"erased: {where}, as claimed by record {index}, "
                             "whose bundle was not given")
            elif (record, name) not in (self.told[index] or ()):
                raise Tampered(f"record {index} does not erase {where}")
            else:
                lines.append(f"erased: {where}, by record {index}")
        return lines


def verify_bundle(data, trust, erasures=()):
    """Lines about a bundle; `erasures` are bytes of bundles and sets."""
    known = erasures_of(erasures, trust)
    bundle = Bundle(StrictParser(data, FILE_MEMBERS).parse(), trust)
    fields = bundle.fields
    known.claim(bundle.index, fields)
    return [f"record {bundle.index} is in {bundle.checkpoint.origin} "
            f"of size {bundle.checkpoint.size}",
            "shown: " + " ".join(fields.shown),
            "withheld: " + (" ".join(fields.withheld) or "nothing"), *known.settle()]


def erasures_of(files, trust):
    known = Erasures()
    for data in files:
        source = io.BytesIO(data)
        if is_set(source):
            BundleSet(source, trust, known).verify()
        else:
            bundle = Bundle(StrictParser(data, FILE_MEMBERS).parse(), trust)
            known.learn(bundle.index, bundle.fields.shown)
    known.claims.clear()
    return known


# -- bundle sets (spec/bundle-set.md) ---------------------------------------------------------------------

LINE_BYTES = 16 << 20
LINE_MEMBERS = 65536
HEADER = ("bundle_set", "made_ms", "query", "first", "end", "checkpoint")
RECORD = ("index", "timestamp_ms", "record_hash", "fields")


def is_set(source):
    """Whether a file, of which nothing has been read, begins as a bundle set does."""
    first = source.readline(LINE_BYTES + 1)
    source.seek(0)
    try:
        return "bundle_set" in StrictParser(first, LINE_MEMBERS).parse()
    except JSONRefused:
        return False


class Peaks:
    """The complete subtrees of the leaves so far, and their root."""

    def __init__(self):
        self.size, self.hashes = 0, []

    def append(self, height, node):
        """A complete subtree; the size must be a multiple of what it holds."""
        self.size += 1 << height
        while self.hashes and self.hashes[-1][0] == height:
            node = node_hash(self.hashes.pop()[1], node)
            height += 1
        self.hashes.append((height, node))

    def root(self):
        root = None
        for _, peak in reversed(self.hashes):
            root = peak if root is None else node_hash(peak, root)
        return root or sha256()

    def heights(self, end):
        """The heights of the subtrees that a skip to `end` is made of."""
        at = self.size
        while at < end:
            height = (end - at).bit_length() - 1
            if at:
                height = min(height, (at & -at).bit_length() - 1)
            yield height
            at += 1 << height


class BundleSet:
    """A bundle set, verified in one pass; nothing of it is proven before `verify` returns."""

    def __init__(self, source, trust, erasures):
        self.source, self.trust, self.erasures = source, trust, erasures
        self.digest, self.before = hashlib.sha256(), None
        self.peaks, self.records, self.latest = Peaks(), 0, 0
        self.skipped, self.erased = 0, 0
        self.shown, self.withheld, self.reports = {}, {}, {}

    def line(self):
        """The next line's object; the digest is of all lines before it."""
        text = self.source.readline(LINE_BYTES + 1)
        if not text.endswith(b"\n"):
            raise Unverifiable("the set ends early" if len(text) <= LINE_BYTES
                               else "a line is too long")
        self.before = self.digest.copy()
        self.digest.update(text)
        return StrictParser(text[:-1], LINE_MEMBERS).parse()

    def verify(self):
        self.header(self.line())
        line = self.line()
        while "index" in line or "skip_to" in line:
            if "index" in line:
                self.record(line)
            else:
                self.skip(line)
            line = self.line()
        while "report" in line:
            self.report(line)
            line = self.line()
        self.finish(line)
        self.vouched(self.line())
        if self.source.read(1):
            raise Unverifiable("something follows the end of the set")
        return self

    def header(self, line):
        kind, made, self.query, first, end, note = members(line, HEADER, "the header", ("fields",))
        if kind != "evident/v1" or not isinstance(note, str) or not isinstance(self.query, dict):
            raise Unverifiable("not a bundle set of version evident/v1")
        self.made, self.first = unsigned(made, "made_ms"), unsigned(first, "first")
        self.end, self.checkpoint = unsigned(end, "end"), Checkpoint(note, self.trust)
        if not self.first <= self.end <= self.checkpoint.size:
            raise Unverifiable("the range of the set is not one of its tree")
        if "fields" in line:
            names = line["fields"]
            if not isinstance(names, list) or not all(isinstance(n, str) for n in names) or \
                    any(a >= b for a, b in zip(names, names[1:])):
                raise Unverifiable("`fields` of the header is not a rising list of names")
            for name in names:
                Fields.name(name)

    def record(self, line):
        index, time, record_hash, fields = members(line, RECORD, "a record")
        index, time = unsigned(index, "index"), unsigned(time, "timestamp_ms")
        if index != self.peaks.size:
            raise Unverifiable(f"leaf {self.peaks.size} is missing before record {index}")
        if not self.first <= index < self.end:
            raise Unverifiable(f"record {index} is not in the range of the set")
        if time < self.latest:
            raise Tampered(f"the time of record {index} goes backwards")
        fields = Fields(fields, self.trust.log.name)
        leaf = encode_leaf(time, fields.commitment, unhex(record_hash, 32, "record_hash"))
        self.peaks.append(0, leaf_hash(leaf))
        self.latest, self.records = time, self.records + 1
        self.erasures.learn(index, fields.shown)
        self.erasures.claim(index, fields)
        for names, counts in ((fields.shown, self.shown), (fields.withheld, self.withheld)):
            for name in names:
                counts[name] = counts.get(name, 0) + 1

    def skip(self, line):
        end, nodes = members(line, ("skip_to", "nodes"), "a skip")
        end, start = unsigned(end, "skip_to"), self.peaks.size
        if not start < end <= self.checkpoint.size:
            raise Unverifiable("a skip goes nowhere, or beyond the tree")
        if not isinstance(nodes, list):
            raise Unverifiable("`nodes` is not a list")
        heights = list(self.peaks.heights(end))
        if len(heights) != len(nodes):
            raise Tampered(f"a skip to {end} has {len(nodes)} nodes, not {len(heights)}")
        for height, node in zip(heights, nodes):
            self.peaks.append(height, unbase64(node, "a node", 32))
        start, end = max(start, self.first), min(end, self.end)
        if start < end:
            self.skipped += end - start
            self.erased += self.erasures.whole_in(start, end)

    def report(self, line):
        name, content = members(line, ("report", "content"), "a report")
        allowed = {"chain": (), "gaps": ("chain",)}
        if name not in allowed or not set(self.reports) <= set(allowed[name]) or \
                not isinstance(content, dict):
            raise Unverifiable("a report is unknown, or not where it belongs")
        self.reports[name] = content

    def finish(self, line):
        kind, records = members(line, ("end", "records"), "the end of the set")
        if kind != "evident/v1" or unsigned(records, "records") != self.records:
            raise Unverifiable("the end of the set does not fit its records")
        if self.peaks.size != self.checkpoint.size:
            raise Unverifiable("the set does not cover its tree")
        if self.peaks.root() != self.checkpoint.root:
            raise Tampered("records and nodes do not make the checkpoint's root")
        self.checkpoint.check_time(self.latest)

    def vouched(self, line):
        bundle, consistency = members(line, ("vouched", "consistency"), "the last line")
        alone = copy.copy(self.trust)
        alone.quorum = 0
        by = Bundle(bundle, alone)
        shown, size = by.fields.shown, self.checkpoint.size
        details = shown.get("details")
        if (shown.get("type"), shown.get("tenant")) != ("audit.export", "_log") or \
                not isinstance(details, dict) or details.get("export") != "bundle_set":
            raise Unverifiable("the last line is not the log's record of a bundle set")
        if by.index < size:
            raise Tampered("the log's record of the set is older than its tree")
        check_grown(self.checkpoint, by.checkpoint, inclusion_hashes(consistency, 128))
        if details.get("sha256") != self.before.hexdigest():
            raise Tampered("the set is not the one that the log recorded")
        self.voucher = by.index


def check_grown(older, newer, proof):
    """RFC 9162 section 2.1.4.2: that one tree begins with another, of one leaf at least."""
    if older.size > newer.size:
        raise Tampered("the newer head is of a smaller tree")
    if older.size == newer.size:
        if proof or older.root != newer.root:
            raise Tampered("two heads of one size differ")
        return
    proof = ([older.root] if not older.size & (older.size - 1) else []) + proof
    if not proof:
        raise Tampered("the consistency proof is too short")
    number, last = older.size - 1, newer.size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    old = new = proof[0]
    for node in proof[1:]:
        if last == 0:
            raise Tampered("the consistency proof is too long")
        if number & 1 or number == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, node)
        number, last = number >> 1, last >> 1
    if last or old != older.root or new != newer.root:
        raise Tampered("the newer tree does not begin with the older one")


def counted(counts):
    return " ".join(f"{name} ({count})" for name, count in sorted(counts.items())) or "nothing"


def verify_set(source, trust, erasures=()):
    known = erasures_of(erasures, trust)
    found = BundleSet(source, trust, known).verify()
    erased = f", {found.erased} of them erased" if found.erased else ""
    return [f"{found.records} records are in {found.checkpoint.origin} "
            f"of size {found.checkpoint.size}",
            f"asked for: {canonical(found.query)} at {found.first} to before {found.end}; "
            f"not shown there: {found.skipped}{erased}",
            "shown: " + counted(found.shown), "withheld: " + counted(found.withheld),
            *known.settle(),
            *(f"the log's own report on its {name}: {canonical(content)}"
              for name, content in found.reports.items()),
            f"the log recorded the making of this set as record {found.voucher}"]


def verify_tlog_proof(data, trust):
    head, separator, note = data.decode("utf-8").partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 3:
        raise Unverifiable("not a c2sp.org/tlog-proof@v1 file that holds its leaf")
    if not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        raise Unverifiable("the proof holds no leaf in its extra line")
    leaf = unbase64(lines[1][6:], "extra")
    if decode_leaf(leaf) is None:
        raise Unverifiable("the extra line is not a leaf of this format")
    index = decimal_number(lines[2][6:], "index")
    checkpoint = check_included(index, leaf, inclusion_hashes(lines[3:]), note, trust)
    return [f"record {index} is in {checkpoint.origin} of size {checkpoint.size}"]


# -- a whole log (spec/read-api.md) ----------------------------------------------------------------------

class DirectorySource:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    def get(self, path):
        file = self.path / path
        return file.read_bytes() if file.is_file() else None


class HTTPSource:
    """One kept-alive connection; None for 404."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url.rstrip("/"))
        kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        self.connection = kind[parts.scheme](parts.netloc, timeout=30)
        self.base = parts.path

    def get(self, path):
        for attempt in range(2):
            try:
                self.connection.request("GET", f"{self.base}/{path}")
                answer = self.connection.getresponse()
                body = answer.read()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.connection.close()
                if attempt:
                    raise
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise OSError(f"GET /{path} answered {answer.status}")
        return body


def open_source(text):
    return HTTPSource(text) if re.match(r"https?://", text) else DirectorySource(text)


def tile_path(level, index, width):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/" + "/".join(groups) + (f".p/{width}" if width < 256 else "")


def split_bundle(data):
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 2], "big")
        entries.append(data[at + 2:at + 2 + length])
        at += 2 + length
    if at != len(data):
        raise Tampered("an entry bundle ends in the middle of an entry")
    return entries


class LogCheck:
    """Reads every entry and tile that a checkpoint promises, and recomputes all of it."""

    def __init__(self, source, trust):
        self.source, self.trust = source, trust
        self.entries, self.unknown, self.tiles = [], 0, 0

    def tile(self, level, index, width):
        data = self.source.get(tile_path(level, index, width))
        full = None if data is not None or width == 256 else \
            self.source.get(tile_path(level, index, 256))
        if data is None and full is None:
            raise Tampered(f"{tile_path(level, index, width)} is promised and not served")
        self.tiles += 1
        return data, full

    def read_entries(self, size):
        latest = 0
        for index in range((size + 255) // 256):
            width = min(256, size - 256 * index)
            data, full = self.tile("entries", index, width)
            entries = split_bundle(data if full is None else full)[:width if full else None]
            if len(entries) != width:
                raise Tampered(f"entry bundle {index} holds {len(entries)} entries, not {width}")
            for entry in entries:
                leaf = decode_leaf(entry)
                self.unknown += leaf is None
                if leaf and leaf[0] < latest:
                    raise Tampered(f"the time of entry {len(self.entries)} goes backwards")
                latest = leaf[0] if leaf else latest
                self.entries.append(entry)
        return latest

    def check_tiles(self, levels, size):
        for level in range(8):
            height = 8 * level
            count = size >> height
            for index in range((count + 255) // 256):
                width = min(256, count - 256 * index)
                data, full = self.tile(level, index, width)
                want = b"".join(levels[height][256 * index:256 * index + width])
                got = data if full is None else full[:32 * width]
                if got != want:
                    raise Tampered(f"{tile_path(level, index, width)} differs from its entries")

    def run(self):
        note = self.source.get("checkpoint")
        if note is None:
            raise OSError("no checkpoint")
        checkpoint = Checkpoint(note.decode("utf-8"), self.trust)
        latest = self.read_entries(checkpoint.size)
        self.levels = complete_levels([leaf_hash(entry) for entry in self.entries])
        if tree_root(self.levels, checkpoint.size) != checkpoint.root:
            raise Tampered("the entries do not give the checkpoint's root")
        self.check_tiles(self.levels, checkpoint.size)
        checkpoint.check_time(latest)
        return checkpoint

    def check_receipt(self, data, name):
        """A receipt verifies alone, and the log still holds its leaf where it says."""
        verify_receipt(data, self.trust)
        index, leaf, _, note, *_ = parse_receipt(data)
        self.check_older(note, name)
        if index >= len(self.entries):
            raise Tampered(f"{name}: the log no longer reaches record {index}")
        if self.entries[index] != leaf:
            raise Tampered(f"{name}: the log holds another leaf at {index}")

    def check_older(self, note, name):
        older = Checkpoint(note, self.trust)
        if older.size > len(self.entries):
            raise Tampered(f"{name}: a signed head of size {older.size} is larger than the log's")
        if tree_root(self.levels, older.size) != older.root:
            raise Tampered(f"{name}: FORK: a signed head of size {older.size} has another root")


def find_spki(source):
    """The tree head key that the log states, unpinned; None where it states none."""
    data = source.get("v1/log")

    def walk(value):
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == "spki" and isinstance(inner, str):
                    yield inner, value
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    found = list(walk(json.loads(data))) if data else []
    heads = [text for text, owner in found if "receipt" not in str(owner.get("alg", ""))]
    return unbase64(heads[0], "the log's SPKI") if heads else None


def verify_log(options):
    source = open_source(options.source)
    spki = unbase64(options.spki, "--spki") if options.spki else find_spki(source)
    trust = Trust(options.vkey, spki, options.witness, options.quorum)
    check = LogCheck(source, trust)
    checkpoint = check.run()
    lines = [f"{checkpoint.origin}: {checkpoint.size} entries, {check.tiles} tiles and bundles, "
             f"root {checkpoint.root.hex()}"]
    if trust.head and trust.head in checkpoint.times:
        pinned = "pinned" if options.spki else "stated by the log, not pinned"
        lines.append(f"RFC 6962 tree head signature good (log id "
                     f"{base64.b64encode(trust.head.log_id).decode()}, {pinned})")
    elif trust.head:
        raise Tampered("/checkpoint lacks the tree head signature (0x05)")
    if check.unknown:
        lines.append(f"{check.unknown} entries are of a type unknown here; they are hashed only")
    for name in options.older:
        check.check_older(pathlib.Path(name).read_text("utf-8"), name)
    files = sorted(pathlib.Path(options.receipts).glob("*.json")) if options.receipts else []
    if options.receipts and not files:
        raise Unverifiable(f"there is no receipt (*.json) in {options.receipts}")
    for file in files:
        check.check_receipt(file.read_bytes(), file.name)
    if options.receipts:
        lines.append(f"{len(files)} receipts verified, each leaf found at its index")
    return lines


# -- fork evidence (spec/fork-evidence.md) ---------------------------------------------------------------

FORK_BYTES = 128 << 10


def split_roots(prefix, size, nodes):
    """The roots of the first `prefix` leaves and of all, from SUBPROOF(prefix, D[size], false)."""
    rest = iter(nodes)

    def walk(m, n):
        if m == n:
            node = next(rest)
            return node, node
        half = 1 << (n - 1).bit_length() - 1
        if m <= half:
            old, new = walk(m, half)
            return old, node_hash(new, next(rest))
        old, new = walk(m - half, n - half)
        left = next(rest)
        return node_hash(left, old), node_hash(left, new)

    try:
        roots = walk(prefix, size)
    except StopIteration:
        raise Unverifiable("a tree has too few nodes") from None
    if next(rest, None) is not None:
        raise Unverifiable("a tree has too many nodes")
    return roots


def fork_tree(value, size, trust):
    note, nodes = members(value, ("checkpoint", "nodes"), "a tree")
    if not isinstance(note, str):
        raise Unverifiable("a checkpoint is not text")
    try:
        checkpoint = Checkpoint(note, Trust.of_log(trust))
    except Tampered as error:
        raise Unverifiable(str(error)) from None
    if not 0 < size <= checkpoint.size:
        raise Unverifiable("the size is not one that both trees reach")
    prefix, whole = split_roots(size, checkpoint.size, inclusion_hashes(nodes, 65))
    if whole != checkpoint.root:
        raise Unverifiable("the nodes of a tree do not lead to its signed root")
    return checkpoint, prefix


def verify_fork(data, trust):
    """Lines about two heads that the log signed and that no single history has."""
    if len(data) > FORK_BYTES:
        raise Unverifiable("the file is too long")
    kind, size, trees = members(StrictParser(data).parse(), ("fork", "size", "trees"), "the file")
    if kind != "evident/v1" or not isinstance(trees, list) or len(trees) != 2:
        raise Unverifiable("not fork evidence of version evident/v1")
    size = unsigned(size, "size")
    (one, first), (other, second) = (fork_tree(tree, size, trust) for tree in trees)
    if (one.size, one.root) >= (other.size, other.root):
        raise Unverifiable("the trees are the same, or not in their order")
    if first == second:
        raise Unverifiable("both trees begin alike: no fork is shown")
    name = one.origin.encode()
    identity = sha256(b"evident.fork.v1\0", bytes([len(name)]), name, *(
        struct.pack(">Q", c.size) + c.root for c in (one, other)))
    return [f"{one.origin} has FORKED: it signed a tree of size {one.size} and one of size "
            f"{other.size}", f"which differ among the first {size} leaves",
            f"evidence {identity.hex()}"]


# -- command line -------------------------------------------------------------------------------------------

class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(3, f"{self.prog}: {message}\n")


def arguments():
    parser = Parser(prog="verify_evident.py", description=__doc__,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser)

    def command(name, text, source, shape):
        one = commands.add_parser(name, help=text, description=text)
        one.add_argument("source", metavar=shape, help=source)
        return one

    def trust(one):
        one.add_argument("--vkey", required=True, help="the log's verifier key, from the operator")
        one.add_argument("--spki", help="the log's RFC 6962 key, base64 of its SPKI")
        one.add_argument("--witness", action="append", default=[], metavar="VKEY",
                         help="a witness's verifier key (type 0x04); may be repeated")
        one.add_argument("--quorum", type=int, default=0, metavar="N",
                         help="how many of the witnesses must have cosigned")

    one = command("receipt", "verify a receipt", "the receipt, or - for standard input", "FILE")
    trust(one)
    one.add_argument("--record", metavar="FILE", help="the record's text, to compare")
    one.add_argument("--seed", metavar="HEX", help="the record's seed, to recompute the commitment")
    one = command("bundle", "verify an evidence bundle or a bundle set", "the bundle or set",
                  "FILE")
    trust(one)
    one.add_argument("--erasure", action="append", default=[], metavar="FILE",
                     help="a bundle or set of erasure records that this one refers to")
    trust(command("proof", "verify a .tlog-proof", "the proof", "FILE"))
    one = command("log", "verify a whole log", "base address, or a folder laid out like it",
                  "URL|DIR")
    trust(one)
    one.add_argument("--receipts", metavar="DIR", help="receipts (*.json) to find in the log")
    one.add_argument("--older", action="append", default=[], metavar="FILE",
                     help="an older checkpoint that this log must extend")
    trust(command("fork", "verify evidence that a log forked", "the evidence", "FILE"))
    command("canonical", "print the canonical form of a record", "the record", "FILE")
    return parser.parse_args()


def read(name):
    return sys.stdin.buffer.read() if name == "-" else pathlib.Path(name).read_bytes()


def perform(options):
    if options.command == "canonical":
        return [canonical_bytes(read(options.source)).decode()]
    if options.command == "log":
        return verify_log(options)
    spki = unbase64(options.spki, "--spki") if options.spki else None
    trust = Trust(options.vkey, spki, options.witness, options.quorum)
    if options.command == "bundle":
        erasures = [read(name) for name in options.erasure]
        with io.BytesIO(read("-")) if options.source == "-" else open(options.source, "rb") as source:
            if is_set(source):
                return verify_set(source, trust, erasures)
            return verify_bundle(source.read(), trust, erasures)
    data = read(options.source)
    if options.command == "receipt":
        record = read(options.record) if options.record else None
        return verify_receipt(data, trust, record, options.seed)
    if options.command == "fork":
        return verify_fork(data, trust)
    return verify_tlog_proof(data, trust)


def main():
    options = arguments()
    try:
        lines = perform(options)
    except Tampered as error:
        print(f"TAMPERED: {error}", file=sys.stderr)
        return 1
    except (Unverifiable, UnicodeDecodeError) as error:
        print(f"CANNOT BE VERIFIED: {error}", file=sys.stderr)
        return 2
    except (OSError, http.client.HTTPException) as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return 4
    print("\n".join(lines))
    if options.command != "canonical":
        print("verified")
    return 0


if __name__ == "__main__":
    sys.exit(main())
