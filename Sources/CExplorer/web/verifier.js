// SPDX-License-Identifier: Apache-2.0
// The one-file verifier: evidence in, verdicts out, with no server and no network.

import { dropZone } from "./drop-zone.js";
import { h } from "./dom.js";
import { pinLog } from "./keys.js";
import { parsePolicy } from "./policy.js";

function textarea(id, label, hint, rows) {
    const area = h("textarea", { id, rows, spellcheck: "false", autocomplete: "off",
        autocapitalize: "off", "aria-describedby": `${id}-hint` });
    return { area, field: h("div", { class: "field" }, h("label", { for: id }, label), area,
        h("p", { class: "detail", id: `${id}-hint` }, hint)) };
}

const keys = textarea("vkey", "The log's verifier key", "As you were given it, from somewhere else"
    + " than the files: log.example.com/audit+1234abcd+base64. Its tree head key may follow on a line"
    + " of its own.", 3);
const policy = textarea("policy", "Witness policy (may be empty)", "A c2sp.org/tlog-policy: whose"
    + " cosignatures count, and how many are asked for. Without one, a log that shows different"
    + " histories to different people goes unnoticed.", 4);

document.getElementById("verifier").append(
    h("section", { "aria-labelledby": "trust" }, h("h2", { id: "trust" }, "What you trust"),
        keys.field, policy.field),
    h("section", { "aria-labelledby": "evidence" }, h("h2", { id: "evidence" }, "What you check"),
        dropZone({ pin: () => pinLog(keys.area.value, parsePolicy(policy.area.value)) })));
