// SPDX-License-Identifier: Apache-2.0
// The two ways in which evidence can fail, and the trail that a verification leaves.

/** Something contradicts what the log signed: it was altered, or the log is forked. */
export class Tampered extends Error {}

/** Nothing is proven either way: a key, a signature or a part is missing or of another form. */
export class Unverifiable extends Error {}

export const VERIFIED = "verified";
export const TAMPERED = "tampered";
export const UNVERIFIABLE = "cannot be verified";

/** What a single step comes to: all of them together make a file verified. */
export const HOLDS = "holds";

/** The word for what an error says. Any other error is a defect of this page, and proves nothing. */
export function verdictOf(error) {
    return error instanceof Tampered ? TAMPERED : UNVERIFIABLE;
}

/** The exit status that `evident verify` has for a word. */
export function statusOf(verdict) {
    return { [VERIFIED]: 0, [TAMPERED]: 1 }[verdict] ?? 2;
}

/**
 * The steps of one verification, in order. Those after the one that failed are never reached, and
 * say so.
 */
export class Trail {
    /** `titles` maps the name of each step to what it shows. */
    constructor(titles) {
        this.steps = Object.entries(titles).map(([name, title]) => (
            { name, title, state: "not reached", detail: "", hash: null }));
    }

    /** Does the work of a step; `show(detail, hash)` says what came out of it. */
    async run(name, work) {
        const step = this.steps.find((one) => one.name === name);
        try {
            const result = await work((detail, hash = null) => {
                step.detail = detail;
                step.hash = hash;
            });
            step.state = HOLDS;
            return result;
        } catch (error) {
            step.state = verdictOf(error);
            step.detail = error.message;
            throw error;
        }
    }

    /** Leaves a step out, and says why. */
    skip(name, detail) {
        const step = this.steps.find((one) => one.name === name);
        step.state = "not asked for";
        step.detail = detail;
    }
}
