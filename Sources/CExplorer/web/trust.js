// SPDX-License-Identifier: Apache-2.0
// What this browser remembers of a log: the key that it goes by, and the newest head that it proved.
// A log that changes either is found out at the next visit.

import { BASE } from "./source.js";

const NAME = `evident.trust.v1 ${BASE.pathname}`;

export class Trust {
    constructor() {
        this.memory = null;
        this.isKept = true;
    }

    /** `{vkey, spki, policy, isGiven, sinceMS, head}`; null before the first visit. */
    load() {
        if (this.memory) return this.memory;
        try {
            this.memory = JSON.parse(localStorage.getItem(NAME));
        } catch {
            this.isKept = false;
        }
        return this.memory;
    }

    save(changes) {
        this.memory = { ...this.load(), ...changes };
        try {
            localStorage.setItem(NAME, JSON.stringify(this.memory));
        } catch {
            this.isKept = false;
        }
        return this.memory;
    }

    /** Goes by what the log says of itself, as nothing else is known. */
    seeFirst({ vkey, spki }) {
        return this.save({ vkey, spki, policy: "", isGiven: false, sinceMS: Date.now(), head: null });
    }

    /** Goes by a key that somebody gave the reader. Heads that another key vouched for are no more. */
    pin({ vkey, spki, policy }) {
        const isSame = this.load()?.vkey === vkey;
        return this.save({ vkey, spki, policy, isGiven: true,
            sinceMS: Date.now(), head: isSame ? this.load().head : null });
    }
}

/** The token that a reader pasted: in memory, and in this tab's storage if asked for. */
export const token = {
    value: "",
    load() {
        try {
            this.value = sessionStorage.getItem("evident.token") ?? this.value;
        } catch {
            // Without storage it is in memory alone.
        }
        return this.value;
    },
    set(value, isKept) {
        this.value = value;
        try {
            if (isKept && value) sessionStorage.setItem("evident.token", value);
            else sessionStorage.removeItem("evident.token");
        } catch {
            // The same.
        }
    },
};
