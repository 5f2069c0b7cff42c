// SPDX-License-Identifier: Apache-2.0
// Receipts, .tlog-proof files and evidence bundles (spec/receipt.md), verified step by step under
// what was pinned. They need no server and no network.

import { areEqual, base64, decimal, hex, timeText, unbase64, unhex, utf8 } from "./bytes.js";
import { MAX_MEMBERS, canonical, parseCounted } from "./json.js";
import { followInclusion, leafHash } from "./merkle.js";
import { checkPolicy, checkTime, cosigners, noteText, openCheckpoint } from "./note.js";
import {
    commitFields, commitRecord, decodeLeaf, encodeLeaf, fieldDigest, isFieldName,
} from "./record.js";
import { Tampered, Unverifiable } from "./verdict.js";

const NEVER_ERASED_ALONE = ["v", "id", "type", "tenant", "received"];
const PROOF_HEADER = "c2sp.org/tlog-proof@v1";
const MAX_INCLUSION = 64;

/** Reads an object that has all of `required`, may have `optional`, and nothing else. */
export function membersOf(value, place, required, optional = []) {
    if (!(value instanceof Map)) throw new Unverifiable(`${place} is not an object`);
    for (const name of required) {
        if (!value.has(name)) throw new Unverifiable(`${place} has no member ${name}`);
    }
    for (const name of value.keys()) {
        if (![...required, ...optional].includes(name)) {
            throw new Unverifiable(`${place} has a member that the format has not`);
        }
    }
    return value;
}

export function expected(value, place) {
    if (value === null || value === undefined) {
        throw new Unverifiable(`${place} is not of the form that the format asks for`);
    }
    return value;
}

export function unsigned(value) {
    return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

export function hashList(value, place, most = MAX_INCLUSION) {
    if (!Array.isArray(value) || value.length > most) expected(null, place);
    return value.map((text, at) => expected(unbase64(text, 32), `${place}[${at}]`));
}

export function textOf(value, place) {
    return expected(typeof value === "string" ? value : null, place);
}

/** A receipt's parts. */
export function parseReceipt(document) {
    const members = membersOf(document, "the receipt",
        ["receipt", "index", "timestamp_ms", "commitment", "record_hash", "inclusion", "checkpoint"],
        ["opening", "content", "witnessed"]);
    if (typeof (members.get("witnessed") ?? true) !== "boolean") expected(null, "witnessed");
    if (members.get("receipt") !== "evident/v1") expected(null, "receipt");
    if (members.has("content") && (members.get("content") !== "erased" || members.has("opening"))) {
        expected(null, "content");
    }
    const opening = members.has("opening")
        ? membersOf(members.get("opening"), "opening", ["record", "seed"]) : null;
    return {
        index: expected(unsigned(members.get("index")), "index"),
        leaf: {
            timestampMS: expected(unsigned(members.get("timestamp_ms")), "timestamp_ms"),
            commitment: expected(unhex(members.get("commitment"), 32), "commitment"),
            recordHash: expected(unhex(members.get("record_hash"), 32), "record_hash"),
        },
        inclusion: hashList(members.get("inclusion"), "inclusion"),
        checkpoint: textOf(members.get("checkpoint"), "checkpoint"),
        opening: opening && {
            record: textOf(opening.get("record"), "opening.record"),
            seed: expected(unhex(opening.get("seed"), 32), "opening.seed"),
        },
        isErased: members.has("content"),
    };
}

/** One field of a bundle: shown with its value, or hidden behind its digest. */
export function parseField(value, place) {
    if (value instanceof Map && value.has("member")) {
        const members = membersOf(value, place, ["salt", "member"]);
        const salt = expected(unhex(members.get("salt"), 16), `${place}.salt`);
        const member = textOf(members.get("member"), `${place}.member`);
        const counted = parseCounted(utf8(`{${member}}`));
        const [name] = counted.value.keys();
        if (counted.value.size !== 1 || !isFieldName(name)
            || canonical(counted.value) !== `{${member}}`) {
            throw new Unverifiable(`${place}.member is not canonical text of one member`);
        }
        return { name, member, value: counted.value.get(name), members: counted.members,
            digest: fieldDigest(salt, member) };
    }
    const members = membersOf(value, place, ["name", "digest"], ["erased"]);
    const name = members.get("name");
    if (!isFieldName(name)) expected(null, `${place}.name`);
    const erased = members.has("erased")
        ? expected(unsigned(members.get("erased")), `${place}.erased`) : null;
    if (erased !== null && NEVER_ERASED_ALONE.includes(name)) {
        throw new Unverifiable(`${place} says that ${name} was erased, which is never erased alone`);
    }
    return { name, member: null, members: 1, erased,
        digest: expected(unhex(members.get("digest"), 32), `${place}.digest`) };
}

/** Reads the fields of a record: all of them, in order, `v` shown. */
export function parseFields(list) {
    if (!Array.isArray(list)) expected(null, "fields");
    const fields = list.map((value, at) => parseField(value, `fields[${at}]`));
    if (!fields.some(({ name, member }) => name === "v" && member !== null)) {
        throw new Unverifiable("the field v is not shown, so the record's version is not known");
    }
    fields.forEach((field, at) => {
        if (at > 0 && fields[at - 1].name >= field.name) {
            throw new Unverifiable(`the names of the fields do not strictly increase at fields[${at}]`);
        }
    });
    if (fields.reduce((sum, { members }) => sum + members, 0) > MAX_MEMBERS) {
        throw new Unverifiable("the fields have more members than a record may");
    }
    return fields;
}

/** An evidence bundle's parts. */
export function parseBundle(document) {
    const members = membersOf(document, "the bundle",
        ["bundle", "index", "timestamp_ms", "record_hash", "fields", "inclusion", "checkpoint"]);
    if (members.get("bundle") !== "evident/v1") expected(null, "bundle");
    return {
        index: expected(unsigned(members.get("index")), "index"),
        timestampMS: expected(unsigned(members.get("timestamp_ms")), "timestamp_ms"),
        recordHash: expected(unhex(members.get("record_hash"), 32), "record_hash"),
        fields: parseFields(members.get("fields")),
        inclusion: hashList(members.get("inclusion"), "inclusion"),
        checkpoint: textOf(members.get("checkpoint"), "checkpoint"),
    };
}

/** A proof file's parts; its extra line has to be the leaf. */
export function parseProofFile(bytes) {
    const text = noteText(bytes);
    const end = text.indexOf("\n\n");
    const [header, extra, index, ...hashes] = text.slice(0, end).split("\n");
    if (end < 0 || header !== PROOF_HEADER) throw new Unverifiable("the file is no proof file");
    if (!extra?.startsWith("extra ") || !index?.startsWith("index ")) {
        throw new Unverifiable("the proof file has no extra line with its leaf, and an index");
    }
    const leaf = decodeLeaf(expected(unbase64(extra.slice(6)), "the extra line"));
    return {
        index: expected(decimal(index.slice(6)), "the index line"),
        leaf: expected(leaf, "the leaf in the extra line"),
        inclusion: hashList(hashes, "the proof"),
        checkpoint: text.slice(end + 2),
    };
}

/** The steps that every kind of evidence ends with. */
export const LEAF_STEPS = {
    leaf: "The leaf is made from its parts, and hashed",
    signatures: "The checkpoint is signed by the pinned key",
    inclusion: "The leaf is in the signed tree at its index",
    times: "The leaf is not later than the signatures over it",
    witnesses: "The witness policy is met",
};

/** Proves a leaf under what was pinned. */
export async function proveLeaf(trail, { index, leaf, inclusion, checkpoint }, pinned) {
    const hash = await trail.run("leaf", (show) => {
        const made = leafHash(encodeLeaf(leaf));
        show("118 bytes: time, commitment and record hash", hex(made));
        return made;
    });
    const opened = await trail.run("signatures", async (show) => {
        const result = await openCheckpoint(checkpoint, pinned);
        const names = result.signatures.filter(({ key }) => key).map(describeSignature);
        show(names.join("; "), base64(result.root));
        return result;
    });
    const path = await trail.run("inclusion", (show) => {
        const followed = followInclusion(index, opened.size, hash, inclusion);
        if (!areEqual(followed.root, opened.root)) {
            throw new Tampered(
                "the leaf is not in the signed tree at its index: its proof leads to another root");
        }
        show(`index ${index} of ${opened.size}, by ${inclusion.length} hashes`, base64(followed.root));
        return followed;
    });
    await trail.run("times", (show) => {
        checkTime(leaf.timestampMS, opened);
        const timed = opened.signatures.filter(({ signedMS }) => signedMS !== undefined);
        show(timed.length > 0 ? `compared with ${timed.length} signed time${timed.length > 1 ? "s" : ""}`
            : "no signature with a time is by a pinned key, so there was nothing to compare with");
    });
    await proveWitnesses(trail, opened, pinned);
    return { index, leaf, hash, opened, path, witnesses: cosigners(opened).map(({ name }) => name) };
}

async function proveWitnesses(trail, opened, pinned) {
    if (!pinned.policy) return trail.skip("witnesses", "no witness policy was given");
    return trail.run("witnesses", (show) => {
        checkPolicy(opened, pinned);
        show(cosigners(opened).map(({ name }) => name).sort().join(", ") || "the policy asks for none");
    });
}

function describeSignature({ name, key, signedMS }) {
    const kind = { 1: "Ed25519", 4: "cosignature", 5: "RFC 6962 tree head" }[key.type];
    const at = signedMS === undefined ? "" : ` at ${timeText(Number(signedMS))}`;
    return `${kind} by ${name}${at}`;
}

export const RECEIPT_STEPS = {
    ...LEAF_STEPS,
    opening: "The opened record is the one committed to",
};

/** Verifies a receipt, with its opening where it has one. */
export async function verifyReceipt(trail, receipt, pinned) {
    const proven = await proveLeaf(trail, receipt, pinned);
    if (!receipt.opening) {
        trail.skip("opening", "the receipt holds no opening, as it should once it was checked");
        return proven;
    }
    await trail.run("opening", (show) => {
        const { record, seed } = receipt.opening;
        const made = commitRecord(pinned.origin, record, seed);
        if (!areEqual(made, receipt.leaf.commitment)) {
            throw new Tampered("the opened record is not the one that was committed to");
        }
        show("record and seed give the commitment", hex(made));
    });
    return proven;
}

export const BUNDLE_STEPS = {
    commitment: "All fields, shown and hidden, give one commitment",
    ...LEAF_STEPS,
};

/** Verifies an evidence bundle. What it claims of erasures is another's to check. */
export async function verifyBundle(trail, bundle, pinned) {
    const commitment = await trail.run("commitment", (show) => {
        const made = commitFields(pinned.origin, bundle.fields);
        const shown = bundle.fields.filter(({ member }) => member !== null).length;
        show(`${shown} shown and ${bundle.fields.length - shown} hidden, under ${pinned.origin}`,
            hex(made));
        return made;
    });
    const { timestampMS, recordHash } = bundle;
    const leaf = { timestampMS, commitment, recordHash };
    const proven = await proveLeaf(trail, { ...bundle, leaf }, pinned);
    return { ...proven, fields: bundle.fields };
}

/**
 * Whether a verified record is the log's own of the erasure of a field, or of the whole record
 * where `name` is null.
 */
export function isErasureOf(erasure, index, name) {
    const shown = new Map(erasure.fields.filter(({ member }) => member !== null)
        .map((field) => [field.name, field.value]));
    if (shown.get("tenant") !== "_log" || shown.get("type") !== "erasure.request") return false;
    const details = shown.get("details");
    const listed = details instanceof Map ? details.get("erased") : null;
    return Array.isArray(listed) && listed.some((item) => (
        Array.isArray(item) && item[0] === index
        && (item.length === 1 || (name !== null && item.slice(1).includes(name)))));
}
