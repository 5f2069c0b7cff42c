// SPDX-License-Identifier: Apache-2.0
// A pile of files: tells what each is, verifies it, and lets the log's erasure records among them
// settle what others claim of erasures.

import { base64, timeText, utf8Text } from "./bytes.js";
import { SET_STEPS, isBundleSet, verifyBundleSet } from "./bundle-set.js";
import { parseStrict } from "./json.js";
import { checkPolicy, cosigners, noteText, openCheckpoint } from "./note.js";
import {
    BUNDLE_STEPS, LEAF_STEPS, RECEIPT_STEPS, isErasureOf, parseBundle, parseProofFile, parseReceipt,
    proveLeaf, verifyBundle, verifyReceipt,
} from "./proofs.js";
import {
    TAMPERED, Tampered, Trail, Unverifiable, VERIFIED, verdictOf,
} from "./verdict.js";

/** Members of all objects of a bundle: two or three for each field of its record. */
const MAX_BUNDLE_MEMBERS = 4096;
const FORM = { form: "The file is read strictly, and is of its format" };
const CHECKPOINT_STEPS = {
    signatures: "The checkpoint is signed by the pinned key",
    witnesses: "The witness policy is met",
};

/** The kinds of evidence: what each is called, its steps, and how it is parsed and verified. */
const KINDS = {
    receipt: {
        title: "Receipt", steps: { ...FORM, ...RECEIPT_STEPS },
        parse: (bytes) => parseReceipt(parseStrict(bytes)), verify: verifyReceipt,
    },
    bundle: {
        title: "Evidence bundle", steps: { ...FORM, ...BUNDLE_STEPS },
        parse: (bytes) => parseBundle(parseStrict(bytes, MAX_BUNDLE_MEMBERS)),
        verify: verifyBundle,
    },
    proof: {
        title: "Proof file", steps: { ...FORM, ...LEAF_STEPS },
        parse: parseProofFile, verify: proveLeaf,
    },
    set: {
        title: "Bundle set", steps: { ...FORM, ...SET_STEPS },
        parse: (bytes) => bytes, verify: verifyBundleSet,
    },
    checkpoint: {
        title: "Checkpoint", steps: { ...FORM, ...CHECKPOINT_STEPS },
        parse: noteText, verify: verifyCheckpoint,
    },
};

/** What a file is; null for none of the kinds. */
export function kindOf(bytes) {
    if (isBundleSet(bytes)) return "set";
    const text = utf8Text(bytes);
    if (text === null) return null;
    if (text.startsWith("c2sp.org/tlog-proof@")) return "proof";
    if (text.includes("\n\n\u2014 ")) return "checkpoint";
    if (!/^\s*\{/.test(text)) return null;
    try {
        return parseStrict(bytes, MAX_BUNDLE_MEMBERS).has("bundle") ? "bundle" : "receipt";
    } catch {
        // Reading it as a receipt says what is wrong with its JSON.
        return "receipt";
    }
}

async function verifyCheckpoint(trail, note, pinned) {
    const opened = await trail.run("signatures", async (show) => {
        const result = await openCheckpoint(note, pinned);
        const names = result.signatures.filter(({ key }) => key).map(({ name }) => name);
        show(`size ${result.size}, signed by ${[...new Set(names)].join(", ")}`, base64(result.root));
        return result;
    });
    if (!pinned.policy) trail.skip("witnesses", "no witness policy was given");
    else await trail.run("witnesses", () => checkPolicy(opened, pinned));
    return { opened, witnesses: cosigners(opened).map(({ name }) => name) };
}

/** Verifies one file: `{name, kind, title, verdict, reason, steps, parsed, proven}`. */
export async function verifyFile({ name, bytes }, pinned, progress = () => {}) {
    const kind = kindOf(bytes);
    const result = { name, kind, title: KINDS[kind]?.title ?? "File", steps: [], verdict: null,
        reason: "", parsed: null, proven: null };
    try {
        if (!kind) {
            throw new Unverifiable(
                "it is no receipt, proof file, evidence bundle, bundle set or checkpoint");
        }
        const trail = new Trail(KINDS[kind].steps);
        result.steps = trail.steps;
        result.parsed = await trail.run("form", () => KINDS[kind].parse(bytes));
        result.proven = await KINDS[kind].verify(trail, result.parsed, pinned, progress);
        result.verdict = VERIFIED;
        result.reason = sentence(result);
    } catch (error) {
        result.verdict = verdictOf(error);
        result.reason = error.message;
    }
    return result;
}

/** What a verified file proves, in the words of `evident verify`. */
function sentence({ kind, parsed, proven }) {
    const { opened } = proven;
    if (kind === "checkpoint") return `a head of ${opened.origin}, of size ${opened.size}`;
    if (kind === "set") {
        return `${proven.records.length} records of ${opened.origin}, under a signed tree of`
            + ` ${opened.size}`;
    }
    const leaf = parsed.leaf ?? parsed;
    return `record ${proven.index} of ${opened.origin}, taken ${timeText(leaf.timestampMS)}, under a`
        + ` signed tree of ${opened.size}`
        + (parsed.isErased ? "; the log has erased its content since" : "");
}

/** The records with fields that a verified file proves. */
function recordsOf({ verdict, kind, proven }) {
    if (verdict !== VERIFIED) return [];
    return { bundle: [proven], set: proven.records }[kind] ?? [];
}

/**
 * Settles claims of erasure by the erasure records among verified files. A hidden field becomes
 * `erased by record N`, `claimed to be erased`, or stays `withheld`; a false claim is tampering.
 */
export function settleErasures(results) {
    const byIndex = new Map();
    for (const record of results.flatMap(recordsOf)) {
        byIndex.set(record.index, [...(byIndex.get(record.index) ?? []), record]);
    }
    for (const result of results) {
        try {
            for (const record of recordsOf(result)) settleRecord(record, byIndex);
        } catch (error) {
            result.verdict = TAMPERED;
            result.reason = error.message;
            result.steps.push({ name: "erasures", title: "What it says of erasures is true",
                state: TAMPERED, detail: error.message, hash: null });
        }
    }
    return results;
}

function settleRecord(record, byIndex) {
    for (const field of record.fields) {
        if (field.member !== null) continue;
        const told = field.erased === null ? [] : byIndex.get(field.erased) ?? [];
        const isToldWhole = told.filter(({ fields }) => (
            ["type", "tenant", "details"].every((name) => (
                fields.some((other) => other.name === name && other.member !== null)))));
        if (field.erased === null) field.state = "withheld";
        else if (isToldWhole.length === 0) field.state = `claimed to be erased by record ${field.erased}`;
        else if (isToldWhole.some((erasure) => isErasureOf(erasure, record.index, field.name))) {
            field.state = `erased by record ${field.erased}`;
        } else {
            throw new Tampered(
                `record ${field.erased} does not erase ${field.name} of record ${record.index}`);
        }
    }
}

/** How many records a set skips because, as records of the log say, all of them is gone. */
export function goneWhole(set, results) {
    const records = results.flatMap(recordsOf);
    const ranges = merged(records.flatMap((record) => [...erasedAlone(record), ...pruned(record)]));
    return ranges.reduce((sum, [first, end]) => sum + set.skips.reduce((part, { from, to }) => (
        part + Math.max(0, Math.min(to, end) - Math.max(from, first))), 0), 0);
}

/** The same indexes as few ranges, rising: each its first and the one after its last. */
function merged(ranges) {
    const apart = [];
    for (const [first, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
        const last = apart.at(-1);
        if (last && first <= last[1]) last[1] = Math.max(last[1], end);
        else apart.push([first, end]);
    }
    return apart;
}

function erasedAlone(erasure) {
    return listOf(erasure, "erased").filter((item) => item.length === 1)
        .filter(([index]) => isErasureOf(erasure, index, null)).map(([index]) => [index, index + 1]);
}

/** What a record of the log says went because of its age: earlier records, whole. */
function pruned(record) {
    const shown = new Map(record.fields.filter(({ member }) => member !== null)
        .map(({ name, value }) => [name, value]));
    if (shown.get("tenant") !== "_log" || shown.get("type") !== "retention.prune") return [];
    return listOf(record, "pruned").map((item) => [item[0], item.at(-1) + 1])
        .filter(([first, end]) => (
            Number.isSafeInteger(first) && Number.isSafeInteger(end) && first < end && end <= record.index));
}

function listOf(record, name) {
    const details = record.fields.find((field) => field.name === "details")?.value;
    const listed = details instanceof Map ? details.get(name) : null;
    return Array.isArray(listed) ? listed.filter((item) => Array.isArray(item)) : [];
}
