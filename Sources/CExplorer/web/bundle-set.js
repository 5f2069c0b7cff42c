// SPDX-License-Identifier: Apache-2.0
// Bundle sets (spec/bundle-set.md): many records under one head, verified in one pass over the
// lines. Nothing of a set is proven before its last line is.

import { areEqual, base64, hex, unhex } from "./bytes.js";
import { parseStrict } from "./json.js";
import { EMPTY_ROOT, checkConsistency, foldSubtrees, leafHash, nodeHash, subtrees } from "./merkle.js";
import { checkPolicy, checkTime, cosigners, openCheckpoint } from "./note.js";
import {
    LEAF_STEPS, expected, hashList, membersOf, parseBundle, parseFields, textOf, unsigned,
    verifyBundle,
} from "./proofs.js";
import { commitFields, encodeLeaf, isFieldName } from "./record.js";
import { sha256 } from "./sha256.js";
import { Tampered, Trail, Unverifiable } from "./verdict.js";

const MAX_LINE_BYTES = 16 * 1024 * 1024;
const MAX_LINE_MEMBERS = 65536;
const LINES_AT_A_TIME = 200;
const LINE_FEED = 0x0a;

export const SET_STEPS = {
    signatures: "The set's checkpoint is signed by the pinned key",
    witnesses: "The witness policy is met",
    leaves: "Records and skips make every leaf of the tree, each once",
    root: "The leaves make the signed root",
    times: "No record is later than the signatures over it",
    vouched: "The log's own record vouches for the whole file",
};

/** Whether a file begins as a bundle set does. */
export function isBundleSet(bytes) {
    const end = bytes.indexOf(LINE_FEED);
    if (end < 0 || end > MAX_LINE_BYTES) return false;
    try {
        return parseStrict(bytes.subarray(0, end), MAX_LINE_MEMBERS).has("bundle_set");
    } catch {
        return false;
    }
}

/** The lines of a file, each with the place of its first byte. */
function* linesOf(bytes) {
    for (let start = 0, number = 1; start < bytes.length; number += 1) {
        const end = bytes.indexOf(LINE_FEED, start);
        if (end < 0) throw new Unverifiable("the set ends within a line, so it is not whole");
        if (end - start > MAX_LINE_BYTES) throw new Unverifiable(`line ${number} is too long`);
        let value;
        try {
            value = parseStrict(bytes.subarray(start, end), MAX_LINE_MEMBERS);
        } catch (error) {
            throw new Unverifiable(`line ${number}: ${error.message}`);
        }
        yield { number, start, value };
        start = end + 1;
    }
}

/** The complete subtrees over the leaves so far, left to right. */
class Peaks {
    constructor() {
        this.count = 0;
        this.peaks = [];
    }

    append(height, hash) {
        this.count += 2 ** height;
        let node = { height, hash };
        while (this.peaks.at(-1)?.height === node.height) {
            node = { height: node.height + 1, hash: nodeHash(this.peaks.pop().hash, node.hash) };
        }
        this.peaks.push(node);
    }

    get root() {
        return this.count === 0 ? EMPTY_ROOT : foldSubtrees(this.peaks.map(({ hash }) => hash));
    }
}

function parseHeader(value) {
    const members = membersOf(value, "the header",
        ["bundle_set", "made_ms", "query", "first", "end", "checkpoint"], ["fields"]);
    if (members.get("bundle_set") !== "evident/v1") expected(null, "bundle_set");
    const fields = members.has("fields") ? members.get("fields") : null;
    const isList = fields === null || (Array.isArray(fields) && fields.every(isFieldName)
        && fields.every((name, at) => at === 0 || fields[at - 1] < name));
    return {
        madeMS: expected(unsigned(members.get("made_ms")), "made_ms"),
        query: expected(members.get("query") instanceof Map ? members.get("query") : null, "query"),
        first: expected(unsigned(members.get("first")), "first"),
        end: expected(unsigned(members.get("end")), "end"),
        fields: isList ? fields : expected(null, "fields"),
        checkpoint: textOf(members.get("checkpoint"), "checkpoint"),
    };
}

/** Walks the lines in their order and grows the tree. */
class SetWalk {
    constructor(header, size, pinned) {
        Object.assign(this, { header, size, pinned });
        this.peaks = new Peaks();
        this.records = [];
        this.skips = [];
        this.reports = [];
        this.stage = "leaves";
        this.lastMS = 0;
    }

    line({ number, start, value }) {
        const place = `line ${number}`;
        if (this.stage === "leaves" && value.has("index")) return this.record(value, place);
        if (this.stage === "leaves" && value.has("skip_to")) return this.skip(value, place);
        if (["leaves", "reports"].includes(this.stage) && value.has("report")) {
            return this.report(value, place);
        }
        if (["leaves", "reports"].includes(this.stage) && value.has("end")) {
            return this.end(value, place);
        }
        if (this.stage === "end" && value.has("vouched")) return this.vouched(value, place, start);
        throw new Unverifiable(`${place} is of no kind that stands in its place`);
    }

    record(value, place) {
        const members = membersOf(value, place, ["index", "timestamp_ms", "record_hash", "fields"]);
        const index = expected(unsigned(members.get("index")), `${place}: index`);
        const timestampMS = expected(unsigned(members.get("timestamp_ms")), `${place}: timestamp_ms`);
        const recordHash = expected(unhex(members.get("record_hash"), 32), `${place}: record_hash`);
        const { first, end } = this.header;
        if (index !== this.peaks.count || index < first || index >= end || index >= this.size) {
            throw new Unverifiable(`${place}: record ${index} is not the next leaf of the set`);
        }
        if (timestampMS < this.lastMS) {
            throw new Tampered(`${place}: record ${index} is older than the one before it`);
        }
        const fields = parseFields(members.get("fields"));
        const commitment = commitFields(this.pinned.origin, fields);
        const hash = leafHash(encodeLeaf({ timestampMS, commitment, recordHash }));
        this.peaks.append(0, hash);
        this.lastMS = timestampMS;
        this.records.push({ index, leaf: { timestampMS, commitment, recordHash }, hash, fields });
    }

    skip(value, place) {
        const members = membersOf(value, place, ["skip_to", "nodes"]);
        const to = expected(unsigned(members.get("skip_to")), `${place}: skip_to`);
        const from = this.peaks.count;
        if (to <= from || to > this.size) {
            throw new Unverifiable(`${place} does not skip forward within the tree`);
        }
        const nodes = subtrees([from, to]);
        const hashes = hashList(members.get("nodes"), `${place}: nodes`, 128);
        if (hashes.length !== nodes.length) {
            throw new Tampered(`${place} has ${hashes.length} nodes, and its places ask for ${nodes.length}`);
        }
        nodes.forEach(({ height }, at) => this.peaks.append(height, hashes[at]));
        this.skips.push({ from, to });
    }

    report(value, place) {
        const members = membersOf(value, place, ["report", "content"]);
        const order = ["chain", "gaps"];
        const at = order.indexOf(members.get("report"));
        const last = this.reports.length > 0 ? order.indexOf(this.reports.at(-1).name) : -1;
        if (at <= last || !(members.get("content") instanceof Map)) {
            throw new Unverifiable(`${place} is no report that may stand in its place`);
        }
        this.reports.push({ name: order[at], content: members.get("content") });
        this.stage = "reports";
    }

    end(value, place) {
        const members = membersOf(value, place, ["end", "records"]);
        if (members.get("end") !== "evident/v1" || members.get("records") !== this.records.length) {
            throw new Unverifiable(`${place} does not end a set of ${this.records.length} records`);
        }
        if (this.peaks.count !== this.size) {
            throw new Unverifiable(
                `the set covers ${this.peaks.count} leaves of ${this.size}: lines are missing`);
        }
        this.stage = "end";
    }

    vouched(value, place, start) {
        const members = membersOf(value, place, ["vouched", "consistency"]);
        this.vouching = {
            bundle: parseBundle(members.get("vouched")),
            consistency: hashList(members.get("consistency"), `${place}: consistency`, 128),
            coveredBytes: start,
        };
        this.stage = "over";
    }
}

/**
 * Verifies a bundle set; `progress(done)` is called with the share that has been walked.
 *
 * The page stays alive meanwhile: the walk pauses every few hundred lines.
 */
export async function verifyBundleSet(trail, bytes, pinned, progress = () => {}) {
    const lines = linesOf(bytes);
    let walk;
    const opened = await trail.run("signatures", async (show) => {
        const first = lines.next();
        if (first.done) throw new Unverifiable("the set is empty");
        const header = parseHeader(first.value.value);
        const result = await openCheckpoint(header.checkpoint, pinned);
        if (header.first > header.end || header.end > result.size) {
            throw new Unverifiable("the header's range of indexes does not lie in its tree");
        }
        walk = new SetWalk(header, result.size, pinned);
        show(`size ${result.size}, ${result.signatures.filter(({ key }) => key).length} known signatures`,
            base64(result.root));
        return result;
    });
    if (pinned.policy) {
        await trail.run("witnesses", (show) => {
            checkPolicy(opened, pinned);
            show(cosigners(opened).map(({ name }) => name).sort().join(", "));
        });
    } else {
        trail.skip("witnesses", "no witness policy was given");
    }
    await trail.run("leaves", async (show) => {
        for (const line of lines) {
            walk.line(line);
            if (line.number % LINES_AT_A_TIME === 0) {
                progress(line.start / bytes.length);
                await new Promise((resume) => { setTimeout(resume); });
            }
        }
        if (walk.stage !== "over") throw new Unverifiable("the set ends early, and proves nothing");
        show(`${walk.records.length} records shown, ${opened.size - walk.records.length} leaves skipped`);
    });
    await trail.run("root", (show) => {
        const { root } = walk.peaks;
        if (!areEqual(root, opened.root)) {
            throw new Tampered("the set's leaves make another root than the signed one");
        }
        show(`${opened.size} leaves`, base64(root));
    });
    await trail.run("times", (show) => {
        checkTime(walk.lastMS, opened);
        show("compared with the signed times that are by pinned keys");
    });
    const vouched = await trail.run("vouched", (show) => (
        checkVouching(walk.vouching, bytes, opened, pinned, show)));
    const { header, records, skips, reports } = walk;
    return { opened, header, records, skips, reports, vouched };
}

/** Checks that a record of the log names the hash of everything before it. */
async function checkVouching({ bundle, consistency, coveredBytes }, bytes, opened, pinned, show) {
    const log = { ...pinned, witnesses: [], policy: null };
    const proven = await verifyBundle(new Trail({ commitment: "", ...LEAF_STEPS }), bundle, log);
    if (proven.index < opened.size) {
        throw new Unverifiable("the vouching record is older than the set's head");
    }
    checkConsistency(
        opened.size, proven.opened.size, opened.root, proven.opened.root, consistency);
    const shown = new Map(bundle.fields.filter(({ member }) => member !== null)
        .map((field) => [field.name, field.value]));
    const details = shown.get("details");
    if (shown.get("type") !== "audit.export" || shown.get("tenant") !== "_log"
        || !(details instanceof Map) || details.get("export") !== "bundle_set") {
        throw new Unverifiable("the vouching record is not the log's own of a bundle set");
    }
    const digest = hex(sha256(bytes.subarray(0, coveredBytes)));
    if (details.get("sha256") !== digest) {
        throw new Tampered("the file is not the one that the log vouches for");
    }
    show(`record ${proven.index} names the SHA-256 of the ${coveredBytes} bytes before it`, digest);
    return proven;
}
