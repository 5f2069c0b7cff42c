// SPDX-License-Identifier: Apache-2.0
// Records as they are published, for who has a token.

import { fill, folded, h } from "./dom.js";
import { EventParser, readEvents } from "./event-stream.js";
import { tokenField } from "./lookup-view.js";
import { BASE, problemText } from "./source.js";
import { token } from "./trust.js";

const KEPT = 200;
const FIRST = 20;
const PAUSE_MS = 2000;

const pause = (ms) => new Promise((resume) => { setTimeout(resume, ms); });

/** Follows the stream, again and again after breaks, until it is stopped or refused. */
async function follow(from, signal, { onrecord, onstate }) {
    const parser = new EventParser();
    while (!signal.aborted) {
        try {
            const url = new URL(`v1/audit/stream?from_index=${from}`, BASE);
            const headers = { Authorization: `Bearer ${token.value}`, Accept: "text/event-stream" };
            if (parser.id) headers["Last-Event-ID"] = parser.id;
            const response = await fetch(url, { headers, credentials: "omit", redirect: "error", signal });
            if (!response.ok) {
                onstate(`Refused: ${await problemText(response)}.`);
                if (response.status !== 503 && response.status !== 429) return;
            } else {
                onstate("Following.");
                await readEvents(response, parser, ({ data }) => onrecord(JSON.parse(data)));
                onstate("The stream ended; it is taken up again.");
            }
        } catch (error) {
            if (signal.aborted) return;
            onstate(`The stream broke (${error.message}); it is taken up again.`);
        }
        parser.rest = "";
        parser.reset();
        await pause(PAUSE_MS);
    }
}

const named = (value) => (typeof value === "string" ? value : value?.name ?? value?.id ?? "");

function row({ index, record }) {
    const cells = [
        ["index", String(index)],
        ["time", String(record.time ?? record.received ?? "").slice(0, 19).replace("T", " ")],
        ["type", String(record.type ?? "")],
        ["actor", String(record.actor?.id ?? "")],
        ["what", String(named(record.tool) || named(record.model) || record.action || "")],
        ["outcome", String(record.outcome ?? "")],
    ];
    const summary = h("span", { class: "record-line" }, cells.map(([name, text]) => (
        h("span", { class: name }, text))));
    return h("li", {}, folded(summary, () => [
        h("pre", { class: "value" }, JSON.stringify(record, null, 2)),
        h("p", {}, h("a", { href: `#/entry/${index}` }, `Prove entry ${index}`))]));
}

export function tailView(state) {
    const list = h("ol", { class: "records", reversed: true, "aria-label": "Records, the newest first" });
    const status = h("p", { class: "status", role: "status" }, "Not following.");
    const button = h("button", { type: "button" }, "Follow");
    let controller = null;
    const stop = () => {
        controller?.abort();
        controller = null;
        button.textContent = "Follow";
    };
    const start = async () => {
        if (!token.load()) {
            status.textContent = "Paste a token first.";
            return;
        }
        controller = new AbortController();
        const { signal } = controller;
        button.textContent = "Stop";
        fill(list);
        await follow(Math.max(0, (state.opened?.size ?? 0) - FIRST), signal, {
            onstate: (text) => { status.textContent = text; },
            onrecord: (found) => {
                list.prepend(row(found));
                if (list.children.length > KEPT) list.lastElementChild.remove();
            },
        });
        if (controller?.signal === signal) stop();
    };
    button.addEventListener("click", () => {
        if (!controller) return start();
        stop();
        status.textContent = "Stopped.";
        return null;
    });
    return { element: h("div", { class: "view single" }, h("section", { "aria-labelledby": "tail" },
        h("h2", { id: "tail", tabindex: "-1" }, "Records as they come"),
        h("p", { class: "detail" }, "What the server sends, newest first. That it was read is itself a"
            + " record. Open one to have it proven."),
        tokenField(), button, status, list)), close: stop };
}
