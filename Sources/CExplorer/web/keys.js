// SPDX-License-Identifier: Apache-2.0
// Verifier keys of notes (c2sp.org/signed-note), and what a verifier pins. Signatures are checked
// by the browser's own WebCrypto.

import { areEqual, base64, bigEndian, bigInteger, hex, joined, unbase64, utf8 } from "./bytes.js";
import { sha256 } from "./sha256.js";
import { Unverifiable } from "./verdict.js";

export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;
export const TREE_HEAD = 0x05;

const ED25519_KEY_BYTES = 32;
const SPKI_BYTES = 91;

export function isKeyName(name) {
    return name !== "" && !/[+\p{White_Space}\u0000-\u001f]/u.test(name);
}

/** Whether a text can name a log (spec/record.md). */
export function isOrigin(text) {
    const [authority, ...segments] = text.split("/");
    const match = /^([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?$/.exec(authority);
    return text.length <= 255 && match !== null && Number(match[2] ?? 1) <= 65535
        && match[1].split(".").every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label))
        && segments.length > 0 && segments.every((part) => /^[A-Za-z0-9._~-]+$/.test(part));
}

/** The id of a key: four bytes that belong to its name, type and material. */
function keyID(name, type, material) {
    const identity = type === TREE_HEAD ? sha256(material) : material;
    return hex(sha256(utf8(`${name}\n`), [type], identity).subarray(0, 4));
}

function makeKey(name, type, material) {
    const id = keyID(name, type, material);
    return { name, type, material, id, vkey: `${name}+${id}+${base64(joined([type], material))}` };
}

/**
 * A log's tree head key (type 0x05), given by its SubjectPublicKeyInfo in DER.
 *
 * One that the log alone states checks its own lines and their times, and opens nothing: else a
 * server could sign what the given key never signed.
 */
export function treeHeadKey(origin, spki, isStated = false) {
    return { ...makeKey(origin, TREE_HEAD, spki), isStated };
}

/** Reads a key's text form, `name+id+base64`; throws Unverifiable for anything else. */
export function parseKey(text) {
    const [name, id, ...rest] = text.split("+");
    const bytes = unbase64(rest.join("+"));
    if (!isKeyName(name) || !bytes?.length) {
        throw new Unverifiable("a verifier key looks like log.example.com/audit+1234abcd+base64");
    }
    const [type, material] = [bytes[0], bytes.subarray(1)];
    const wanted = { [ED25519]: ED25519_KEY_BYTES, [COSIGNATURE]: ED25519_KEY_BYTES,
        [TREE_HEAD]: SPKI_BYTES }[type];
    if (wanted === undefined) {
        throw new Unverifiable(`a verifier key is of type ${type}, which is not known here`);
    }
    const key = makeKey(name, type, material);
    if (material.length !== wanted || key.id !== id || key.vkey !== text) {
        throw new Unverifiable("a verifier key is not whole: its key id does not belong to it");
    }
    return key;
}

/**
 * What a verifier knows beforehand: the log's own keys, one a line, and a witness policy or null.
 */
export function pinLog(vkeys, policy = null) {
    const keys = vkeys.split(/\s+/).filter((text) => text !== "").map(parseKey);
    if (keys.length === 0) throw new Unverifiable("give the log's verifier key");
    const origin = keys[0].name;
    if (!keys.every((key) => key.name === origin)) {
        throw new Unverifiable("the verifier keys are of several logs");
    }
    if (keys.some((key) => key.type === COSIGNATURE)) {
        throw new Unverifiable("a witness's key is given as the log's own; put it into the policy");
    }
    if (!isOrigin(origin)) throw new Unverifiable("the verifier key's name cannot name a log");
    return { origin, keys, witnesses: policy?.witnesses ?? [], policy };
}

/** What a cosignature line holds; null if it is not of its form. */
export function readCosignature(bytes) {
    const seconds = bytes.length === 72 ? bigInteger(bytes.subarray(0, 8)) : 1n << 63n;
    return seconds < 1n << 63n ? { seconds, signature: bytes.subarray(8) } : null;
}

/** What a tree head line holds; null if it is not of its form. */
export function readTreeHeadSignature(bytes) {
    const isFormed = bytes.length > 12 && bytes[8] === 0x04 && bytes[9] === 0x03
        && bytes[10] * 256 + bytes[11] === bytes.length - 12;
    return isFormed
        ? { timestampMS: bigInteger(bytes.subarray(0, 8)), der: bytes.subarray(12) } : null;
}

/** Whether a line by this key is its signature over a checkpoint. */
export async function isSignature(key, line, checkpoint) {
    if (key.type === TREE_HEAD) {
        const read = readTreeHeadSignature(line.bytes);
        const signature = read && rawSignature(read.der);
        if (!signature) return false;
        const message = joined([0, 1], bigEndian(read.timestampMS, 8),
            bigEndian(checkpoint.size, 8), checkpoint.root);
        return verifyECDSA(key.material, signature, message);
    }
    if (key.type === COSIGNATURE) {
        const read = readCosignature(line.bytes);
        if (!read) return false;
        const message = utf8(`cosignature/v1\ntime ${read.seconds}\n${checkpoint.text}`);
        return verifyEd25519(key.material, read.signature, message);
    }
    return line.bytes.length === 64
        && verifyEd25519(key.material, line.bytes, utf8(checkpoint.text));
}

/** An ECDSA signature in DER as WebCrypto takes it, r and s of 32 bytes; null if it is malformed. */
function rawSignature(der) {
    const numbers = [];
    let at = 2;
    if (der[0] !== 0x30 || der[1] !== der.length - 2 || der[1] > 127) return null;
    while (at < der.length) {
        const [tag, count] = [der[at], der[at + 1]];
        const bytes = der.subarray(at + 2, at + 2 + count);
        const isPadded = bytes[0] === 0 && !(bytes[1] > 127);
        if (tag !== 0x02 || bytes.length !== count || count === 0 || isPadded || bytes[0] > 127) {
            return null;
        }
        const digits = bytes[0] === 0 ? bytes.subarray(1) : bytes;
        if (digits.length > 32) return null;
        numbers.push(joined(new Uint8Array(32 - digits.length), digits));
        at += 2 + count;
    }
    return numbers.length === 2 ? joined(...numbers) : null;
}

function webCrypto() {
    if (globalThis.crypto?.subtle) return globalThis.crypto.subtle;
    throw new Unverifiable(
        "this page has no WebCrypto, so signatures cannot be checked; browsers give it to pages that"
        + " come by HTTPS, from this machine, or from a file");
}

async function imported(format, material, algorithm, name) {
    const subtle = webCrypto();
    try {
        return await subtle.importKey(format, material, algorithm, false, ["verify"]);
    } catch (error) {
        if (error.name === "NotSupportedError") {
            throw new Unverifiable(
                `this browser cannot check ${name} signatures; use a newer one, or evident verify`);
        }
        throw new Unverifiable(`a verifier key is no ${name} key`);
    }
}

async function verifyEd25519(material, signature, message) {
    const key = await imported("raw", material, { name: "Ed25519" }, "Ed25519");
    return webCrypto().verify({ name: "Ed25519" }, key, signature, message);
}

async function verifyECDSA(spki, signature, message) {
    const curve = { name: "ECDSA", namedCurve: "P-256" };
    const key = await imported("spki", spki, curve, "ECDSA P-256");
    return webCrypto().verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message);
}

export function isSameKey(left, right) {
    return left.type === right.type && left.name === right.name
        && areEqual(left.material, right.material);
}
