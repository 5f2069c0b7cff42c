// SPDX-License-Identifier: Apache-2.0
// Shows the outcome of a verification: the verdict, each step, and what the file says.

import { hex } from "./bytes.js";
import { badge, clockText, code, facts, folded, grouped, h, table } from "./dom.js";
import { goneWhole } from "./evidence.js";
import { canonical } from "./json.js";
import { pathFigure } from "./path-picture.js";
import { HOLDS, TAMPERED, UNVERIFIABLE, VERIFIED, statusOf } from "./verdict.js";

const RECORDS_AT_A_TIME = 100;
const CLASSES = { [VERIFIED]: "verified", [TAMPERED]: "tampered" };

/** The steps of a verification, each with its word. */
export function stepList(steps) {
    return h("ol", { class: "steps" }, steps.map((step) => h("li", { "data-step": step.name },
        badge(step.state),
        h("div", {}, h("p", { class: "step-title" }, step.title),
            step.detail ? h("p", { class: "detail" }, step.detail) : null,
            step.hash ? code(step.hash) : null))));
}

/** The steps of a file: those of one that was verified, among others, are there on demand. */
function stepPart({ steps, verdict }, isAlone) {
    if (steps.length === 0) return null;
    const list = stepList(steps);
    const count = steps.filter(({ state }) => state === HOLDS).length;
    return isAlone || verdict !== VERIFIED ? list : folded(`${count} steps hold`, () => list);
}

/** A value of a record, as text. */
function valueText(value) {
    return typeof value === "string" ? value : canonical(value);
}

/** All fields of a record: what is shown, and the names of what is not. */
export function fieldTable(fields, caption) {
    return table(caption, ["Field", "Value"], fields.map((field) => [
        code(field.name),
        field.member === null
            ? h("span", { class: "hidden-field" }, field.state ?? "withheld")
            : h("span", { class: "value" }, valueText(field.value)),
    ]));
}

function counts(fields) {
    const hidden = fields.filter(({ member }) => member === null).length;
    return `${fields.length - hidden} fields shown, ${hidden} hidden`;
}

function hiddenFacts(fields) {
    const states = new Map();
    for (const { member, name, state } of fields) {
        if (member === null) states.set(state, [...(states.get(state) ?? []), name]);
    }
    return [...states].map(([state, names]) => [state, names.join(", ")]);
}

function leafPart({ kind, parsed, proven }, isAlone) {
    const leaf = parsed.leaf ?? parsed;
    const path = { index: proven.index, size: proven.opened.size, leaf: proven.hash,
        steps: proven.path.steps };
    return [
        facts([
            ["Index", grouped(proven.index)],
            ["Taken", clockText(leaf.timestampMS)],
            ["Witnesses", proven.witnesses.join(", ") || "none checked"],
            ...(kind === "bundle" ? hiddenFacts(parsed.fields) : []),
        ]),
        kind === "bundle" ? folded(`The record: ${counts(parsed.fields)}`, () => (
            fieldTable(parsed.fields, `Record ${proven.index}`)), isAlone) : null,
        parsed.opening ? folded("The opened record", () => (
            h("pre", { class: "value" }, parsed.opening.record))) : null,
        folded("The path from the leaf to the root", () => pathFigure(path)),
    ];
}

function setPart({ proven }, results) {
    const { header, records, reports, skips } = proven;
    const gone = goneWhole(proven, results);
    const inRange = skips.reduce((sum, { from, to }) => (
        sum + Math.max(0, Math.min(to, header.end) - Math.max(from, header.first))), 0);
    return [
        facts([
            ["Asked for", code(canonical(header.query))],
            ["Indexes", `${grouped(header.first)} to before ${grouped(header.end)}`],
            ["Made", clockText(header.madeMS)],
            ["Not shown", `${grouped(inRange)} of these indexes, of which ${grouped(gone)} were erased`
                + " or pruned as a whole. That none of the others matches is the log's claim."],
            ...reports.map(({ name, content }) => [
                `The log's report: ${name}`, code(canonical(content))]),
        ]),
        folded(`The ${grouped(records.length)} records`, () => recordPages(records), results.length === 1),
    ];
}

/** Records a hundred at a time. */
function recordPages(records) {
    const list = h("div", {});
    const more = h("button", { type: "button" }, "Show more");
    let shown = 0;
    const showMore = () => {
        for (const record of records.slice(shown, shown + RECORDS_AT_A_TIME)) {
            const type = record.fields.find(({ name }) => name === "type");
            const title = `Record ${record.index}, ${clockText(record.leaf.timestampMS)}`
                + (type?.member ? `, ${valueText(type.value)}` : "") + `: ${counts(record.fields)}`;
            list.append(folded(title, () => [
                facts([["Leaf hash", code(hex(record.hash))], ...hiddenFacts(record.fields)]),
                fieldTable(record.fields, `Record ${record.index}`)]));
        }
        shown += RECORDS_AT_A_TIME;
        more.hidden = shown >= records.length;
    };
    more.addEventListener("click", showMore);
    showMore();
    return [list, more];
}

function proofPart(result, results) {
    if (!result.proven) return null;
    if (result.kind === "set") return setPart(result, results);
    if (result.kind === "checkpoint") return null;
    return leafPart(result, results.length === 1);
}

/** One file's outcome. */
export function evidenceCard(result, results) {
    return h("article", { class: `evidence ${CLASSES[result.verdict] ?? "doubt"}`,
        "data-verdict": result.verdict, "data-file": result.name },
    h("header", {}, badge(result.verdict), h("h3", {}, result.name),
        h("p", { class: "kind" }, result.title)),
    h("p", { class: "reason" }, result.reason),
    result.verdict === TAMPERED
        ? h("p", {}, "This is evidence: keep the file as it is, and do not send it back.") : null,
    stepPart(result, results.length === 1),
    result.verdict === VERIFIED ? proofPart(result, results) : null);
}

/** What was found of several files, in one line, with the status that `evident verify` would end by. */
export function summaryLine(results) {
    const count = (verdict) => results.filter((one) => one.verdict === verdict).length;
    const parts = [VERIFIED, TAMPERED, UNVERIFIABLE].filter(count).map((word) => (
        `${grouped(count(word))} ${word}`));
    const worst = [TAMPERED, UNVERIFIABLE, VERIFIED].find(count) ?? VERIFIED;
    return `${parts.join(", ")}. Exit status of evident verify: ${statusOf(worst)}.`;
}
