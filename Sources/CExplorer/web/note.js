// SPDX-License-Identifier: Apache-2.0
// Signed notes and the checkpoints in them (spec/checkpoint.md).

import { areEqual, decimal, hex, unbase64, utf8Text } from "./bytes.js";
import {
    COSIGNATURE, TREE_HEAD, isKeyName, isSameKey, isSignature, readCosignature,
    readTreeHeadSignature,
} from "./keys.js";
import { EMPTY_ROOT } from "./merkle.js";
import { Tampered, Unverifiable } from "./verdict.js";

const MAX_SIGNATURES = 100;
const COSIGNATURE_ALLOWANCE_MS = 300_000n;

/** The text and the signature lines of a note. */
export function parseNote(note) {
    const end = note.lastIndexOf("\n\n");
    if (end < 1 || !note.endsWith("\n") || /[\u0000-\u0009\u000b-\u001f]/.test(note)) {
        throw new Unverifiable("the checkpoint is not a signed note");
    }
    const lines = note.slice(end + 2, -1).split("\n").map((line) => {
        const [dash, name, encoded, ...more] = line.split(" ");
        const bytes = unbase64(encoded);
        if (dash !== "\u2014" || more.length > 0 || !isKeyName(name) || !(bytes?.length > 4)) {
            throw new Unverifiable("a signature line of the checkpoint is malformed");
        }
        return { line, name, id: hex(bytes.subarray(0, 4)), bytes: bytes.subarray(4) };
    });
    if (lines.length > MAX_SIGNATURES) {
        throw new Unverifiable(`the checkpoint has more than ${MAX_SIGNATURES} signatures`);
    }
    return { text: note.slice(0, end + 1), lines };
}

/** What a note's text states: origin, size and root; a log writes no further lines. */
export function parseCheckpoint(text) {
    const [origin, sizeText, rootText, ...rest] = text.split("\n");
    const [size, root] = [decimal(sizeText ?? ""), unbase64(rootText, 32)];
    if (rest.length !== 1 || rest[0] !== "" || origin === "" || size === null || !root) {
        throw new Unverifiable(
            "the checkpoint is not three lines: an origin, a size up to 2^53 - 1, and a root");
    }
    if (size === 0 && !areEqual(root, EMPTY_ROOT)) {
        throw new Unverifiable("the checkpoint gives the empty tree another root than its own");
    }
    return { text, origin, size, root };
}

/**
 * Opens a checkpoint under what was pinned, and says of each line whose it is.
 *
 * At least one of the log's own keys must have signed, and not one that only the log states. A line
 * of a pinned key that does not verify refuses the whole; lines of other keys say nothing.
 */
export async function openCheckpoint(note, pinned) {
    const { text, lines } = parseNote(note);
    const checkpoint = parseCheckpoint(text);
    if (checkpoint.origin !== pinned.origin) {
        throw new Unverifiable(`the checkpoint is of ${checkpoint.origin}, not of ${pinned.origin}`);
    }
    const signatures = [];
    for (const line of lines) {
        const key = keyOf(line, [...pinned.keys, ...pinned.witnesses]);
        if (key && !await isSignature(key, line, checkpoint)) {
            throw new Tampered(`the checkpoint's signature by ${line.name} is not valid`);
        }
        signatures.push({ ...line, key, ...timesOf(line, key) });
    }
    const isLogs = ({ key }) => key && key.type !== COSIGNATURE && !key.isStated;
    if (!signatures.some(isLogs)) {
        throw new Unverifiable("the checkpoint bears no signature by a pinned key of the log");
    }
    return { ...checkpoint, note, signatures };
}

function keyOf(line, keys) {
    const named = keys.filter((key) => key.name === line.name && key.id === line.id);
    if (named.some((key) => !isSameKey(key, named[0]))) {
        throw new Unverifiable(`two pinned keys have the name and id of a line by ${line.name}`);
    }
    return named[0] ?? null;
}

/** When a line was signed, as far as its type says so. */
function timesOf(line, key) {
    if (key?.type === TREE_HEAD) return { signedMS: readTreeHeadSignature(line.bytes).timestampMS };
    if (key?.type === COSIGNATURE) {
        return { signedMS: readCosignature(line.bytes).seconds * 1000n };
    }
    return {};
}

/** The pinned witnesses that cosigned an opened checkpoint. */
export function cosigners(opened) {
    return opened.signatures.map(({ key }) => key).filter((key) => key?.type === COSIGNATURE);
}

/** Checks that what the witnesses' policy asks for is there. */
export function checkPolicy(opened, pinned) {
    if (pinned.policy && !pinned.policy.isSatisfied(cosigners(opened))) {
        throw new Unverifiable(
            `${new Set(cosigners(opened)).size} of the policy's witnesses cosigned the checkpoint,`
            + " which is not what the policy asks for");
    }
}

/** Checks that a leaf's time is not after any time at which its tree was signed. */
export function checkTime(timestampMS, opened) {
    for (const { key, name, signedMS } of opened.signatures) {
        if (signedMS === undefined) continue;
        const allowance = key.type === COSIGNATURE ? COSIGNATURE_ALLOWANCE_MS : 0n;
        if (BigInt(timestampMS) > signedMS + allowance) {
            throw new Tampered(
                `the leaf's time, ${timestampMS} ms, is after that of the signature by ${name},`
                + ` ${signedMS} ms`);
        }
    }
}

/** The note in a file's bytes. */
export function noteText(bytes) {
    const text = utf8Text(bytes);
    if (text === null) throw new Unverifiable("the file is not UTF-8 text");
    return text;
}
