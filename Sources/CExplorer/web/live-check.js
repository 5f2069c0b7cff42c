// SPDX-License-Identifier: Apache-2.0
// Proofs that are built from the log's tiles as they are now.

import { areEqual, base64, hex, timeText } from "./bytes.js";
import { badge, h } from "./dom.js";
import { stepList } from "./evidence-view.js";
import { checkConsistency, followInclusion, leafHash } from "./merkle.js";
import { checkTime } from "./note.js";
import { decodeLeaf } from "./record.js";
import { Tampered, Trail, VERIFIED, verdictOf } from "./verdict.js";

const ENTRY_STEPS = {
    entry: "The entry is read from its bundle",
    leaf: "The entry is hashed",
    tiles: "The proof is built from tiles",
    inclusion: "The proof leads to the signed root",
    times: "The entry is not later than the signatures over it",
};

/**
 * Proves the entry at an index under the newest head: `{verdict, reason, steps, leaf, path}`.
 *
 * `hash` is the leaf hash that was asked for, if one was.
 */
export async function proveEntry({ tiles, opened }, index, hash = null) {
    const trail = new Trail(ENTRY_STEPS);
    const result = { index, steps: trail.steps, verdict: VERIFIED, reason: "", leaf: null, path: null };
    try {
        if (!(index < opened.size)) {
            throw new Tampered(`index ${index} is not below the signed tree's size ${opened.size}`);
        }
        const entry = await trail.run("entry", async (show) => {
            const bytes = await tiles.entry(index, opened.size);
            result.leaf = decodeLeaf(bytes);
            show(result.leaf ? "a leaf of version 1" : "of a kind that this page does not know, and"
                + " which is proven all the same");
            return bytes;
        });
        const made = await trail.run("leaf", (show) => {
            const own = leafHash(entry);
            if (hash && !areEqual(own, hash)) {
                throw new Tampered("the log names an index for this hash that holds another entry");
            }
            show(`${entry.length} bytes`, hex(own));
            return own;
        });
        const hashes = await trail.run("tiles", async (show) => {
            const found = await tiles.inclusion(index, opened.size);
            const names = new Set(found.flatMap((one) => one.tiles));
            show(`${found.length} hashes from ${[...names].join(", ") || "no tile: the tree is one leaf"}`);
            return found;
        });
        result.path = await trail.run("inclusion", (show) => {
            const followed = followInclusion(index, opened.size, made, hashes.map((one) => one.hash));
            if (!areEqual(followed.root, opened.root)) {
                throw new Tampered("entry and tiles do not lead to the signed root");
            }
            show(`index ${index} of ${opened.size}`, base64(followed.root));
            return { index, size: opened.size, leaf: made, steps: followed.steps,
                tiles: hashes.map((one) => one.tiles) };
        });
        await trail.run("times", () => {
            if (result.leaf) checkTime(result.leaf.timestampMS, opened);
        });
        result.reason = `entry ${index} of ${opened.origin}`
            + (result.leaf ? `, taken ${timeText(result.leaf.timestampMS)}` : "")
            + `, under a signed tree of ${opened.size}`;
    } catch (error) {
        result.verdict = verdictOf(error);
        result.reason = error.message;
    }
    return result;
}

const LIVE_STEPS = {
    prefix: "The file's head and the log's newest one are of one history",
    entry: "The log has the same leaf at the index",
};

/** Compares verified evidence with the log as it is now. */
export async function compareWithLog(proven, { tiles, opened }) {
    const trail = new Trail(LIVE_STEPS);
    try {
        await trail.run("prefix", async (show) => {
            const [older, newer] = [proven.opened, opened].sort((a, b) => a.size - b.size);
            const hashes = await tiles.consistency(older.size, newer.size);
            checkConsistency(
                older.size, newer.size, older.root, newer.root, hashes.map(({ hash }) => hash));
            show(`size ${older.size} is the beginning of size ${newer.size}, from tiles`,
                base64(newer.root));
        });
        await trail.run("entry", async (show) => {
            const found = await proveEntry({ tiles, opened }, proven.index, proven.hash);
            if (found.verdict !== VERIFIED) {
                throw found.verdict === verdictOf(new Tampered()) ? new Tampered(found.reason)
                    : new Error(found.reason);
            }
            show(`proven from tiles under size ${opened.size}`, hex(proven.hash));
        });
        return { verdict: VERIFIED, steps: trail.steps };
    } catch (error) {
        return { verdict: verdictOf(error), steps: trail.steps };
    }
}

/** The comparison as part of a card, which is filled when it is done. */
export function liveSection(proven, state) {
    const section = h("section", { class: "live", "aria-live": "polite" },
        h("h4", {}, "Against the log as it is now"));
    if (!state.opened) {
        section.append(h("p", {}, "No head of this log was verified, so there is nothing to compare with."));
        return section;
    }
    compareWithLog(proven, state).then(({ verdict, steps }) => {
        section.dataset.verdict = verdict;
        section.append(h("p", {}, badge(verdict)), stepList(steps));
    });
    return section;
}
