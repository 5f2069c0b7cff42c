// SPDX-License-Identifier: Apache-2.0
// Server-sent events over fetch, which unlike EventSource can send a token.

const MAX_EVENT = 4 * 1024 * 1024;

/** Gathers lines into events `{id, event, data}`. */
export class EventParser {
    constructor() {
        this.rest = "";
        this.id = "";
        this.reset();
    }

    reset() {
        this.event = "";
        this.data = [];
    }

    /** The events that a piece of text completes. */
    take(text) {
        this.rest += text;
        if (this.rest.length > MAX_EVENT) throw new Error("an event is too long");
        const lines = this.rest.split("\n");
        this.rest = lines.pop();
        const events = [];
        for (const line of lines) {
            if (line !== "") {
                this.field(line);
                continue;
            }
            if (this.data.length > 0) {
                events.push({ id: this.id, event: this.event, data: this.data.join("\n") });
            }
            this.reset();
        }
        return events;
    }

    field(line) {
        const at = line.indexOf(":");
        if (at === 0) return;
        const [name, value] = at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
        if (name === "data") this.data.push(value);
        if (name === "event") this.event = value;
        if (name === "id") this.id = value;
    }
}

/** Hands over each event of a response until it ends; returns the last id. */
export async function readEvents(response, parser, take) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        parser.take(value).forEach(take);
    }
}
