// SPDX-License-Identifier: Apache-2.0
// The explorer: one page, four views, told apart by what stands behind the # of the address.

import { ageText, code, fill, h } from "./dom.js";
import { dropZone } from "./drop-zone.js";
import { liveSection } from "./live-check.js";
import { LogState } from "./log-state.js";
import { alarms, logView } from "./log-view.js";
import { lookupView } from "./lookup-view.js";
import { tailView } from "./tail-view.js";
import { VERIFIED } from "./verdict.js";

const REFRESH_MS = 10_000;
const VIEWS = { "": "Log", entry: "Look up", tail: "Records", verify: "Verify" };

const state = new LogState();
const main = document.getElementById("main");
const nav = document.getElementById("views");
const alarm = document.getElementById("alarm");
let view = { close: () => {} };

function verifyView() {
    const zone = dropZone({
        pin: () => state.pinned(),
        extend: (result) => (result.verdict === VERIFIED && result.proven?.hash
            ? liveSection(result.proven, state) : null),
    });
    return { element: h("div", { class: "view single" }, h("section", { "aria-labelledby": "verify" },
        h("h2", { id: "verify", tabindex: "-1" }, "Verify evidence"),
        h("p", { class: "detail" }, "Under the pinned key, in this browser; then against the log\u2019s own"
            + " tiles. For a check that trusts nothing of this server, use the one-file verifier or"
            + " evident verify."), zone)), close: () => {} };
}

/** Shows the view that the address asks for. */
function show({ isFirst = false } = {}) {
    const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
    const known = Object.hasOwn(VIEWS, name) ? name : "";
    let text = "";
    try {
        text = decodeURIComponent(rest.join("/"));
    } catch {
        // An address that somebody cut leaves the field empty.
    }
    view.close();
    view = { "": () => logView(state), entry: () => lookupView(state, text), tail: () => tailView(state),
        verify: verifyView }[known]();
    fill(main, view.element);
    fill(nav, Object.entries(VIEWS).map(([key, title]) => (
        h("li", {}, h("a", { href: `#/${key}`, "aria-current": key === known ? "page" : null }, title)))));
    document.title = `${VIEWS[known]} \u2013 Evident`;
    if (!isFirst) main.querySelector("h2")?.focus();
}

state.addEventListener("change", () => {
    const text = alarms(state);
    if (text?.textContent !== alarm.textContent) fill(alarm, text);
    fill(document.getElementById("origin"),
        code(state.description?.origin ?? "the log does not answer"));
});

setInterval(() => {
    for (const age of document.querySelectorAll(".age")) {
        age.textContent = ageText(Date.now() - Number(age.dataset.ms));
    }
}, 1000);

/** Reads the head again and again, while somebody looks. */
async function watch() {
    if (!document.hidden) await state.refresh();
    setTimeout(watch, REFRESH_MS);
}

window.addEventListener("hashchange", () => show());
await state.refresh();
show({ isFirst: true });
setTimeout(watch, REFRESH_MS);
