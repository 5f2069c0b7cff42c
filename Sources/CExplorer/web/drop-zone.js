// SPDX-License-Identifier: Apache-2.0
// Takes files by choosing, dropping or pasting, verifies them one after the other, and shows each.

import { fill, h } from "./dom.js";
import { settleErasures, verifyFile } from "./evidence.js";
import { evidenceCard, summaryLine } from "./evidence-view.js";
import { UNVERIFIABLE } from "./verdict.js";

const MAX_FILES = 2000;
const MAX_BYTES = 256 * 1024 * 1024;

/** Reads a file; what is too large is refused before it is read. */
async function readFile(file) {
    if (file.size > MAX_BYTES) throw new Error("it is larger than 256 MiB; use evident verify");
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
}

/** Verifies files in order; a failure to read one is its outcome. */
export async function verifyAll(files, pinned, progress = () => {}) {
    const results = [];
    for (const [at, file] of files.entries()) {
        progress(at / files.length);
        try {
            results.push(await verifyFile(await readFile(file), pinned, (share) => (
                progress((at + share) / files.length))));
        } catch (error) {
            results.push({ name: file.name, kind: null, title: "File", steps: [],
                verdict: UNVERIFIABLE, reason: error.message });
        }
    }
    return settleErasures(results);
}

/**
 * The part of a page that takes files. `pin()` gives what is pinned now, and throws where nothing
 * can be; `extend(result)` may add a further element to a card.
 */
export function dropZone({ pin, extend = () => null }) {
    const status = h("p", { class: "status", role: "status" });
    const bar = h("progress", { max: 1, value: 0, "aria-label": "Verifying", hidden: true });
    const output = h("div", { class: "results" });
    const input = h("input", { type: "file", id: "files", multiple: true,
        onchange: () => take([...input.files]) });
    let runs = 0;

    async function take(files) {
        if (files.length === 0) return;
        const run = runs += 1;
        bar.hidden = false;
        try {
            if (files.length > MAX_FILES) throw new Error(`take at most ${MAX_FILES} files at a time`);
            const results = await verifyAll(files, pin(), (share) => { bar.value = share; });
            if (run !== runs) return;
            fill(output, results.map((result) => {
                const card = evidenceCard(result, results);
                card.append(...[extend(result)].flat().filter(Boolean));
                return card;
            }));
            status.textContent = summaryLine(results);
        } catch (error) {
            fill(output);
            status.textContent = error.message;
        } finally {
            if (run === runs) bar.hidden = true;
            input.value = "";
        }
    }

    const zone = h("div", { class: "drop" },
        h("label", { for: "files" }, "Choose files, or drop them here"),
        input,
        h("p", { class: "detail" }, "Receipts, evidence bundles, bundle sets, .tlog-proof files and"
            + " checkpoints. They stay in this browser. Give the bundle of an erasure record along with"
            + " what it erased."),
        bar, status);
    acceptDrops(zone, take);
    return h("div", {}, zone, output);
}

function acceptDrops(zone, take) {
    const stop = (event) => event.preventDefault();
    zone.addEventListener("dragover", (event) => { stop(event); zone.classList.add("over"); });
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => {
        stop(event);
        zone.classList.remove("over");
        take([...event.dataTransfer.files]);
    });
    // A file dropped beside the zone must not replace the page.
    for (const name of ["dragover", "drop"]) window.addEventListener(name, stop);
}
