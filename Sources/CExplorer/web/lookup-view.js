// SPDX-License-Identifier: Apache-2.0
// One entry, by index, leaf hash or id: proven from tiles, step by step.

import { hex, unbase64, unhex } from "./bytes.js";
import { badge, clockText, code, facts, fill, grouped, h } from "./dom.js";
import { settleErasures, verifyFile } from "./evidence.js";
import { fieldTable, stepList } from "./evidence-view.js";
import { proveEntry } from "./live-check.js";
import { pathFigure } from "./path-picture.js";
import { getJSON, getWithToken, problemText } from "./source.js";
import { token } from "./trust.js";
import { VERIFIED } from "./verdict.js";

const MAX_ERASURES = 16;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What was asked for: `{index}`, or `{index, hash}`. */
async function resolve(text) {
    if (/^(0|[1-9][0-9]{0,15})$/.test(text)) return { index: Number(text) };
    const hash = unhex(text.toLowerCase(), 32) ?? unbase64(text, 32);
    if (hash) {
        const { index } = await getJSON(`v1/proof/inclusion?hash=${hex(hash)}`);
        return { index: checked(index), hash };
    }
    if (ID.test(text.toLowerCase())) return { index: await indexOfID(text.toLowerCase()) };
    throw new Error("give an index, a leaf hash of 64 hex digits, or a record's id");
}

async function indexOfID(id) {
    if (!token.load()) throw new Error("looking up an id takes a reader's or an auditor's token");
    const response = await getWithToken(`v1/audit/${id}/receipt`, token.value, "application/json");
    if (!response.ok) throw new Error("no record of this id is there for this token");
    return checked((await response.json()).index);
}

/** An index as the server says it. */
function checked(index) {
    if (Number.isSafeInteger(index) && index >= 0) return index;
    throw new Error("the server names no index");
}

/** A part that asks for a token; it goes nowhere but to this server. */
export function tokenField(onchange = () => {}) {
    const input = h("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false" });
    const keep = h("input", { type: "checkbox", id: "keep-token" });
    input.value = token.load();
    const take = () => {
        token.set(input.value.trim(), keep.checked);
        onchange();
    };
    input.addEventListener("input", take);
    keep.addEventListener("change", take);
    return h("div", { class: "token" },
        h("label", { for: "token" }, "Token of a reader or an auditor"), input,
        h("div", { class: "check" }, keep, h("label", { for: "keep-token" }, "Keep it in this tab")),
        h("p", { class: "detail" }, "It stays in this page\u2019s memory, and goes to this server alone."));
}

function entryCard(found, state) {
    const { index, leaf, path, verdict } = found;
    const content = h("div", { "aria-live": "polite" });
    return h("article", { class: `evidence ${verdict === VERIFIED ? "verified" : "doubt"}`,
        "data-verdict": verdict },
    h("header", {}, badge(verdict), h("h3", {}, `Entry ${grouped(index)}`), neighbours(index, state)),
    h("p", { class: "reason" }, found.reason),
    leaf ? facts([
        ["Taken", clockText(leaf.timestampMS)],
        ["Commitment", code(hex(leaf.commitment))],
        ["Record hash", code(hex(leaf.recordHash))],
        path ? ["Leaf hash", code(hex(path.leaf))] : null,
    ]) : null,
    h("div", { class: "split" }, stepList(found.steps), path ? pathFigure(path) : null),
    verdict === VERIFIED ? recordPart(index, state, content) : null);
}

function neighbours(index, { opened }) {
    const link = (to, text) => (to >= 0 && to < opened.size
        ? h("a", { href: `#/entry/${to}` }, text) : null);
    return h("nav", { "aria-label": "Neighbours", class: "neighbours" },
        link(index - 1, "previous"), " ", link(index + 1, "next"));
}

function recordPart(index, state, content) {
    const show = async () => {
        try {
            fill(content, h("p", {}, "Reading\u2026"));
            fill(content, await recordContent(index, state));
        } catch (error) {
            fill(content, h("p", { class: "error" }, `${error.message}.`));
        }
    };
    return h("section", {}, h("h4", {}, "The record"),
        h("p", { class: "detail" }, "The leaf says nothing of it. Who may read it can have it shown; the"
            + " log records that it was read."),
        tokenField(), h("button", { type: "button", onclick: show }, "Show the record"), content);
}

/** The record by its evidence bundle, which proves each field; as the server says, without one. */
async function recordContent(index, state) {
    if (!token.load()) throw new Error("paste a token first");
    const result = await verifiedBundle(index, state);
    if (result) {
        settleErasures([result, ...await erasuresOf(result, state)]);
        return [h("p", {}, badge(result.verdict), " ", result.reason),
            result.verdict === VERIFIED
                ? fieldTable(result.parsed.fields, `Record ${index}`) : stepList(result.steps)];
    }
    const plain = await getWithToken(`v1/audit/${index}`, token.value, "application/json");
    if (!plain.ok) throw new Error(await problemText(plain));
    return [h("p", {}, badge("cannot be verified", "not proven"), " This is what the server says."),
        h("pre", { class: "value" }, JSON.stringify(await plain.json(), null, 2))];
}

/** The evidence bundle of a record, verified as far as it can be; null where there is none. */
async function verifiedBundle(index, state) {
    const answer = await getWithToken(`v1/audit/${index}/bundle`, token.value,
        "application/vnd.evident.bundle+json, application/json");
    if (!answer.ok) return null;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return verifyFile({ name: `record ${index}`, bytes }, state.pinned());
}

/** The bundles of the log's records that a bundle says tell of its erased fields. */
async function erasuresOf({ verdict, parsed }, state) {
    if (verdict !== VERIFIED) return [];
    const indexes = new Set(parsed.fields.map(({ erased }) => erased ?? null));
    const wanted = [...indexes].filter((one) => one !== null).slice(0, MAX_ERASURES);
    const found = await Promise.all(wanted.map((one) => verifiedBundle(one, state).catch(() => null)));
    return found.filter(Boolean);
}

/** The view; `text` is what is looked up at once. */
export function lookupView(state, text = "") {
    const output = h("div", { class: "results", "aria-live": "polite" });
    const input = h("input", { id: "lookup", value: text, spellcheck: "false", autocomplete: "off",
        placeholder: "4" });
    const search = async (wanted) => {
        fill(output, h("p", { class: "status" }, "Proving\u2026"));
        try {
            if (!state.opened) throw new Error("no head of this log was verified, so nothing can be proven");
            const { index, hash } = await resolve(wanted);
            const found = await proveEntry(state, index, hash);
            fill(output, entryCard(found, state));
        } catch (error) {
            fill(output, h("p", { class: "error", role: "alert" }, `${error.message}.`));
        }
    };
    const submit = (event) => {
        event.preventDefault();
        const wanted = input.value.trim();
        const hash = `#/entry/${encodeURIComponent(wanted)}`;
        if (location.hash === hash) search(wanted); else location.hash = hash;
    };
    if (text) search(text);
    return { element: h("div", { class: "view single" }, h("section", { "aria-labelledby": "look" },
        h("h2", { id: "look", tabindex: "-1" }, "Look up an entry"),
        h("form", { onsubmit: submit, class: "line", role: "search" },
            h("label", { for: "lookup" }, "Index, leaf hash, or record id"), input,
            h("button", {}, "Prove it")),
        output)), close: () => {} };
}
