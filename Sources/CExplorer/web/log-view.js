// SPDX-License-Identifier: Apache-2.0
// The log as a whole: its head, who signed it, what it is pinned by, how it grew.

import {
    ageText, badge, clockText, code, facts, fill, folded, grouped, h, table,
} from "./dom.js";
import { growthFigure, growthTable, sampleGrowth } from "./growth.js";
import { rootText } from "./log-state.js";
import { timeText } from "./bytes.js";
import { TAMPERED, VERIFIED } from "./verdict.js";

const KINDS = { 1: "Log, Ed25519", 4: "Witness, cosignature", 5: "Log, RFC 6962 tree head" };

/** What stands above everything when something is wrong. */
export function alarms(state) {
    const parts = [];
    const { problem, keyChange, fork } = state;
    if (keyChange) {
        parts.push(h("p", {}, h("b", {}, `The log states another ${keyChange} than the one pinned here. `),
            "Everything on this page is still checked by the pinned one. Ask the operator, by another"
            + " way, before you pin a new one."));
    }
    if (problem) {
        parts.push(h("p", {}, badge(problem.verdict), " The newest head: ", problem.message, "."));
    }
    if (fork) {
        parts.push(h("p", {}, "Two signed heads contradict each other, which is evidence that anybody"
            + " with the log\u2019s key can check. ",
        h("button", { type: "button", onclick: () => saveNotes(fork.notes) }, "Save both heads")));
    }
    const isGrave = fork || keyChange || problem?.verdict === TAMPERED;
    return parts.length === 0 ? null
        : h("div", { class: `alarm ${isGrave ? "grave" : ""}`, role: "alert" }, parts);
}

function saveNotes(notes) {
    const url = URL.createObjectURL(new Blob(notes, { type: "text/plain" }));
    const link = h("a", { href: url, download: "evident-heads.txt" });
    link.click();
    URL.revokeObjectURL(url);
}

/** When a head was signed, in milliseconds: by its newest line that has a time; null without one. */
function signedMS(opened) {
    const times = opened.signatures.filter((line) => line.signedMS !== undefined && line.key.type === 5)
        .map((line) => Number(line.signedMS));
    return times.length > 0 ? Math.max(...times) : null;
}

function headPart(state) {
    const { opened, growth, problem } = state;
    const part = (...content) => h("section", { "aria-labelledby": "head", class: "wide" },
        h("h2", { id: "head", tabindex: "-1" }, "Newest head"), content);
    if (!opened) return part(h("p", {}, "No head of this log was verified yet."));
    const at = signedMS(opened);
    return part(
        h("p", { class: "figure" }, h("span", { class: "number" }, grouped(opened.size)), " entries ",
            badge(problem ? problem.verdict : VERIFIED)),
        facts([
            ["Root", code(rootText(opened))],
            at === null ? null : ["Signed", h("time", { datetime: timeText(at) }, clockText(at)), ", ",
                h("span", { class: "age", "data-ms": at }, ageText(Date.now() - at))],
            growth ? ["Growth", growth] : null,
        ]));
}

function signatureRow(line) {
    const row = (kind, verdict, when = "") => [
        h("div", { class: "who" }, line.name, h("p", { class: "detail" }, kind, when)), verdict];
    if (line.key) {
        const kind = KINDS[line.key.type] + (line.key.isStated ? " (its key is as the log stated it)" : "");
        return row(kind, badge(VERIFIED),
            line.signedMS === undefined ? "" : `, ${clockText(Number(line.signedMS))}`);
    }
    if (line.isByStatedKey === true) {
        return row("Witness that the log names; its key is not pinned here", badge(VERIFIED));
    }
    if (line.isByStatedKey === false) return row("Witness that the log names", badge(TAMPERED));
    return row(`By the key ${line.id}, which is not known here`, badge("cannot be verified"));
}

/** How far the witnesses' word reaches: the newest head that met the policy of the log. */
function witnessedPart({ witnessed, description, trust }) {
    if (!(description?.witnesses?.length > 0)) return null;
    if (!witnessed) {
        return h("p", {}, badge("cannot be verified", "none yet"), " No head has met the log\u2019s"
            + " witness policy yet.");
    }
    const isPinned = (trust.load()?.policy ?? "") !== "";
    const names = witnessed.signatures.filter(({ key, isByStatedKey }) => (
        key?.type === 4 || isByStatedKey)).map(({ name }) => name);
    return h("p", { class: "witnessed" }, badge(VERIFIED),
        ` Witnesses vouch for the first ${grouped(witnessed.size)} entries: ${names.join(", ")}`
        + `${isPinned ? ", as the policy pinned below asks" : ", by the keys that the log states"}. `,
        h("a", { href: "witnessed/checkpoint" }, "witnessed/checkpoint"));
}

function signaturesCard(state) {
    const { opened, trust } = state;
    if (!opened) return null;
    const cosigned = opened.signatures.filter(({ key, isByStatedKey }) => (
        key?.type === 4 || isByStatedKey)).length;
    const hasPolicy = (trust.load()?.policy ?? "") !== "";
    return h("section", { "aria-labelledby": "signatures" },
        h("h2", { id: "signatures" }, "Signatures and witnesses"),
        table("Lines of the checkpoint", ["Who", "Verdict"],
            opened.signatures.map(signatureRow)),
        h("p", { class: "detail" }, cosigned === 0
            ? "No witness that is known here cosigned this head. Nothing but other people\u2019s"
                + " receipts and heads would then show a log that tells different people different"
                + " things."
            : `${cosigned} known witness${cosigned > 1 ? "es" : ""} cosigned this head.`,
        hasPolicy ? " A witness policy is pinned below." : ""),
        witnessedPart(state));
}

function trustCard(state) {
    const pin = state.trust.load();
    if (!pin) return null;
    const since = clockText(pin.sinceMS);
    return h("section", { "aria-labelledby": "pinned" },
        h("h2", { id: "pinned" }, "Pinned key"),
        code(pin.vkey),
        h("p", {}, pin.isGiven
            ? `Pinned here on ${since}.`
            : `This browser first saw the log under this key on ${since}. The log said so itself,`
                + " which proves nothing: compare it with the key that the operator gave you."),
        state.trust.isKept ? null : h("p", {}, "This browser keeps nothing for this page, so that a"
            + " changed key would not be noticed at the next visit."),
        folded(pin.isGiven ? "Change key or witness policy" : "Pin the key that you were given", () => (
            pinForm(state, pin))));
}

function pinForm(state, pin) {
    const vkey = h("textarea", { id: "pin-vkey", rows: 3, spellcheck: "false" }, pin.isGiven ? pin.vkey : "");
    const policy = h("textarea", { id: "pin-policy", rows: 4, spellcheck: "false" }, pin.policy);
    const error = h("p", { class: "error", role: "alert" });
    const save = async (event) => {
        event.preventDefault();
        try {
            await state.pin(vkey.value, policy.value);
        } catch (failure) {
            error.textContent = failure.message;
        }
    };
    return h("form", { onsubmit: save },
        h("label", { for: "pin-vkey" }, "Verifier key"), vkey,
        h("label", { for: "pin-policy" }, "Witness policy (c2sp.org/tlog-policy, may be empty)"), policy,
        h("button", {}, "Pin"), error);
}

function growthCard(state) {
    if (!state.opened) return null;
    const figure = h("div", {}, h("p", { class: "detail" }, "Reading times\u2026"));
    sampleGrowth(state.tiles, state.opened.size).then(
        (points) => fill(figure, growthFigure(points),
            points.length > 0 ? folded("As a table", () => growthTable(points)) : null),
        (error) => fill(figure, h("p", { class: "error" }, `Times cannot be read: ${error.message}.`)));
    return h("section", { "aria-labelledby": "growth" },
        h("h2", { id: "growth" }, "Growth"), figure,
        h("p", { class: "detail" }, "From leaves as the log serves them. Look one up to have it proven."));
}

function aboutCard({ description }) {
    if (!description) return null;
    const { durability, limits, granularity_ms: granularity, witnesses } = description;
    const fewest = description.witness_policy?.fewest;
    return h("section", { "aria-labelledby": "about" },
        h("h2", { id: "about" }, "What the log says of itself"),
        facts([
            ["Times are rounded to", `${granularity / 1000} s`],
            ["Durable", durability?.durable ? "yes" : `no: ${durability?.reason ?? "not stated"}`],
            witnesses?.length > 0 ? ["Witnesses", witnesses.map(({ name }) => name).join(", "),
                fewest > 0 ? `; ${fewest} at least are to cosign` : ""] : null,
            limits ? ["Largest record", `${grouped(limits.record_bytes)} bytes`] : null,
            ["For programs", h("a", { href: "openapi.yaml" }, "openapi.yaml"), ", ",
                h("a", { href: "checkpoint" }, "checkpoint"), ", ", h("a", { href: "v1/log" }, "v1/log")],
        ]));
}

/** The parts of the view, each with what it depends on. */
const PARTS = [
    { make: headPart, on: ({ opened, problem, growth }) => [opened?.note, problem, growth] },
    { make: growthCard, on: ({ opened }) => opened?.size },
    { make: signaturesCard, on: ({ opened, trust, witnessed }) => (
        [opened?.note, trust.load()?.policy, witnessed?.note]) },
    { make: trustCard, on: ({ trust }) => {
        const { vkey, policy, isGiven } = trust.load() ?? {};
        return [vkey, policy, isGiven];
    } },
    { make: aboutCard, on: ({ description }) => description },
];

/** The view. A part is made anew only when what it shows has changed: others keep what is typed. */
export function logView(state) {
    const view = h("div", { class: "view" });
    const shown = PARTS.map(() => ({ key: null, element: null }));
    const draw = () => {
        PARTS.forEach(({ make, on }, at) => {
            const key = JSON.stringify(on(state)) ?? "";
            if (key === shown[at].key) return;
            shown[at] = { key, element: make(state) };
        });
        const elements = shown.map(({ element }) => element).filter(Boolean);
        // What stays is not touched, for it may have the focus.
        elements.forEach((element, at) => {
            if (view.children[at] !== element) view.insertBefore(element, view.children[at] ?? null);
        });
        [...view.children].filter((child) => !elements.includes(child)).forEach((child) => child.remove());
    };
    state.addEventListener("change", draw);
    draw();
    return { element: view, close: () => state.removeEventListener("change", draw) };
}
