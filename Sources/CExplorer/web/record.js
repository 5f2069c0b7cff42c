// SPDX-License-Identifier: Apache-2.0
// Commitments (spec/commitment.md) and leaves (spec/leaf.md).

import {
    areEqual, base64url, bigEndian, bigInteger, joined, unbase64url, utf8, utf8Text,
} from "./bytes.js";
import { canonical, parseCanonical, stringText } from "./json.js";
import { sha256 } from "./sha256.js";
import { Unverifiable } from "./verdict.js";

const [SALT, DIGEST, COMMITMENT] = [[0x02], [0x03], [0x04]];
const LEAF_BYTES = 118;

export function isFieldName(name) {
    return typeof name === "string" && /^[a-z][a-z0-9_]{0,62}$/.test(name);
}

export function fieldSalt(seed, name) {
    return sha256(SALT, seed, utf8(name)).subarray(0, 16);
}

export function fieldDigest(salt, member) {
    return sha256(DIGEST, salt, utf8(member));
}

/** The commitment over fields `{name, digest}` that are already in order. */
export function commitFields(origin, fields) {
    const parts = fields.flatMap(({ name, digest }) => [[name.length], utf8(name), digest]);
    return sha256(
        COMMITMENT, [origin.length], utf8(origin), bigEndian(fields.length, 2), ...parts);
}

/** The commitment of a whole record, given as its canonical text. */
export function commitRecord(origin, text, seed) {
    const record = parseCanonical(text)?.value;
    if (!record?.size || ![...record.keys()].every(isFieldName)) {
        throw new Unverifiable("the opened record is not the canonical text of a record");
    }
    return commitFields(origin, [...record.keys()].map((name) => {
        const member = `${stringText(name)}:${canonical(record.get(name))}`;
        return { name, digest: fieldDigest(fieldSalt(seed, name), member) };
    }));
}

export function encodeLeaf({ timestampMS, commitment, recordHash }) {
    const data = utf8(`{"c":"${base64url(commitment)}","m":"${base64url(recordHash)}"}`);
    return joined(
        [0, 0], bigEndian(timestampMS, 8), [0x80, 0x00], bigEndian(data.length, 3), data, [0, 0]);
}

/** The leaf of version 1 in an entry; null for an entry that is not exactly of it. */
export function decodeLeaf(entry) {
    if (entry.length !== LEAF_BYTES) return null;
    const timestampMS = bigInteger(entry.subarray(2, 10));
    const [commitment, recordHash] = [[21, 64], [71, 114]].map(([start, end]) => {
        const text = utf8Text(entry.subarray(start, end));
        return text === null ? null : unbase64url(text);
    });
    if (commitment?.length !== 32 || recordHash?.length !== 32) return null;
    if (timestampMS > BigInt(Number.MAX_SAFE_INTEGER)) return null;
    const leaf = { timestampMS: Number(timestampMS), commitment, recordHash };
    return areEqual(encodeLeaf(leaf), entry) ? leaf : null;
}
