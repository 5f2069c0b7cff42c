// SPDX-License-Identifier: Apache-2.0
// JSON by the rules of spec/record.md: what has more than one meaning is refused, with the byte
// offset and nothing of the content. Objects become Maps, so that no name is special.

import { utf8, utf8Text } from "./bytes.js";
import { Unverifiable } from "./verdict.js";

export const MAX_DEPTH = 32;
export const MAX_MEMBERS = 1000;

/** Input without a single canonical meaning. */
export class JSONRefused extends Unverifiable {
    constructor(code, offset) {
        super(`JSON is refused: ${code} at byte ${offset}`);
        this.code = code;
        this.offset = offset;
    }
}

const ESCAPED = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const SPACE = /[ \t\n\r]*/y;
const WORD = /true|false|null/y;
const NUMBER = /[-+.0-9eE]+/y;
const PLAIN = /[^"\\\u0000-\u001f]+/y;
const CODE_UNIT = /\\u([0-9A-Fa-f]{4})/y;
const NONCHARACTER = new RegExp(`[\\ufdd0-\\ufdef${Array.from({ length: 17 }, (_, plane) => (
    `\\u{${(plane * 0x10000 + 0xfffe).toString(16)}}\\u{${(plane * 0x10000 + 0xffff).toString(16)}}`
)).join("")}]`, "u");

class StrictParser {
    constructor(bytes, maxMembers) {
        this.text = utf8Text(bytes);
        this.at = 0;
        this.members = 0;
        this.maxMembers = maxMembers;
        if (this.text === null) throw new JSONRefused("invalid UTF-8", 0);
    }

    refuse(code, place = this.at) {
        throw new JSONRefused(code, utf8(this.text.slice(0, place)).length);
    }

    document() {
        this.space();
        if (this.text[this.at] !== "{") this.refuse("not an object");
        const value = this.value(1);
        this.space();
        if (this.at !== this.text.length) this.refuse("bytes after the object");
        return value;
    }

    /** What a sticky pattern finds here, which is then taken; null if it does not fit. */
    match(pattern) {
        pattern.lastIndex = this.at;
        const found = pattern.exec(this.text);
        if (found) this.at = pattern.lastIndex;
        return found;
    }

    space() {
        this.match(SPACE);
    }

    /** Whether the character comes next, which is then taken. */
    has(character) {
        this.space();
        if (this.text[this.at] !== character) return false;
        this.at += 1;
        return true;
    }

    take(character) {
        if (!this.has(character)) this.refuse("unexpected byte or end");
    }

    value(depth) {
        this.space();
        const first = this.text[this.at];
        if ((first === "{" || first === "[") && depth > MAX_DEPTH) this.refuse("too deep");
        if (first === "{") return this.object(depth);
        if (first === "[") return this.list(depth);
        if (first === '"') return this.string();
        const word = this.match(WORD);
        return word ? { true: true, false: false, null: null }[word[0]] : this.number();
    }

    object(depth) {
        const result = new Map();
        this.take("{");
        if (this.has("}")) return result;
        do {
            this.space();
            const start = this.at;
            const name = this.string();
            if (result.has(name)) this.refuse("duplicate member", start);
            this.members += 1;
            if (this.members > this.maxMembers) this.refuse("too many members", start);
            this.take(":");
            result.set(name, this.value(depth + 1));
        } while (this.has(","));
        this.take("}");
        return result;
    }

    list(depth) {
        const result = [];
        this.take("[");
        if (this.has("]")) return result;
        do {
            result.push(this.value(depth + 1));
        } while (this.has(","));
        this.take("]");
        return result;
    }

    string() {
        if (this.text[this.at] !== '"') this.refuse("unexpected byte or end");
        this.at += 1;
        let value = "";
        for (;;) {
            const start = this.at;
            const next = this.text[start];
            if (next === undefined) this.refuse("unterminated string");
            if (next === '"') {
                this.at += 1;
                return value;
            }
            if (next < " ") this.refuse("raw control character");
            const part = next === "\\" ? this.escape() : this.match(PLAIN)[0];
            if (NONCHARACTER.test(part)) this.refuse("noncharacter", start);
            value += part;
        }
    }

    escape() {
        const start = this.at;
        const kind = this.text[start + 1];
        if (Object.hasOwn(ESCAPED, kind)) {
            this.at += 2;
            return ESCAPED[kind];
        }
        const unit = this.codeUnit(start);
        if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
        if (unit > 0xdbff || this.text[this.at] !== "\\") this.refuse("lone surrogate", start);
        const low = this.codeUnit(start);
        if (low < 0xdc00 || low > 0xdfff) this.refuse("lone surrogate", start);
        return String.fromCharCode(unit, low);
    }

    codeUnit(start) {
        const found = this.match(CODE_UNIT);
        return found ? parseInt(found[1], 16) : this.refuse("bad escape", start);
    }

    number() {
        const start = this.at;
        const text = this.match(NUMBER)?.[0] ?? "";
        const match = /^-?(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE][+-]?[0-9]+)?$/.exec(text);
        if (!match) this.refuse("unexpected byte or end", start);
        const digits = (match[1] + (match[2] ?? "")).replace(/^0+/, "").replace(/0+$/, "");
        if (digits.length > 17) this.refuse("more than 17 significant digits", start);
        if (digits === "") return 0;
        const value = Number(text);
        const magnitude = Math.abs(value);
        // A text just above the limit may still round down to it.
        if (magnitude > Number.MAX_SAFE_INTEGER
            || (magnitude === Number.MAX_SAFE_INTEGER && digits !== String(magnitude))) {
            this.refuse("number too large", start);
        }
        if (magnitude === 0) this.refuse("number rounds to zero", start);
        return value;
    }
}

/** The object in some bytes, and how many members it has with all that is in it. */
export function parseCounted(bytes, maxMembers = MAX_MEMBERS) {
    const parser = new StrictParser(bytes, maxMembers);
    return { value: parser.document(), members: parser.members };
}

/** The object in some bytes. */
export function parseStrict(bytes, maxMembers = MAX_MEMBERS) {
    return parseCounted(bytes, maxMembers).value;
}

const SHORT = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r",
    "\t": "\\t" };

export function stringText(value) {
    const escaped = value.replace(/["\\\u0000-\u001f]/g, (unit) => SHORT[unit]
        ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
    return `"${escaped}"`;
}

/** The RFC 8785 text of a parsed value. Scripts compare strings by UTF-16 code units, as it asks. */
export function canonical(value) {
    if (value instanceof Map) {
        const names = [...value.keys()].sort((a, b) => (a < b ? -1 : 1));
        return `{${names.map((n) => `${stringText(n)}:${canonical(value.get(n))}`).join(",")}}`;
    }
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    return typeof value === "string" ? stringText(value) : String(value);
}

/** The object of a text that must be canonical as it stands; null if it is not. */
export function parseCanonical(text) {
    const counted = parseCounted(utf8(text));
    return canonical(counted.value) === text ? counted : null;
}
