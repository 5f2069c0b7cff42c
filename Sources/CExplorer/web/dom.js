// SPDX-License-Identifier: Apache-2.0
// Builds what the page shows. Text goes in as text: nothing here, and nothing anywhere else in these
// files, ever reads a string as markup, for what records hold is written by anyone.

import { timeText } from "./bytes.js";

const SVG = "http://www.w3.org/2000/svg";

function build(element, properties, children) {
    for (const [name, value] of Object.entries(properties)) {
        if (value === null || value === undefined || value === false) continue;
        if (name.startsWith("on") && typeof value === "function") {
            element.addEventListener(name.slice(2), value);
        } else if (!name.startsWith("on")) {
            element.setAttribute(name, value === true ? "" : String(value));
        }
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
    return element;
}

/** An element with attributes and listeners (`onclick: function`), and children: text or elements. */
export function h(name, properties = {}, ...children) {
    return build(document.createElement(name), properties, children);
}

/** The same for SVG. */
export function svg(name, properties = {}, ...children) {
    return build(document.createElementNS(SVG, name), properties, children);
}

/** Shows these children instead of what was there. */
export function fill(parent, ...children) {
    parent.replaceChildren(...children.flat(Infinity).filter((child) => child != null));
    return parent;
}

/** A hash or key, which may break anywhere. */
export function code(text) {
    return h("code", {}, text);
}

const MARKS = { verified: "\u2713", holds: "\u2713", tampered: "\u2715" };

/** A verdict as a word with a mark, so that it never depends on colour. */
export function badge(verdict, text = verdict) {
    const kind = verdict in MARKS ? verdict : verdict === "cannot be verified" ? "doubt" : "plain";
    return h("span", { class: `badge ${kind}` },
        h("span", { "aria-hidden": "true" }, MARKS[verdict] ?? (kind === "doubt" ? "?" : "\u2013")), " ",
        text);
}

/** Names and values. */
export function facts(entries) {
    return h("dl", { class: "facts" }, entries.filter(Boolean).map(([name, ...value]) => (
        h("div", {}, h("dt", {}, name), h("dd", {}, ...value)))));
}

export function table(caption, heads, rows) {
    return h("div", { class: "scroll", role: "region", "aria-label": caption, tabindex: "0" },
        h("table", {},
            h("caption", {}, caption),
            h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
            h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))));
}

/** A part that opens on demand; its content is made when it is first opened. */
export function folded(summary, make, isOpen = false) {
    const details = h("details", { open: isOpen }, h("summary", {}, summary));
    const open = () => {
        if (details.open && details.children.length === 1) details.append(...[make()].flat());
    };
    details.addEventListener("toggle", open);
    open();
    return details;
}

/** A time for people: to the second, in UTC. */
export function clockText(ms) {
    const text = timeText(ms);
    return /Z$/.test(text) ? `${text.slice(0, 19).replace("T", " ")} UTC` : text;
}

export function grouped(number) {
    return String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** How long ago a time was, in words. */
export function ageText(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000));
    const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
    const [name, size] = units.find(([, unit]) => seconds >= unit) ?? ["second", 1];
    const count = Math.floor(seconds / size);
    return `${count} ${name}${count === 1 ? "" : "s"} ago`;
}
