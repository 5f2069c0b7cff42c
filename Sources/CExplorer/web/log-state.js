// SPDX-License-Identifier: Apache-2.0
// What the page knows of the log: its newest head, opened under the pinned key, and proven to go on
// from the head before.

import { areEqual, base64, unbase64, utf8Text } from "./bytes.js";
import { COSIGNATURE, isSignature, parseKey, pinLog, treeHeadKey } from "./keys.js";
import { checkConsistency } from "./merkle.js";
import { checkPolicy, openCheckpoint } from "./note.js";
import { parsePolicy } from "./policy.js";
import { getBytes, getJSON, getText, logTiles } from "./source.js";
import { Trust } from "./trust.js";
import { Tampered, Unverifiable, verdictOf } from "./verdict.js";

/** The tree head key that the log states, in base64; null if it states none. */
function statedSPKI(description) {
    return description.keys?.find(({ alg }) => alg === "ecdsa-p256")?.spki ?? null;
}

export class LogState extends EventTarget {
    constructor() {
        super();
        this.trust = new Trust();
        this.tiles = logTiles();
        this.description = null;
        this.opened = null;
        this.witnessed = null;
        this.growth = "";
        this.problem = null;
        this.fork = null;
    }

    /** Reads the newest head, and tells listeners by `change`. */
    async refresh() {
        try {
            this.description = await getJSON("v1/log");
            const stated = { vkey: this.description.vkey, spki: statedSPKI(this.description) };
            this.trust.load() ?? this.trust.seeFirst(stated);
            const opened = await openCheckpoint(await getText("checkpoint"), this.pinned());
            await this.judgeUnpinned(opened);
            await this.goOn(opened);
            this.witnessed = await this.witnessedHead(opened);
            this.problem = null;
        } catch (error) {
            this.problem = { verdict: verdictOf(error), message: error.message };
        }
        this.dispatchEvent(new Event("change"));
    }

    /** The keys and the policy that everything is checked by. */
    pinned() {
        if (!this.trust.load()) throw new Unverifiable("no key of this log is known yet");
        const { vkey, spki, policy } = this.trust.load();
        const pinned = pinLog(vkey, parsePolicy(policy));
        const bytes = unbase64(spki ?? "");
        const hasOwn = pinned.keys.some(({ type }) => type === 5);
        if (bytes?.length && !hasOwn) pinned.keys.push(treeHeadKey(pinned.origin, bytes, true));
        return pinned;
    }

    /** Whether the log states another key than the one pinned. */
    get keyChange() {
        const { vkey, spki } = this.trust.load() ?? {};
        if (!vkey || !this.description) return null;
        if (!vkey.split(/\s+/).includes(this.description.vkey)) return "verifier key";
        return spki && spki !== statedSPKI(this.description) ? "tree head key" : null;
    }

    /** Goes by a key that was given; the log's tree head key is taken as stated now. */
    pin(vkey, policy) {
        pinLog(vkey, parsePolicy(policy));
        this.trust.pin({ vkey: vkey.trim(), policy, spki: statedSPKI(this.description ?? {}) });
        this.fork = null;
        return this.refresh();
    }

    /** Lines of witnesses that the log names and nobody pinned: checked, and told apart. */
    async judgeUnpinned(opened) {
        const keys = [];
        for (const one of this.description.witnesses ?? []) {
            try {
                keys.push(parseKey(typeof one === "string" ? one : one.vkey));
            } catch {
                // A key of a type that is not known here proves nothing, and harms nothing.
            }
        }
        for (const line of opened.signatures.filter(({ key }) => !key)) {
            const key = keys.find(({ name, id, type }) => (
                type === COSIGNATURE && name === line.name && id === line.id));
            if (key) line.isByStatedKey = await isSignature(key, line, opened);
        }
    }

    /** Checks that a head goes on from the one before, from tiles, and keeps it. */
    async goOn(opened) {
        const before = this.opened ?? await this.remembered();
        this.growth = before ? await this.compare(before, opened) : "";
        this.opened = opened;
        this.trust.save({ head: opened.note });
    }

    /** The newest head that met the log's witness policy, of one history with `opened`. */
    async witnessedHead(opened) {
        if (!(this.description.witnesses?.length > 0)) return null;
        const note = await getBytes("witnessed/checkpoint");
        if (!note) return null;
        const head = await openCheckpoint(utf8Text(note) ?? "", this.pinned());
        checkPolicy(head, this.pinned());
        await this.judgeUnpinned(head);
        await this.prove(head, opened);
        return head;
    }

    async remembered() {
        const { head } = this.trust.load();
        if (!head) return null;
        try {
            return await openCheckpoint(head, this.pinned());
        } catch {
            return null;
        }
    }

    async compare(before, opened) {
        if (before.size === opened.size && areEqual(before.root, opened.root)) return this.growth;
        const [older, newer] = before.size <= opened.size ? [before, opened] : [opened, before];
        if (older.size === before.size) this.fork = null;
        await this.prove(before, opened);
        if (newer === before) {
            throw new Tampered(`the log shows ${opened.size} entries, and has shown ${before.size} to`
                + " this browser: it was set back, or what answers is stale");
        }
        return `It begins with the ${before.size} entries that this browser saw before`
            + " (proven from tiles).";
    }

    /** Proves from tiles that one of two heads begins with the other; those that do not are kept. */
    async prove(one, other) {
        const [older, newer] = one.size <= other.size ? [one, other] : [other, one];
        const hashes = await this.tiles.consistency(older.size, newer.size);
        try {
            checkConsistency(
                older.size, newer.size, older.root, newer.root, hashes.map(({ hash }) => hash));
        } catch (error) {
            this.fork = { notes: [one.note, other.note] };
            throw error;
        }
    }
}

export function rootText(opened) {
    return base64(opened.root);
}
