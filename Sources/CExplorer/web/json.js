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

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const ESCAPED = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const WORDS = [["true", true], ["false", false], ["null", null]];

class StrictParser {
    constructor(bytes, maxMembers) {
        this.bytes = bytes;
        this.at = 0;
        this.members = 0;
        this.maxMembers = maxMembers;
    }

    refuse(code, offset = this.at) {
        throw new JSONRefused(code, offset);
    }

    document() {
        if (utf8Text(this.bytes) === null) this.refuse("invalid UTF-8", 0);
        this.space();
        if (this.bytes[this.at] !== OPEN_OBJECT) this.refuse("not an object");
        const value = this.value(1);
        this.space();
        if (this.at !== this.bytes.length) this.refuse("bytes after the object");
        return value;
    }

    space() {
        while ([0x20, 0x09, 0x0a, 0x0d].includes(this.bytes[this.at])) this.at += 1;
    }

    take(byte) {
        this.space();
        if (this.bytes[this.at] !== byte) this.refuse("unexpected byte or end");
        this.at += 1;
    }

    /** Whether the byte comes next, which is then taken. */
    has(byte) {
        this.space();
        if (this.bytes[this.at] !== byte) return false;
        this.at += 1;
        return true;
    }

    /** The text between two places; empty if these are not between characters. */
    ascii(start, end) {
        return utf8Text(this.bytes.subarray(start, end)) ?? "";
    }

    value(depth) {
        this.space();
        const first = this.bytes[this.at];
        if ((first === OPEN_OBJECT || first === OPEN_LIST) && depth > MAX_DEPTH) {
            this.refuse("too deep");
        }
        if (first === OPEN_OBJECT) return this.object(depth);
        if (first === OPEN_LIST) return this.list(depth);
        if (first === QUOTE) return this.string();
        for (const [word, value] of WORDS) {
            if (this.ascii(this.at, this.at + word.length) === word) {
                this.at += word.length;
                return value;
            }
        }
        return this.number();
    }

    object(depth) {
        const result = new Map();
        this.take(OPEN_OBJECT);
        if (this.has(CLOSE_OBJECT)) return result;
        do {
            this.space();
            const start = this.at;
            const name = this.string();
            if (result.has(name)) this.refuse("duplicate member", start);
            this.members += 1;
            if (this.members > this.maxMembers) this.refuse("too many members", start);
            this.take(COLON);
            result.set(name, this.value(depth + 1));
        } while (this.has(COMMA));
        this.take(CLOSE_OBJECT);
        return result;
    }

    list(depth) {
        const result = [];
        this.take(OPEN_LIST);
        if (this.has(CLOSE_LIST)) return result;
        do {
            result.push(this.value(depth + 1));
        } while (this.has(COMMA));
        this.take(CLOSE_LIST);
        return result;
    }

    string() {
        if (this.bytes[this.at] !== QUOTE) this.refuse("unexpected byte or end");
        this.at += 1;
        const parts = [];
        for (;;) {
            const start = this.at;
            const byte = this.bytes[start];
            if (byte === undefined) this.refuse("unterminated string");
            if (byte === QUOTE) {
                this.at += 1;
                return parts.join("");
            }
            if (byte < 0x20) this.refuse("raw control character");
            const part = byte === BACKSLASH ? this.escape() : this.run();
            parts.push(part);
            for (const scalar of part) {
                const code = scalar.codePointAt(0);
                if ((code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe) {
                    this.refuse("noncharacter", start);
                }
            }
        }
    }

    /** Characters up to the next one that ends the string, escapes, or is refused. */
    run() {
        const start = this.at;
        while (this.bytes[this.at] >= 0x20 && this.bytes[this.at] !== QUOTE
            && this.bytes[this.at] !== BACKSLASH) this.at += 1;
        return utf8Text(this.bytes.subarray(start, this.at));
    }

    escape() {
        const start = this.at;
        const kind = this.ascii(start + 1, start + 2);
        if (Object.hasOwn(ESCAPED, kind)) {
            this.at += 2;
            return ESCAPED[kind];
        }
        const unit = this.codeUnit(start);
        if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
        if (unit > 0xdbff || this.bytes[this.at] !== BACKSLASH) this.refuse("lone surrogate", start);
        const low = this.codeUnit(start);
        if (low < 0xdc00 || low > 0xdfff) this.refuse("lone surrogate", start);
        return String.fromCharCode(unit, low);
    }

    codeUnit(start) {
        const text = this.ascii(this.at, this.at + 6);
        if (!/^\\u[0-9A-Fa-f]{4}$/.test(text)) this.refuse("bad escape", start);
        this.at += 6;
        return parseInt(text.slice(2), 16);
    }

    number() {
        const start = this.at;
        let end = start;
        while (end < this.bytes.length && /[-+.0-9eE]/.test(String.fromCharCode(this.bytes[end]))) {
            end += 1;
        }
        const text = this.ascii(start, end);
        const match = /^-?(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE][+-]?[0-9]+)?$/.exec(text);
        if (!match) this.refuse("unexpected byte or end");
        this.at = end;
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
